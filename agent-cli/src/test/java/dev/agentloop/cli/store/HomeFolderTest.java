package dev.agentloop.cli.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.cli.terminal.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where conversations are kept if nobody says it, and where they are not. */
class HomeFolderTest extends AgentTest {

    @Test
    void home_isTheVariable_thenTheSystems() {
        Path other = folder.resolve("other");
        assertThat(HomeFolder.of(Map.of("HOME", folder.toString()), other.toString()))
                .isEqualTo(folder.resolve(".agentloop"));
        assertThat(HomeFolder.of(Map.of(), other.toString())).isEqualTo(other.resolve(".agentloop"));
        for (String none : List.of("", "here", "./here", "~")) {
            assertThat(HomeFolder.of(Map.of("HOME", none), other.toString())).isEqualTo(other.resolve(".agentloop"));
        }
        assertThat(HomeFolder.of(Map.of("HOME", other.toString(), "XDG_STATE_HOME", folder.toString()), "?"))
                .isEqualTo(folder.resolve("agentloop"));
    }

    @Test
    void noHome_isSaid_andNoFolderOfThatNameIsMade() {
        assertThatThrownBy(() -> HomeFolder.of(Map.of(), "?"))
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "this user has no home to keep conversations in (HOME is not set): set HOME, or name a place"
                                + " with --store");
        assertThatThrownBy(() -> HomeFolder.of(Map.of("HOME", "here"), null))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("HOME is here, which is no absolute path");
    }

    @Test
    void variable_isHeededByCommands() {
        assertThat(look(Map.of("HOME", folder.toString()), ExitCode.USAGE, List.of("log", "last")))
                .contains("there is no conversation in "
                        + folder.resolve(".agentloop").resolve("conversations"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need rights there")
    void storeInTheWorkspace_isRefused(List<String> command) throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), workspace);
        Path here = Path.of("").toAbsolutePath();
        for (Path store : List.of(
                workspace,
                workspace.resolve("a/b"),
                link,
                link.resolve("c"),
                workspace.resolve("../workspace"),
                workspace.resolve("../link/./d/../e"),
                here.relativize(workspace.toRealPath()).resolve("f"))) {
            assertRefused(command, workspace, store.toString());
            assertRefused(command, link, store.toString());
        }
        assertThat(workspace).isEmptyDirectory();
    }

    /** What looks like an address is a folder's name, below where this was started. */
    @ParameterizedTest
    @MethodSource("commands")
    void storeThatIsNamedByAnAddress_isAFolderLikeAnyOther(List<String> command) {
        Path here = Path.of("").toAbsolutePath();
        for (String store : List.of("file:conversations", "file:///" + folder, "./file:x", "conversations", ".")) {
            assertRefused(command, here, store);
        }
        assertThat(here.resolve("file:")).doesNotExist();
        assertThat(here.resolve("conversations")).doesNotExist();
    }

    static Stream<List<String>> commands() {
        return Stream.of(
                List.of("exec", "x"),
                List.of("exec", "--json", "x"),
                List.of("exec", "--resume", "last"),
                List.of("chat"),
                List.of("approve", "last"),
                List.of("deny", "last"));
    }

    private void assertRefused(List<String> command, Path there, String store) {
        List<String> words = new ArrayList<>(command);
        words.addAll(1, List.of("--cd", there.toString(), "--store", store));
        assertThat(look(Map.of("HOME", folder.toString()), ExitCode.USAGE, words))
                .as("%s", words)
                .contains("--store: ", " lies in the folder to work in, " + there, "Name a place outside");
    }

    /** A home where nothing can be written, also not by root. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void homeThatCannotBeWritten_isSaid() {
        String home = "/proc/none";
        assertThat(look(
                        Map.of("HOME", home, "OPENAI_BASE_URL", "http://127.0.0.1:9"),
                        ExitCode.FAILED,
                        List.of("exec", "--cd", workspace.toString(), "x")))
                .contains("agent: ", home + "/.agentloop/conversations");
        assertThat(workspace).isEmptyDirectory();
    }
}
