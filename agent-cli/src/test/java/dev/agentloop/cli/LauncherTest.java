package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that starts the agent: its builds, and its archives of loaded classes. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
class LauncherTest {
    private static final Path ROOT = Launcher.ROOT;

    @TempDir
    Path folder;

    private Path build;

    private record Ended(int exitCode, String out, String err) {}

    @BeforeEach
    void prepareBuild() throws IOException {
        build = Launcher.build(folder);
    }

    private Ended launch(String path, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(ROOT.resolve("agent").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("AGENTLOOP_BUILD", build.toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PATH", path);
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        Path out = Files.createTempFile(folder, "out", ".txt");
        Path err = Files.createTempFile(folder, "err", ".txt");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private List<Path> archives() throws IOException {
        try (Stream<Path> files = Files.list(build.resolve("1"))) {
            return files.filter(file -> file.toString().endsWith(".jsa")).toList();
        }
    }

    @Test
    void firstStart_makesTheArchiveThatLaterOnesUse() throws IOException, InterruptedException {
        Ended first = launch(System.getenv("PATH"), "help");
        assertThat(first.err()).isEqualTo("agent: preparing a fast start ...\n");
        assertThat(first.exitCode()).isZero();
        assertThat(archives())
                .singleElement()
                .satisfies(archive -> assertThat(archive).isNotEmptyFile());

        Ended second = launch(System.getenv("PATH"), "exec");
        assertThat(second.err()).contains("exec needs a prompt", ROOT.resolve("agent") + " help says more");
        assertThat(second.exitCode()).isEqualTo(2);
        assertThat(second.out()).isEmpty();
    }

    @Test
    void changedSource_asksForABuild() throws IOException, InterruptedException {
        Files.setLastModifiedTime(build.resolve("1/started"), FileTime.from(Instant.EPOCH));
        Ended ended = launch(toolsWithoutMaven(), "help");
        assertThat(ended.err())
                .isEqualTo("agent: Maven is needed to build the agent: install version 3.8.6 or later\n");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(build.resolve("lock")).doesNotExist();
    }

    private String toolsWithoutMaven() throws IOException {
        Path tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : List.of("sh", "find", "head", "mkdir", "rm", "cat", "sleep", "date")) {
            for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
                Path program = Path.of(directory, tool);
                if (Files.isExecutable(program) && Files.notExists(tools.resolve(tool))) {
                    Files.createSymbolicLink(tools.resolve(tool), program);
                }
            }
        }
        return tools.toString();
    }
}
