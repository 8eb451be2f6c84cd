package dev.agentloop.testkit.internal.lint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaHomesTest {
    @Test
    void jdksOfTheEnvironment_areFoundIfTheyCanRunTheCode(@TempDir Path folder) throws Exception {
        Path next = FakeJdk.in(folder.resolve("next"), 99);
        Path old = FakeJdk.in(folder.resolve("old"), 8);
        Map<String, String> environment = Map.of(
                "JAVA_HOME", System.getProperty("java.home"),
                "JAVA_HOME_99_X64", next.toString(),
                "JDK8_HOME", old.toString(),
                "JAVA_HOME_OF_NOBODY", folder.toString(),
                "OTHER", next.toString());

        assertThat(JavaHomes.other(JavaHomesTest.class, List.of(), environment)).containsExactly(next);
        assertThat(JavaHomes.other(JavaHomesTest.class, List.of(old), environment))
                .as("a given one is run whatever its age")
                .containsExactlyInAnyOrder(next, old);
    }
}
