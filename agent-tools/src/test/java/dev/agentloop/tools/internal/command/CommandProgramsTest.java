package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.Tool.Access;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.ShellTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a name on the path stands for decides, not the name. */
@EnabledOnOs(OS.LINUX)
class CommandProgramsTest {
    private static final String CANARY = "only-to-be-found-outside";
    private static final String SYSTEM = "/usr/bin:/bin";

    @TempDir
    private Path base;

    private Path workspace;
    private Path programs;

    @BeforeEach
    void fill() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws/clean/deep"))
                .getParent()
                .getParent();
        programs = Files.createDirectories(base.resolve("programs"));
        Path secret = Files.writeString(base.resolve("secret.txt"), CANARY + "\n");
        Files.createDirectories(workspace.resolve("leaky"));
        Files.writeString(workspace.resolve("clean/a.txt"), "a\n");
        Files.createSymbolicLink(workspace.resolve("clean/deep/b.txt"), Path.of("../a.txt"));
        Files.createSymbolicLink(workspace.resolve("clean/round"), Path.of("deep/.."));
        Files.createSymbolicLink(workspace.resolve("leaky/out.txt"), secret);
        Files.createDirectories(workspace.resolve("far"));
        Files.createSymbolicLink(workspace.resolve("far/leaky"), Path.of("../leaky"));
    }

    @Test
    void access_ofBusyBoxWalking_isWhatTheLinksBelowAllow() throws Exception {
        links("busybox", List.of("/usr/bin/busybox", "/bin/busybox"));
        String path = programs + ":" + SYSTEM;

        assertThat(output(path, "grep -r only .")).contains(CANARY);
        assertThat(access(path, "grep -r only .")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("far", path, "grep -r only .")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("leaky", path, "grep -rn only")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("clean", path, "grep -r only ../leaky")).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(path, "cd leaky && grep -r only .")).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(path, "ls -R")).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(path, "find . -type f")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("clean", path, "grep -r only .")).isEqualTo(Access.READS);
        assertThat(accessIn("clean", path, "ls -R; find . -name b.txt")).isEqualTo(Access.READS);
        assertThat(access(path, "grep a clean/a.txt; ls leaky")).isEqualTo(Access.READS);
    }

    @Test
    void access_ofACopyOfBusyBox_isTheSame() throws Exception {
        Path busybox = first(List.of("/usr/bin/busybox", "/bin/busybox"), "busybox");
        Files.copy(busybox, programs.resolve("grep"));
        assertThat(programs.resolve("grep").toFile().setExecutable(true)).isTrue();

        assertThat(access(programs + ":" + SYSTEM, "grep -r only .")).isEqualTo(Access.UNRESTRICTED);
    }

    @Test
    void access_withTheShellOfBusyBox_trustsNoNameOnThePath() throws Exception {
        Path busybox = first(List.of("/usr/bin/busybox", "/bin/busybox"), "busybox");
        Path shell = Files.createSymbolicLink(programs.resolve("ash"), busybox);
        ShellTools.Builder ash = builder(SYSTEM).shell(shell);

        assertThat(ash.tools().get(0).access(call("grep -r only .", "."))).isEqualTo(Access.UNRESTRICTED);
        assertThat(ash.tools().get(0).access(call("grep -r only .", "clean"))).isEqualTo(Access.READS);
    }

    @Test
    void access_ofCoreutilsInRustWalking_isWhatTheLinksBelowAllow() throws Exception {
        links("coreutils in Rust", List.of("/usr/bin/coreutils", "/usr/lib/cargo/bin/coreutils"));

        assertThat(access(programs + ":" + SYSTEM, "ls -R")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("clean", programs + ":" + SYSTEM, "ls -R")).isEqualTo(Access.READS);
    }

    @Test
    void access_ofAnUnknownProgramWalking_isWhatTheLinksBelowAllow() throws Exception {
        script("rg", "cat out.txt leaky/out.txt");
        script("grep", "# GNU grep");

        assertThat(output(programs + ":" + SYSTEM, "rg x")).contains(CANARY);
        assertThat(access(programs + ":" + SYSTEM, "rg x")).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(programs + ":" + SYSTEM, "grep -r x .")).isEqualTo(Access.UNRESTRICTED);
    }

    @Test
    void access_ofAnUnknownProgramInAVeryLargeTree_isUnrestricted() throws Exception {
        script("grep", "");
        Path large = Files.createDirectories(workspace.resolve("large"));
        for (int i = 0; i < 10_000; i++) {
            Files.createFile(large.resolve("f" + i));
        }

        assertThat(accessIn("large", programs + ":" + SYSTEM, "grep -r x .")).isEqualTo(Access.UNRESTRICTED);
        assertThat(accessIn("clean", programs + ":" + SYSTEM, "grep -r x .")).isEqualTo(Access.READS);
    }

    @Test
    void access_ofTheUsualPrograms_needsNoLookAtTheLinks() throws Exception {
        assumeTrue(
                Files.readString(Path.of("/usr/bin/grep"), StandardCharsets.ISO_8859_1)
                        .contains("GNU grep"),
                "the grep of this system is not GNU's");

        assertThat(output(SYSTEM, "grep -r only .")).doesNotContain(CANARY);
        assertThat(access(SYSTEM, "grep -r only .; find . -type f; ls -R")).isEqualTo(Access.READS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a folder", "a file that is not executable", "a program without its interpreter"})
    void access_whereSomethingElseOfThatNameComesFirst_looksAtWhatTheShellRuns(String kind) throws Exception {
        Path bin = Files.createDirectories(workspace.resolve("bin"));
        Path hijacked = Files.writeString(bin.resolve("cat"), "#!/bin/sh\necho hijacked\n");
        assertThat(hijacked.toFile().setExecutable(true)).isTrue();
        Path first = programs.resolve("cat");
        if (kind.equals("a folder")) {
            Files.createDirectory(first);
        } else {
            Files.writeString(first, "#!/no/such/interpreter\n");
            assertThat(first.toFile().setExecutable(kind.startsWith("a program")))
                    .isTrue();
        }
        String path = programs + ":" + bin + ":" + SYSTEM;
        ShellTools.Builder dash = builder(path).shell(Path.of("/bin/sh"));

        assertThat(new Calls(dash.tools())
                        .call("shell_command", "command", "cat clean/a.txt")
                        .text())
                .contains(Files.isSameFile(Path.of("/bin/sh"), Path.of("/bin/bash")) ? "" : "hijacked");
        assertThat(dash.tools().get(0).access(call("cat clean/a.txt", "."))).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(path, "cat clean/a.txt")).isEqualTo(Access.UNRESTRICTED);
        assertThat(access(path, "head clean/a.txt")).isEqualTo(Access.READS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/usr/bin:", ":/usr/bin", "/usr/bin::/bin", "/usr/bin:.", "/usr/bin:bin"})
    void access_withTheFolderOfTheCommandOnThePath_isUnrestricted(String path) throws Exception {
        assertThat(access(path, "rev clean/a.txt")).isEqualTo(Access.UNRESTRICTED);
    }

    @Test
    void access_withAnEmptyEntryAtTheEndOfThePath_doesNotRunWhatLiesInTheFolder() throws Exception {
        Path rg = Files.writeString(workspace.resolve("rg"), "#!/bin/sh\necho hijacked\n");
        assertThat(rg.toFile().setExecutable(true)).isTrue();

        assertThat(output(programs + ":", "rg x")).contains("hijacked");
        assertThat(access(programs + ":", "rg x")).isEqualTo(Access.UNRESTRICTED);
    }

    /** Links for the walking programs to a file that holds them all, or no test. */
    private void links(String what, List<String> places) throws IOException {
        Path one = first(places, what);
        for (String name : List.of("grep", "ls", "find")) {
            Files.createSymbolicLink(programs.resolve(name), one);
        }
    }

    private static Path first(List<String> places, String what) {
        List<Path> there = places.stream()
                .map(Path::of)
                .filter(Files::isRegularFile)
                .filter(Files::isExecutable)
                .toList();
        assumeTrue(!there.isEmpty(), what + " is not installed: none of " + places + " is a program");
        return there.get(0);
    }

    private void script(String name, String line) throws IOException {
        Path script = Files.writeString(programs.resolve(name), "#!/bin/sh\n" + line + "\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }

    private ShellTools.Builder builder(String path) {
        return ShellTools.builder(workspace).state(base.resolve("state")).setVariable("PATH", path);
    }

    private String output(String path, String command) throws Exception {
        return new Calls(builder(path).tools())
                .call("shell_command", "command", command)
                .text();
    }

    private Access access(String path, String command) {
        return accessIn(".", path, command);
    }

    private Access accessIn(String folder, String path, String command) {
        return builder(path).tools().get(0).access(call(command, folder));
    }

    private static ToolCall call(String command, String folder) {
        return ToolCall.function(
                "call_1", "shell_command", "{\"command\":\"" + command + "\",\"workdir\":\"" + folder + "\"}");
    }
}
