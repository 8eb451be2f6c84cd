package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.tools.internal.shell.ShellProgram;
import dev.agentloop.tools.internal.workspace.Fence;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisabledOnOs(OS.WINDOWS)
class CommandSafetyTest {
    /** The files of the table, one for each kind of trick; a file has a line {@code safe} or {@code unknown} COMMAND. */
    private static final List<String> KINDS = List.of("syntax", "programs", "paths", "options", "moves", "destroying");

    @TempDir
    private Path base;

    private Path workspace;

    @BeforeEach
    void fillWorkspace() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.createDirectories(workspace.resolve("src/deep"));
        Files.createDirectories(workspace.resolve("bin"));
        Files.createDirectories(base.resolve("ws-other"));
        Files.writeString(base.resolve("secret"), "secret\n");
        Files.writeString(workspace.resolve("README.md"), "# Read me\n");
        Files.writeString(workspace.resolve("a b.txt"), "a b\n");
        Files.writeString(workspace.resolve("src/Main.java"), "class Main {}\n");
        Files.createSymbolicLink(workspace.resolve("src-link"), Path.of("src/deep"));
        Files.createSymbolicLink(workspace.resolve("out-link"), Path.of(".."));
        Files.createSymbolicLink(workspace.resolve("src/up-link"), base);
        Files.createSymbolicLink(workspace.resolve("secret-link"), base.resolve("secret"));
        Files.createSymbolicLink(workspace.resolve("proc-link"), Path.of("/proc"));
        Files.createSymbolicLink(workspace.resolve("src/cwd-link"), Path.of("/proc/self/cwd"));
        Files.createSymbolicLink(workspace.resolve("loop-link"), Path.of("loop-link"));
        executable(workspace.resolve("bin/hijacked"), "#!/bin/sh\n");
        // The table is of these programs, whatever this system has; none of its lines is run.
        Files.createDirectory(base.resolve("programs"));
        executable(base.resolve("programs/find"), "\u007FELF GNU findutils");
        executable(base.resolve("programs/grep"), "\u007FELF GNU grep");
        executable(base.resolve("programs/ls"), "\u007FELF GNU coreutils");
        executable(base.resolve("programs/rg"), "\u007FELF ripgrep");
    }

    private static void executable(Path program, String content) throws IOException {
        assertThat(Files.writeString(program, content).toFile().setExecutable(true))
                .isTrue();
    }

    /** In a command {@code ␤} is a line break, {@code ⇥} a tab, {@code @} the folder that holds the workspace. */
    @ParameterizedTest(name = "{0}: {1} {2}")
    @MethodSource("table")
    void isSafe_ofEachLineOfTheTable(String kind, String verdict, String line) {
        String command = line.replace('␤', '\n').replace('⇥', '\t').replace("@", base.toString());

        assertThat(isSafe(command, workspace)).as(kind).isEqualTo(verdict.equals("safe"));
    }

    @Test
    void table_hasHundredsOfCommandsOfBothVerdicts() {
        assertThat(table().map(line -> line.get()[2]).distinct()).hasSizeGreaterThanOrEqualTo(300);
        assertThat(table().map(line -> line.get()[1]).distinct()).containsExactlyInAnyOrder("safe", "unknown");
    }

    private static Stream<Arguments> table() {
        return KINDS.stream()
                .flatMap(kind -> lines(kind).map(line -> {
                    int end = line.indexOf(' ');
                    return Arguments.of(kind, line.substring(0, end), line.substring(end + 1));
                }));
    }

    private static Stream<String> lines(String kind) {
        try (InputStream file = CommandSafetyTest.class.getResourceAsStream("commands/" + kind + ".txt")) {
            return new String(Objects.requireNonNull(file, kind).readAllBytes(), StandardCharsets.UTF_8).lines();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void isSafe_outsideOfTheWorkspace_isNotSafe() {
        assertThat(isSafe("ls", base)).isFalse();
        assertThat(isSafe("pwd", workspace.resolve("not-there"))).isFalse();
    }

    @Test
    void isSafe_inADirectoryReachedByALink_followsTheLink() {
        assertThat(isSafe("cat ../Main.java", workspace.resolve("src-link"))).isTrue();
        assertThat(isSafe("cat README.md", workspace.resolve("out-link"))).isFalse();
    }

    @Test
    void isSafe_withTextThatHasNoBytes_isNotSafe() {
        assertThat(isSafe("cat '\uD800'", workspace)).isFalse();
        assertThat(isSafe("cat 'a\0b'", workspace)).isFalse();
        assertThat(isSafe("cat 'é€😀'", workspace)).isTrue();
    }

    @Test
    void isSafe_ofAProgramInTheWorkspace_isNotSafe() throws IOException {
        Files.move(workspace.resolve("bin/hijacked"), workspace.resolve("bin/ls"));

        assertThat(isSafe("ls", workspace)).isFalse();
        assertThat(isSafe("cat README.md", workspace)).isTrue();
    }

    @Test
    void isSafe_withARelativeFolderInThePath_trustsOnlyBuiltins() {
        CommandSafety safety = new CommandSafety(
                workspace,
                new Fence(List.of())::look,
                ShellProgram.standard().path(),
                Map.of("PATH", ".:/usr/bin:/bin"));

        assertThat(safety.isSafe("ls", workspace)).isFalse();
        assertThat(safety.isSafe("echo x", workspace)).isTrue();
    }

    @Test
    void isSafe_withManyMoves_givesUp() {
        StringBuilder command = new StringBuilder("true");
        for (int i = 0; i < 12; i++) {
            command.append(" || cd d").append(i);
        }
        assertThat(isSafe(command + "; ls", workspace)).isFalse();
    }

    private boolean isSafe(String command, Path directory) {
        String path = workspace.resolve("bin") + ":" + base.resolve("programs") + ":/usr/local/bin:/usr/bin:/bin";
        return new CommandSafety(
                        workspace,
                        new Fence(List.of())::look,
                        ShellProgram.standard().path(),
                        Map.of("PATH", path))
                .isSafe(command, directory);
    }
}
