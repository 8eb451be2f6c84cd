package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {
    @TempDir
    Path temp;

    @Test
    void ofUser_followsThePlatform() {
        String home = temp.toString();

        assertThat(StateFolder.ofUser(Map.of(), "Linux", home)).isEqualTo(temp.resolve(".local/state/agentloop"));
        assertThat(StateFolder.ofUser(Map.of("XDG_STATE_HOME", "/state"), "Linux", home))
                .isEqualTo(Path.of("/state/agentloop"));
        assertThat(StateFolder.ofUser(Map.of("XDG_STATE_HOME", "relative"), "Linux", home))
                .isEqualTo(temp.resolve(".local/state/agentloop"));
        assertThat(StateFolder.ofUser(Map.of(), "Mac OS X", home))
                .isEqualTo(temp.resolve("Library/Application Support/agentloop"));
        assertThat(StateFolder.ofUser(Map.of("LOCALAPPDATA", "/local"), "Windows 11", home))
                .isEqualTo(Path.of("/local/agentloop"));
        assertThat(StateFolder.ofUser(Map.of("HOME", home), "Linux", "/elsewhere"))
                .isEqualTo(temp.resolve(".local/state/agentloop"));
        for (String none : List.of("", "relative")) {
            assertThat(StateFolder.ofUser(Map.of("HOME", none), "Linux", home))
                    .isEqualTo(temp.resolve(".local/state/agentloop"));
        }
        assertThat(StateFolder.ofUser(Map.of(), "Linux", "?").getFileName().toString())
                .startsWith("agentloop-");
        assertThat(StateFolder.ofUser(Map.of("HOME", "/nonexistent"), "Linux", home))
                .hasParentRaw(Path.of(System.getProperty("java.io.tmpdir")));
        assertThat(StateFolder.ofUser(Map.of(), "Linux", "/nonexistent"))
                .hasParentRaw(Path.of(System.getProperty("java.io.tmpdir")));
    }

    @Test
    void user_whomTheSystemDoesNotList_hasANameAllTheSame() throws IOException {
        assertThat(StateFolder.user("ann")).isEqualTo("ann");
        assertThat(StateFolder.user("?")).isEqualTo(Files.getOwner(temp).getName());
    }

    @Test
    void of_newFolder_isPrivateAndNamedAfterTheRoot() throws IOException {
        Path folder = StateFolder.of(temp.resolve("state"), Path.of("/some/root"));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        assertThat(folder.getFileName().toString()).matches("[0-9a-f]{32}");
        assertThat(StateFolder.of(temp.resolve("state"), Path.of("/some/root"))).isEqualTo(folder);
        assertThat(StateFolder.of(temp.resolve("state"), Path.of("/other/root")))
                .isNotEqualTo(folder);
    }

    @Test
    void of_folderOpenToOthers_isRefused() throws IOException {
        Path folder = StateFolder.of(temp.resolve("state"), Path.of("/some/root"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> StateFolder.of(temp.resolve("state"), Path.of("/some/root")))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(folder + ": belongs or is open to another user; remove it or give it mode 700");
    }

    @Test
    void begin_stateThatCannotBeMade_saysWhere() throws IOException {
        Path root = Files.createDirectory(temp.resolve("root"));
        Path file = Files.writeString(temp.resolve("file"), "");
        FileChanges changes =
                new FileChanges(Workspace.of(List.of(root)), new RollbackJournal(file, root), ChangeSet.Probe.NONE);

        assertThatThrownBy(changes::begin)
                .isInstanceOf(Refusal.class)
                .hasMessage("no file was changed, since the journal in " + file + " cannot be opened: exists already");
    }
}
