package dev.agentloop.architecture;

import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void types_standInOrder() {
        Rooms.of("dev.agentloop.architecture").inOrder("").check();
    }

    @Test
    void folderWithoutClasses_saysWhereToRun() {
        assertThatIllegalStateException()
                .isThrownBy(() -> ModuleTypes.in(Path.of("target", "none"), "lib"))
                .withMessageStartingWith("no compiled classes in /")
                .withMessageEndingWith("target/none: compile the module, and run its tests in its own folder");
    }
}
