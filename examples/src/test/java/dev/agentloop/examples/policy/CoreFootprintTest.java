package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a host puts on its class path for agent-core alone. */
class CoreFootprintTest {
    private static final int JARS = 6;
    private static final long BYTES = 3L << 20;

    @Test
    void core_isSmall() throws IOException {
        Path target = Repository.root().resolve("agent-core/target");
        // Written by the build of agent-core: what Maven resolves for its runtime scope.
        String dependencies =
                Repository.read(target.resolve("runtime-class-path.txt")).strip();
        List<Path> jars =
                Stream.of(dependencies.split(File.pathSeparator)).map(Path::of).toList();
        assertThat(jars).as("jars beside agent-core's own").hasSizeLessThanOrEqualTo(JARS - 1);
        long bytes = 0;
        for (Path jar : jars) {
            bytes += Files.size(jar);
        }
        assertThat(bytes + ownSize(target)).as("bytes of all jars: %s", jars).isLessThanOrEqualTo(BYTES);
    }

    /** The jar of the module itself; none where the build stopped before packaging. */
    private static long ownSize(Path target) throws IOException {
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.toString().endsWith(".jar"))
                    .mapToLong(file -> file.toFile().length())
                    .max()
                    .orElse(0);
        }
    }
}
