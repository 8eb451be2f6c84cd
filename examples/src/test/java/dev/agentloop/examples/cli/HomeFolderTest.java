package dev.agentloop.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Where conversations are kept if nobody says it, and where they are not. */
class HomeFolderTest extends AgentTest {

    @Test
    void home_isTheVariable_thenTheSystems() {
        Path other = folder.resolve("other");
        assertThat(HomeFolder.of(Map.of("HOME", folder.toString()), other.toString()))
                .isEqualTo(folder.resolve(".agentloop"));
        assertThat(HomeFolder.of(Map.of(), other.toString())).isEqualTo(other.resolve(".agentloop"));
        assertThat(HomeFolder.of(Map.of("HOME", "here"), other.toString())).isEqualTo(other.resolve(".agentloop"));
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
        assertThat(look(Map.of("HOME", folder.toString()), Main.USAGE, List.of("log", "last")))
                .contains("there is no conversation in "
                        + folder.resolve(".agentloop").resolve("conversations"));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need rights there")
    void storeInTheWorkspace_isRefused() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), workspace);
        for (Path store :
                List.of(workspace, workspace.resolve("a/b"), link.resolve("c"), workspace.resolve("../workspace"))) {
            assertThat(look(
                            Map.of("HOME", folder.toString()),
                            Main.USAGE,
                            List.of("exec", "--cd", workspace.toString(), "--store", store.toString(), "x")))
                    .contains("--store: ", " lies in the folder to work in, " + workspace, "Name a place outside");
        }
        assertThat(workspace).isEmptyDirectory();
    }
}
