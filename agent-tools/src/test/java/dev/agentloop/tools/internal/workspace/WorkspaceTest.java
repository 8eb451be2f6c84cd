package dev.agentloop.tools.internal.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.call.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspaceTest {
    @TempDir
    Path temp;

    private Path root;
    private Path outside;

    @BeforeEach
    void files() throws IOException {
        temp = temp.toRealPath();
        root = Files.createDirectory(temp.resolve("root"));
        outside = Files.createDirectory(temp.resolve("outside"));
        Trees.write(outside.resolve("secret.txt"), "secret");
        Trees.write(root.resolve("a.txt"), "a");
        Trees.write(root.resolve("dir/b.txt"), "b");
    }

    private static String read(Workspace workspace, String path) throws IOException {
        try (ResolvedPath resolved = workspace.resolve(path)) {
            resolved.requireFile();
            return new String(resolved.readAll(1000), StandardCharsets.UTF_8);
        }
    }

    private Workspace workspace(boolean secure) {
        return Workspace.of(List.of(root), secure);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void place_insideTheRoot_isReached(boolean secure) throws IOException {
        Workspace workspace = workspace(secure);
        Files.createSymbolicLink(root.resolve("relative"), Path.of("dir"));
        Files.createSymbolicLink(root.resolve("absolute"), root.resolve("dir"));
        Files.createSymbolicLink(root.resolve("dir/up"), Path.of("../a.txt"));
        Files.createSymbolicLink(root.resolve("around"), Path.of("../root/dir/b.txt"));

        assertThat(read(workspace, "a.txt")).isEqualTo("a");
        assertThat(read(workspace, "./dir/./b.txt")).isEqualTo("b");
        assertThat(read(workspace, "dir/../a.txt")).isEqualTo("a");
        assertThat(read(workspace, root.resolve("a.txt").toString())).isEqualTo("a");
        assertThat(read(workspace, "../root/a.txt")).isEqualTo("a");
        assertThat(read(workspace, "relative/b.txt")).isEqualTo("b");
        assertThat(read(workspace, "absolute/b.txt")).isEqualTo("b");
        assertThat(read(workspace, "relative/up")).isEqualTo("a");
        assertThat(read(workspace, "around")).isEqualTo("b");
        try (ResolvedPath resolved = workspace.resolve("relative/b.txt")) {
            assertThat(resolved.path()).isEqualTo(root.resolve("dir/b.txt"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void place_dotDotAfterLink_isTheParentOfWhereTheLinkLeads(boolean secure) throws IOException {
        Trees.write(root.resolve("dir/deep/c.txt"), "c");
        Files.createSymbolicLink(root.resolve("link"), Path.of("dir/deep"));

        assertThat(read(workspace(secure), "link/../b.txt")).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void place_outsideTheRoot_isRefused(boolean secure) throws IOException {
        Workspace workspace = workspace(secure);
        Files.createSymbolicLink(root.resolve("file-link"), outside.resolve("secret.txt"));
        Files.createSymbolicLink(root.resolve("dir-link"), outside);
        Files.createSymbolicLink(root.resolve("relative-link"), Path.of("../outside"));
        Files.createSymbolicLink(root.resolve("chained"), Path.of("dir-link/secret.txt"));

        for (String path : List.of(
                "../outside/secret.txt",
                outside.resolve("secret.txt").toString(),
                "dir/../../outside/secret.txt",
                "/etc/passwd",
                "..",
                "/",
                root + "-not/a.txt")) {
            assertThatThrownBy(() -> read(workspace, path))
                    .isInstanceOf(Refusal.class)
                    .hasMessage(path + ": leads out of the workspace; the file tools work inside " + root + " only");
        }
        for (String path :
                List.of("file-link", "dir-link/secret.txt", "relative-link/secret.txt", "chained", "dir-link")) {
            assertThatThrownBy(() -> read(workspace, path))
                    .isInstanceOf(Refusal.class)
                    .hasMessageContaining("leads out of the workspace through the symbolic link ")
                    .hasMessageContaining(" -> ");
        }
        assertThatThrownBy(() -> workspace.folder("dir-link")).hasMessageContaining("leads out of the workspace");
        assertThatThrownBy(() -> workspace.real("dir-link")).hasMessageContaining("leads out of the workspace");
    }

    @Test
    void entry_linkToOutside_isTheLinkItself() throws IOException {
        Files.createSymbolicLink(root.resolve("file-link"), outside.resolve("secret.txt"));

        try (ResolvedPath resolved = workspace(true).entry("file-link")) {
            assertThat(resolved.attributes().isSymbolicLink()).isTrue();
            assertThat(resolved.path()).isEqualTo(root.resolve("file-link"));
            assertThatThrownBy(() -> resolved.folder().read(resolved.name())).isInstanceOf(IOException.class);
        }
    }

    @Test
    void place_linkLoop_isRefused() throws IOException {
        Files.createSymbolicLink(root.resolve("x"), Path.of("y"));
        Files.createSymbolicLink(root.resolve("y"), Path.of("x"));

        assertThatThrownBy(() -> read(workspace(true), "x"))
                .hasMessage("x: more than 40 symbolic links, probably a loop");
    }

    @Test
    void place_rootGivenByALink_isReachedByBothNames() throws IOException {
        Path alias = Files.createSymbolicLink(temp.resolve("alias"), root);
        Workspace workspace = Workspace.of(List.of(alias));

        assertThat(workspace.base()).isEqualTo(root);
        assertThat(read(workspace, "a.txt")).isEqualTo("a");
        assertThat(read(workspace, alias.resolve("dir/b.txt").toString())).isEqualTo("b");
        assertThat(read(workspace, root.resolve("dir/b.txt").toString())).isEqualTo("b");
    }

    @Test
    void place_secondRoot_isReachedByAbsolutePathAndFromTheFirst() throws IOException {
        Workspace workspace = Workspace.of(List.of(root, outside));
        Files.createSymbolicLink(root.resolve("over"), outside);

        assertThat(read(workspace, outside.resolve("secret.txt").toString())).isEqualTo("secret");
        assertThat(read(workspace, "../outside/secret.txt")).isEqualTo("secret");
        assertThat(read(workspace, "over/secret.txt")).isEqualTo("secret");
    }

    @Test
    void of_rootInsideAnother_keepsTheOuterOneAndTheBase() throws IOException {
        Path alias = Files.createSymbolicLink(temp.resolve("alias"), root.resolve("dir"));
        Workspace workspace = Workspace.of(List.of(alias, root));

        assertThat(workspace.roots().outermost()).containsExactly(root);
        assertThat(workspace.base()).isEqualTo(root.resolve("dir"));
        assertThat(read(workspace, "b.txt")).isEqualTo("b");
        assertThat(read(workspace, "../a.txt")).isEqualTo("a");
        assertThat(read(workspace, alias.resolve("b.txt").toString())).isEqualTo("b");
    }

    @Test
    void of_noDirectory_throws() {
        assertThatThrownBy(() -> Workspace.of(List.of(root.resolve("a.txt"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workspace root is not a directory: " + root.resolve("a.txt"));
        assertThatThrownBy(() -> Workspace.of(List.of(root.resolve("none"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workspace root cannot be opened: " + root.resolve("none"));
    }

    @Test
    void place_oddNames_areAnsweredClearly() throws IOException {
        Workspace workspace = workspace(true);

        assertThatThrownBy(() -> read(workspace, "a\0b"))
                .hasMessage("a\\u0000b: not a valid path: Nul character not allowed");
        assertThatThrownBy(() -> read(workspace, "")).hasMessage("the path is empty");
        assertThatThrownBy(() -> read(workspace, "x".repeat(300))).hasMessage("x".repeat(300) + ": file name too long");
        assertThatThrownBy(() -> read(workspace, "line\nbreak")).hasMessage("line\\nbreak: no such file");
        assertThatThrownBy(() -> read(workspace, "a.txt/b")).hasMessage("a.txt/b: a.txt is not a directory");
        assertThatThrownBy(() -> read(workspace, "dir")).hasMessageStartingWith("dir: is a directory, not a file");
        assertThatThrownBy(() -> read(workspace, ".")).hasMessageStartingWith(".: is a directory, not a file");
        assertThatThrownBy(() -> read(workspace, "none/../a.txt")).hasMessage("none/../a.txt: no such directory: none");
        Trees.write(root.resolve("-rf"), "dash");
        Trees.write(root.resolve("line\nbreak"), "two");
        assertThat(read(workspace, "-rf")).isEqualTo("dash");
        assertThat(read(workspace, "line\nbreak")).isEqualTo("two");
    }

    @Test
    void place_missing_namesWhatIsNear() throws IOException {
        Trees.write(root.resolve("src/Main.java"), "");
        Workspace workspace = workspace(true);

        assertThatThrownBy(() -> read(workspace, "src/main.java"))
                .hasMessage("src/main.java: no such file; near names: Main.java");
        assertThatThrownBy(() -> read(workspace, "srv/Main.java"))
                .hasMessage("srv/Main.java: no such file (no directory srv); near names: src");
        assertThatThrownBy(() -> workspace.folder("sr")).hasMessage("sr: no such directory; near names: src");
    }

    @Test
    void place_inAnotherUnicodeForm_isTheOneThatIsThere() throws IOException {
        Trees.write(Trees.at(root, "cafe\u0301.txt"), "");
        Workspace workspace = workspace(true);

        assertThat(read(workspace, "caf\u00E9.txt")).isEmpty();
        Trees.write(Trees.at(root, "caf\u00E9.txt"), "composed");
        assertThat(read(workspace, "caf\u00E9.txt")).isEqualTo("composed");
        assertThat(read(workspace, "cafe\u0301.txt")).isEmpty();
    }

    @Test
    void place_inAThirdUnicodeForm_namesThoseThatAreThere() throws IOException {
        Trees.write(Trees.at(root, "e\u0301\u00E9"), "");
        Trees.write(Trees.at(root, "\u00E9e\u0301"), "");

        assertThatThrownBy(() -> read(workspace(true), "\u00E9\u00E9"))
                .hasMessage(
                        "\u00E9\u00E9: no such file; near names: e\u0301\u00E9 (other Unicode form: e\\u0301\\u00E9), "
                                + "\u00E9e\u0301 (other Unicode form: \\u00E9e\\u0301)");
    }

    @ParameterizedTest
    @ValueSource(strings = {".git/config", "dir/.git/hooks/x", ".GIT/config", "to-git/config", ".git", "dir/../.git/x"})
    void requireWritable_insideGit_isRefused(String path) throws IOException {
        Files.createDirectories(root.resolve(".git"));
        Files.createSymbolicLink(root.resolve("to-git"), Path.of(".git"));

        assertThatThrownBy(() -> {
                    try (ResolvedPath resolved = workspace(true).resolve(path)) {
                        resolved.requireWritable();
                    }
                })
                .isInstanceOf(Refusal.class)
                .satisfies(e -> assertThat(e.getMessage()).matches(".*(do not write inside \\.git|is a directory).*"));
    }

    @Test
    void requireWritable_gitDirectoryThatIsALink_isRefused() throws IOException {
        Files.createDirectories(root.resolve("real-git"));
        Files.createSymbolicLink(root.resolve(".git"), Path.of("real-git"));

        try (ResolvedPath resolved = workspace(true).resolve(".git/config")) {
            assertThatThrownBy(resolved::requireWritable).hasMessageContaining("do not write inside .git");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".gitignore", ".github/workflows/x.yml", "git/x"})
    void requireWritable_likeGit_isAllowed(String path) throws IOException {
        try (ResolvedPath resolved = workspace(true).resolve(path)) {
            resolved.requireWritable();
        }
    }
}
