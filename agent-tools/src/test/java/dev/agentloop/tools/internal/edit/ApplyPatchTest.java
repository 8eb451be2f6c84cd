package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApplyPatchTest {
    @TempDir
    Path temp;

    private Path root;
    private Path state;
    private Calls calls;

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectory(temp.toRealPath().resolve("root"));
        state = temp.toRealPath().resolve("state");
        calls = Calls.in(root, state);
    }

    @AfterEach
    void leavesNothingBehind() {
        assertThat(Trees.snapshot(temp).keySet())
                .noneMatch(name -> name.contains(".agentloop-"))
                .noneMatch(name -> name.matches("state/[0-9a-f]{32}/[0-9a-f]{8}.*"));
    }

    private static String patch(String body) {
        return "*** Begin Patch\n" + body + "\n*** End Patch\n";
    }

    private String ok(String body) throws Exception {
        return calls.ok("apply_patch", "input", patch(body));
    }

    private String error(String body) throws Exception {
        Map<String, String> before = Trees.snapshot(root);
        String error = calls.error("apply_patch", "input", patch(body));
        assertThat(Trees.snapshot(root)).isEqualTo(before);
        return error;
    }

    private String read(String path) throws IOException {
        return Files.readString(Trees.at(root, path));
    }

    @Test
    void patch_allKinds_changesTheFiles() throws Exception {
        Trees.write(root.resolve("m.txt"), "a\nb\n");
        Trees.write(root.resolve("d.txt"), "gone\n");
        Trees.write(root.resolve("from.txt"), "x\n");

        assertThat(ok("""
                *** Add File: new/deep/n.txt
                +hello
                *** Update File: m.txt
                @@
                 a
                -b
                +c
                *** Delete File: d.txt
                *** Update File: from.txt
                *** Move to: moved/to.txt
                @@
                -x
                +y"""))
                .isEqualTo(
                        "Success. Updated the following files:\nA new/deep/n.txt\nM m.txt\nM moved/to.txt\nD d.txt\n");

        assertThat(read("new/deep/n.txt")).isEqualTo("hello\n");
        assertThat(read("m.txt")).isEqualTo("a\nc\n");
        assertThat(read("moved/to.txt")).isEqualTo("y\n");
        assertThat(root.resolve("d.txt")).doesNotExist();
        assertThat(root.resolve("from.txt")).doesNotExist();
    }

    @Test
    void patch_asCustomTool_takesTheRawText() throws Exception {
        Tool tool = calls.tool("apply_patch");

        assertThat(tool.specification().grammar()).isEqualTo(new Tool.Grammar("lark", PatchParser.GRAMMAR));
        assertThat(tool.call(
                                ToolCall.custom("c", "apply_patch", patch("*** Add File: a.txt\n+x")),
                                new Calls.Context(Map.of()))
                        .text())
                .isEqualTo("Success. Updated the following files:\nA a.txt\n");
        assertThat(read("a.txt")).isEqualTo("x\n");
    }

    @Test
    void patch_laterPartFails_changesNothing() throws Exception {
        Trees.write(root.resolve("m.txt"), "a\n");

        assertThat(error("*** Add File: n.txt\n+x\n*** Update File: m.txt\n@@\n-zzz\n+y"))
                .isEqualTo("apply_patch verification failed: Failed to find expected lines in m.txt:\nzzz");
        assertThat(error("*** Update File: none.txt\n@@\n-zzz"))
                .isEqualTo("apply_patch verification failed: Failed to read file to update none.txt: no such file");
        assertThat(error("*** Update File: n.txt\n@@\n-zzz"))
                .endsWith("Failed to read file to update n.txt: no such file; near names: m.txt");
        assertThat(error("*** Delete File: none.txt")).endsWith("failed: none.txt: no such file");
        assertThat(error("garbage"))
                .startsWith("apply_patch verification failed: invalid patch: line 2: 'garbage' begins no file");
        assertThat(error("*** Add File: ../out.txt\n+x"))
                .startsWith("apply_patch verification failed: ../out.txt: leads out of the workspace;");
        assertThat(error("*** Add File: .git/hooks/post-commit\n+x"))
                .startsWith(
                        "apply_patch verification failed: .git/hooks/post-commit: the file tools do not write inside .git");
    }

    @Test
    void patch_sameFileTwice_buildsOnItself() throws Exception {
        Trees.write(root.resolve("a.txt"), "1\n");

        ok("""
                *** Update File: a.txt
                @@
                -1
                +2
                *** Update File: ./a.txt
                *** Move to: b.txt
                @@
                -2
                +3
                *** Update File: b.txt
                @@
                -3
                +4
                *** Add File: a.txt
                +again
                *** Add File: gone.txt
                +x
                *** Delete File: gone.txt""");

        assertThat(Trees.snapshot(root))
                .containsOnly(Map.entry("a.txt", "rw-r--r-- again\n"), Map.entry("b.txt", "rw-r--r-- 4\n"));
        assertThat(error("*** Delete File: a.txt\n*** Update File: a.txt\n@@\n-x"))
                .endsWith("Failed to read file to update a.txt: no such file (this patch deletes it before)");
    }

    @Test
    void patch_moveOntoItself_isAnUpdate() throws Exception {
        Trees.write(root.resolve("a.txt"), "1\n");

        ok("*** Update File: a.txt\n*** Move to: a.txt\n@@\n-1\n+2");

        assertThat(read("a.txt")).isEqualTo("2\n");
    }

    @Test
    void patch_moveWithoutChanges_keepsBytesAndMode() throws Exception {
        byte[] bytes = {0, 1, (byte) 0xFF};
        Files.write(root.resolve("run"), bytes);
        Files.setPosixFilePermissions(root.resolve("run"), PosixFilePermissions.fromString("rwxr-x---"));

        ok("*** Update File: run\n*** Move to: bin/run");

        assertThat(root.resolve("bin/run")).hasBinaryContent(bytes);
        assertThat(Trees.snapshot(root)).containsOnlyKeys("bin", "bin/run");
        assertThat(Trees.snapshot(root).get("bin/run")).startsWith("rwxr-x---");
    }

    @Test
    void patch_addOrMoveOntoAnExistingFile_isRefused() throws Exception {
        Trees.write(root.resolve("a.txt"), "precious\n");
        Trees.write(root.resolve("b.txt"), "b\n");
        String refused = "apply_patch verification failed: a.txt: exists already, and no file is replaced as a whole;"
                + " change it with *** Update File, or delete it first in the same patch";

        assertThat(error("*** Add File: a.txt\n+new")).isEqualTo(refused);
        assertThat(error("*** Update File: b.txt\n*** Move to: a.txt")).isEqualTo(refused);
        assertThat(error("*** Update File: b.txt\n*** Move to: a.txt\n@@\n-b\n+c"))
                .isEqualTo(refused);
        assertThat(error("*** Add File: c.txt\n+1\n*** Add File: c.txt\n+2")).contains("c.txt: exists already");
    }

    @Test
    void patch_absolutePathsInsideTheWorkspace_areAccepted() throws Exception {
        Trees.write(root.resolve("a.txt"), "1\n");

        ok("*** Update File: " + root.resolve("a.txt") + "\n*** Move to: " + root.resolve("sub/b.txt")
                + "\n@@\n-1\n+2\n*** Add File: " + root.resolve("c.txt") + "\n+3");

        assertThat(Trees.snapshot(root)).containsOnlyKeys("sub", "sub/b.txt", "c.txt");
        assertThat(error("*** Add File: " + temp.resolve("d.txt") + "\n+x")).contains("leads out of the workspace");
    }

    @Test
    void patch_environmentId_isPassedOver() throws Exception {
        assertThat(ok("*** Environment ID: env-1\n*** Add File: a.txt\n+x")).endsWith("A a.txt\n");
        assertThat(error("*** Environment ID:\n*** Add File: b.txt\n+x"))
                .endsWith("invalid patch: line 2: '*** Environment ID:' without an id");
        assertThat(error("*** Environment ID: a\n*** Environment ID: b\n*** Add File: b.txt\n+x"))
                .contains("line 3: '*** Environment ID: b' begins no file");
    }

    @Test
    void names_inEitherUnicodeForm_meet() throws Exception {
        String composed = "d\u00E9j\u00E0/caf\u00E9.txt";
        String decomposed = Normalizer.normalize(composed, Normalizer.Form.NFD);
        Trees.write(Trees.at(root, decomposed), "caf\u00E9\nb\n");

        assertThat(calls.ok("read_file", "file_path", composed)).isEqualTo("L1: caf\u00E9\nL2: b\n");
        ok("*** Update File: " + composed + "\n@@\n cafe\u0301\n-b\n+c");
        assertThat(read(decomposed)).isEqualTo("caf\u00E9\nc\n");
        assertThat(error("*** Add File: " + composed + "\n+x")).contains("exists already");
        assertThat(calls.ok("write_file", "file_path", composed, "content", "x"))
                .isEqualTo("Replaced " + composed + " (1 bytes)\n");
        ok("*** Delete File: " + composed);
        assertThat(Trees.snapshot(root)).hasSize(1);
    }

    @Test
    void patch_deleteAndAddOfAFile_replacesItAndKeepsItsMode() throws Exception {
        Trees.write(root.resolve("a.sh"), "old");
        Files.setPosixFilePermissions(root.resolve("a.sh"), PosixFilePermissions.fromString("rwxr-xr-x"));

        assertThat(ok("*** Delete File: a.sh\n*** Add File: a.sh\n+new")).endsWith("A a.sh\nD a.sh\n");

        assertThat(Trees.snapshot(root)).containsOnly(Map.entry("a.sh", "rwxr-xr-x new\n"));
    }

    @Test
    void patch_update_keepsModeLineEndsMarkAndEncoding() throws Exception {
        Path file = root.resolve("a.sh");
        Files.writeString(file, "\uFEFFone\r\ntwo");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx--x--x"));
        Files.write(root.resolve("latin"), "caf\u00E9\nb\n".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(root.resolve("wide"), "\uFEFFa\nb\n".getBytes(StandardCharsets.UTF_16LE));

        ok("""
                *** Update File: a.sh
                @@
                -one
                +eins
                *** Update File: latin
                @@
                 caf\u00E9
                -b
                +\u00FC
                *** Update File: wide
                @@
                -b
                +\u20AC""");

        assertThat(Trees.snapshot(root).get("a.sh")).startsWith("rwx--x--x");
        assertThat(file).content(StandardCharsets.UTF_8).isEqualTo("\uFEFFeins\r\ntwo");
        assertThat(root.resolve("latin")).hasBinaryContent("caf\u00E9\n\u00FC\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(root.resolve("wide")).hasBinaryContent("\uFEFFa\n\u20AC\n".getBytes(StandardCharsets.UTF_16LE));
        assertThat(error("*** Update File: latin\n@@\n+\u20AC"))
                .startsWith(
                        "apply_patch verification failed: latin: the text has a character that ISO-8859-1 cannot write");
    }

    @Test
    void patch_links_areFollowedOrDeletedThemselves() throws Exception {
        Trees.write(root.resolve("real.txt"), "1\n");
        Files.createSymbolicLink(root.resolve("link"), Path.of("real.txt"));
        Files.createSymbolicLink(root.resolve("out"), temp.resolve("outside"));

        ok("*** Update File: link\n@@\n-1\n+2");
        assertThat(Trees.snapshot(root))
                .containsEntry("link", "-> real.txt")
                .containsEntry("real.txt", "rw-r--r-- 2\n");
        ok("*** Delete File: out\n*** Delete File: link");
        assertThat(Trees.snapshot(root)).containsOnlyKeys("real.txt");
    }

    @Test
    void patch_whatIsNoTextFile_isRefused() throws Exception {
        Files.createDirectory(root.resolve("dir"));
        Files.write(root.resolve("bin"), new byte[] {0, 1});
        Trees.write(root.resolve("fixed"), "a\n");
        Files.setPosixFilePermissions(root.resolve("fixed"), PosixFilePermissions.fromString("r--r--r--"));

        assertThat(error("*** Delete File: dir")).contains("dir: is a directory, not a file");
        assertThat(error("*** Add File: dir\n+x")).contains("dir: is a directory, not a file");
        assertThat(error("*** Update File: bin\n@@\n+x")).contains("bin: is a binary file; a patch changes text");
        assertThat(error("*** Update File: fixed\n@@\n-a"))
                .contains("fixed: is read-only (mode r--r--r--); change its mode first if it is meant to change");
    }

    @Test
    void apply_withAFolder_startsThere() throws Exception {
        Files.createDirectories(root.resolve("sub/dir"));
        Workspace workspace = Workspace.of(List.of(root));
        ApplyPatch patch = new ApplyPatch(FileChanges.in(workspace, state));

        patch.apply(patch("*** Add File: a.txt\n+x\n*** Add File: ../b.txt\n+y"), "sub/dir");

        assertThat(read("sub/dir/a.txt")).isEqualTo("x\n");
        assertThat(read("sub/b.txt")).isEqualTo("y\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*** Add File: new/a.txt\n+1\n*** Add File: new\n+2",
                "*** Add File: new\n+1\n*** Add File: new/a.txt\n+2",
                "*** Update File: old\n*** Move to: new/a.txt\n*** Add File: new\n+2"
            })
    void patch_aFileThatIsAFolderForAnother_isRefusedBeforeAnythingIsWritten(String body) throws Exception {
        Trees.write(root.resolve("old"), "1\n");

        assertThat(error(body))
                .isEqualTo("apply_patch verification failed: new: would be a file and, for new/a.txt in the same patch,"
                        + " a folder; give one of them another name");
        assertThat(Trees.snapshot(root)).containsOnly(Map.entry("old", "rw-r--r-- 1\n"));
    }

    @Test
    void names_ofFoldersForNewFiles_areRefused() throws Exception {
        assertThat(error("*** Add File: new/\n+x")).contains("new/: ends with a slash, as folders do");
        assertThat(calls.error("write_file", "file_path", "new/", "content", "x"))
                .contains("new/: ends with a slash, as folders do");
        assertThat(Trees.snapshot(root)).isEmpty();
    }

    @Test
    void patch_manyFiles_isRefused() throws Exception {
        StringBuilder body = new StringBuilder("*** Add File: f\n+x");
        for (int i = 0; i < 400; i++) {
            body.append("\n*** Add File: f").append(i).append("\n+x");
        }

        assertThat(error(body.toString())).contains("the patch touches more than 400 files; split it");
    }

    @Test
    void writeFile_createsReplacesAndKeepsTheMode() throws Exception {
        assertThat(calls.ok("write_file", "file_path", "a/b/c.txt", "content", "h\u00E9"))
                .isEqualTo("Created a/b/c.txt (3 bytes)\n");
        Files.setPosixFilePermissions(root.resolve("a/b/c.txt"), PosixFilePermissions.fromString("rwxrwx---"));

        assertThat(calls.ok("write_file", "file_path", "a/b/c.txt", "content", ""))
                .isEqualTo("Replaced a/b/c.txt (0 bytes)\n");
        assertThat(Trees.snapshot(root)).containsEntry("a/b/c.txt", "rwxrwx--- ");
        assertThat(calls.ok("write_file", "file_path", "-rf", "content", "x")).isEqualTo("Created -rf (1 bytes)\n");
    }

    @Test
    void writeFile_oddPlaces_areRefused() throws Exception {
        Files.createDirectory(root.resolve("dir"));

        assertThat(calls.error("write_file", "file_path", "dir", "content", "x"))
                .startsWith("dir: is a directory");
        assertThat(calls.error("write_file", "file_path", "a\nb", "content", "x"))
                .isEqualTo("a\\nb: the file tools create no names with control characters or line breaks");
        assertThat(calls.error("write_file", "file_path", "x".repeat(256), "content", "x"))
                .endsWith("file name too long");
        assertThat(calls.error("write_file", "file_path", "../x", "content", "x"))
                .contains("leads out of the workspace");
        assertThat(calls.error("write_file", "file_path", ".git/config", "content", "x"))
                .contains("inside .git");
        assertThat(calls.raw("write_file", "{\"file_path\":\"a\",\"content\":\"\\ud800\"}")
                        .text())
                .startsWith("a: the text has a character that UTF-8 cannot write");
        assertThat(Trees.snapshot(root)).containsOnlyKeys("dir");
    }

    @Test
    void writeFile_linkInside_writesWhereItLeads() throws Exception {
        Files.createSymbolicLink(root.resolve("link"), Path.of("target.txt"));

        calls.ok("write_file", "file_path", "link", "content", "x");

        assertThat(Trees.snapshot(root))
                .containsOnly(Map.entry("link", "-> target.txt"), Map.entry("target.txt", "rw-r--r-- x"));
    }
}
