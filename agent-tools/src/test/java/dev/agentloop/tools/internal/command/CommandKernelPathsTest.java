package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Tool.Access;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.ShellTools;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths that mean one thing to this JVM, which judges them, and another to the command that uses them. */
@EnabledOnOs(OS.LINUX)
class CommandKernelPathsTest {
    /** The folder of this JVM; where it is in the workspace, {@code /proc/self/cwd} seems to be, too. */
    private static final Path OWN_FOLDER = Path.of("").toAbsolutePath();

    @TempDir
    private Path base;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cat /proc/self/cwd/pom.xml",
                "cat /proc/self/cwd/../pom.xml",
                "cat /proc/self/task/../cwd/pom.xml",
                "cat /proc/thread-self/cwd/pom.xml",
                "cat /proc/PID/cwd/pom.xml",
                "cat /proc/self/root/WORKSPACE/pom.xml",
                "cat /proc/../WORKSPACE/pom.xml",
                "cat /dev/../WORKSPACE/pom.xml",
                "cat //proc/self/cwd/pom.xml",
                "cat BASE/to-cwd/pom.xml",
                "cat BASE/to-proc/self/cwd/pom.xml",
                "cat BASE/to-fd/../cwd/pom.xml",
                "head -n 5 /proc/self/cwd/pom.xml",
                "grep -f /proc/self/cwd/pom.xml pom.xml",
                "grep -r x /proc/self/cwd",
                "ls /proc/self/cwd",
                "ls -R /proc/self/cwd",
                "find /proc/self/cwd",
                "find . -newer /proc/self/cwd/pom.xml",
                "rg x /proc/self/cwd",
                "sed -n 5p /proc/self/cwd/pom.xml",
                "ls; cat /proc/self/cwd/pom.xml",
                "cat /dev/stdin",
                "cat /dev/fd/0",
                "cat /dev/tty",
                "cat BASE/to-stdin"
            })
    void access_throughAFolderOfTheKernels_isUnrestricted(String command) throws Exception {
        Files.createSymbolicLink(base.resolve("to-cwd"), Path.of("/proc/self/cwd"));
        Files.createSymbolicLink(base.resolve("to-proc"), Path.of("/proc"));
        Files.createSymbolicLink(base.resolve("to-fd"), Path.of("/dev/fd"));
        Files.createSymbolicLink(base.resolve("to-stdin"), Path.of("/dev/stdin"));
        String line = command.replace("BASE", base.toString())
                .replace("PID", Long.toString(ProcessHandle.current().pid()))
                .replace("WORKSPACE", OWN_FOLDER.toString().substring(1));

        assertThat(access(OWN_FOLDER, line)).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(OWN_FOLDER, "cat pom.xml")).isEqualTo(Access.READS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cat /proc/self/cwd/../out/secret.txt",
                "cat /proc/thread-self/cwd/../out/secret.txt",
                "cat link/../out/secret.txt",
                "grep -r only /proc/self/cwd/../out",
                "find /proc/self/cwd/../out -name secret.txt -printf only-to-be-found-outside"
            })
    void access_ofAHostThatRunsBelowTheWorkspace_isUnrestrictedForWhatReadsOutside(String command) throws Exception {
        Path workspace = Files.createDirectories(base.resolve("ws"));
        Path folder = Files.createDirectories(workspace.resolve("sub/deep"));
        Files.createDirectories(base.resolve("out"));
        Files.writeString(base.resolve("out/secret.txt"), "only-to-be-found-outside\n");
        Files.createSymbolicLink(workspace.resolve("link"), Path.of("/proc/self/cwd"));

        String output = CommandChild.run(folder, Map.of(), List.of(workspace.toString(), command));

        assertThat(output).contains("only-to-be-found-outside").startsWith("Access: UNRESTRICTED\n");
    }

    @Test
    void access_ofAFileThatThisProcessHasOpen_isUnrestricted() throws Exception {
        Path file = Files.writeString(base.toRealPath().resolve("open.txt"), "x");
        try (FileChannel open = FileChannel.open(file)) {
            assertThat(open.isOpen()).isTrue();
            String number = descriptor(file);

            assertThat(access(base, "cat /dev/fd/" + number)).isEqualTo(Access.UNRESTRICTED);
            assertThat(access(base, "cat /proc/self/fd/" + number)).isEqualTo(Access.UNRESTRICTED);
        }
    }

    private Access access(Path workspace, String command) {
        return ShellTools.builder(workspace)
                .state(base.resolve("state"))
                .tools()
                .get(0)
                .access(ToolCall.function("call_1", "shell_command", "{\"command\":\"" + command + "\"}"));
    }

    private static String descriptor(Path file) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(link -> leadsTo(link, file))
                    .findFirst()
                    .orElseThrow()
                    .getFileName()
                    .toString();
        }
    }

    private static boolean leadsTo(Path link, Path file) {
        try {
            return Files.readSymbolicLink(link).equals(file);
        } catch (IOException e) {
            return false;
        }
    }
}
