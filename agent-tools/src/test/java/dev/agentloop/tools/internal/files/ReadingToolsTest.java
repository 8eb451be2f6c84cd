package dev.agentloop.tools.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.FileTools;
import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadingToolsTest {
    @TempDir
    Path temp;

    private Path root;
    private Calls calls;

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectory(temp.toRealPath().resolve("root"));
        calls = Calls.in(root, temp.resolve("state"));
    }

    @Test
    void in_hasTheToolsWithTheirPolicies() {
        List<Tool> tools = FileTools.in(root);

        assertThat(tools.stream().map(tool -> tool.specification().name()))
                .containsExactly("read_file", "list_dir", "grep_files", "write_file", "apply_patch", "view_image");
        for (Tool tool : tools) {
            String name = tool.specification().name();
            ToolCall call = ToolCall.function("c", name, "{}");
            boolean writes = name.equals("write_file") || name.equals("apply_patch");
            assertThat(tool.access(call)).as(name).isEqualTo(writes ? Tool.Access.WRITES : Tool.Access.READS);
            assertThat(tool.afterCrash(call))
                    .as(name)
                    .isEqualTo(name.equals("apply_patch") ? Tool.AfterCrash.REPORT : Tool.AfterCrash.RUN_AGAIN);
            assertThat(tool.specification().parameters())
                    .contains("\"additionalProperties\":false")
                    .doesNotContain("\n");
            assertThat(tool.specification().strict()).isFalse();
        }
    }

    @Nested
    class Arguments {
        @Test
        void call_wrongArguments_saysHowToRepairThem() throws Exception {
            assertThat(calls.raw("read_file", "{\"file_path\":\"a").text())
                    .startsWith("failed to parse function arguments: Unexpected end-of-input")
                    .endsWith(" at line 1 column 16");
            assertThat(calls.raw("read_file", "[1]").text())
                    .isEqualTo("failed to parse function arguments: expected a JSON object with `file_path`, `offset`, "
                            + "`limit`, got array [1]");
            assertThat(calls.raw("read_file", "{} {}").error()).isTrue();
            assertThat(calls.error("read_file"))
                    .isEqualTo("failed to parse function arguments: missing field `file_path` (string)");
            assertThat(calls.error("read_file", "file_path", 3))
                    .isEqualTo("failed to parse function arguments: `file_path` must be a string, got number 3");
            assertThat(calls.error("read_file", "file_path", "a", "mode", "slice"))
                    .isEqualTo(
                            "failed to parse function arguments: unknown field `mode`, there is `file_path`, `offset`, "
                                    + "`limit`");
            assertThat(calls.error("read_file", "file_path", "a", "offset", 0))
                    .isEqualTo("failed to parse function arguments: `offset` must be at least 1, got 0");
            assertThat(calls.error("read_file", "file_path", "a", "offset", "1"))
                    .isEqualTo("failed to parse function arguments: `offset` must be an integer, got string \"1\"");
            assertThat(calls.error("grep_files", "pattern", "a", "output", "json"))
                    .isEqualTo(
                            "failed to parse function arguments: `output` must be one of `files`, `lines`, got `json`");
        }

        @Test
        void call_nullAndWholeDecimals_areTaken() throws Exception {
            Files.writeString(root.resolve("a"), "1\n2\n3\n");

            assertThat(calls.raw("read_file", "{\"file_path\":\"a\",\"offset\":2.0,\"limit\":null}")
                            .text())
                    .isEqualTo("L2: 2\nL3: 3\n");
        }
    }

    @Nested
    class Reading {
        @Test
        void read_lines_areNumbered() throws Exception {
            Files.writeString(root.resolve("a.txt"), "one\ntwo\r\n\nfour");

            assertThat(calls.ok("read_file", "file_path", "a.txt")).isEqualTo("L1: one\nL2: two\nL3: \nL4: four\n");
            assertThat(calls.ok("read_file", "file_path", root.resolve("a.txt").toString(), "offset", 2, "limit", 2))
                    .isEqualTo("L2: two\nL3: \n(more lines follow: read on with offset 4)\n");
        }

        @Test
        void read_behindTheEnd_saysHowLongTheFileIs() throws Exception {
            Files.writeString(root.resolve("a.txt"), "one\ntwo\n");
            Files.writeString(root.resolve("empty"), "");

            assertThat(calls.error("read_file", "file_path", "a.txt", "offset", 3))
                    .isEqualTo("a.txt: offset 3 is after the end; the file has 2 lines");
            assertThat(calls.ok("read_file", "file_path", "empty")).isEqualTo("(the file is empty)");
        }

        @Test
        void read_longLine_isCutBetweenCharacters() throws Exception {
            Files.writeString(root.resolve("a.txt"), "x".repeat(499) + "\u00E9tail\n" + "y".repeat(500) + "\n");

            assertThat(calls.ok("read_file", "file_path", "a.txt"))
                    .isEqualTo("L1: " + "x".repeat(499) + "\nL2: " + "y".repeat(500) + "\n(cut at 500 bytes: L1)\n");
        }

        @Test
        void read_otherEncodings_areNamed() throws Exception {
            Files.write(root.resolve("latin"), "plain\ncaf\u00E9\n".getBytes(StandardCharsets.ISO_8859_1));
            Files.write(root.resolve("wide"), "\uFEFFcaf\u00E9 \uD83D\uDE00\nb\n".getBytes(StandardCharsets.UTF_16LE));
            Files.write(root.resolve("wide-be"), "\uFEFFa\n".getBytes(StandardCharsets.UTF_16BE));
            Files.writeString(root.resolve("marked"), "\uFEFFa\n");

            assertThat(calls.ok("read_file", "file_path", "latin"))
                    .isEqualTo(
                            "L1: plain\nL2: caf\u00E9\n(line 2 is not UTF-8; all bytes above are shown as ISO-8859-1)\n");
            assertThat(calls.ok("read_file", "file_path", "wide"))
                    .isEqualTo("L1: caf\u00E9 \uD83D\uDE00\nL2: b\n(the file is encoded in UTF-16LE)\n");
            assertThat(calls.ok("read_file", "file_path", "wide-be"))
                    .isEqualTo("L1: a\n(the file is encoded in UTF-16BE)\n");
            assertThat(calls.ok("read_file", "file_path", "marked")).isEqualTo("L1: a\n");
        }

        @Test
        void read_utf16OverManyBuffers_losesNothing() throws Exception {
            String line = "\u00E9\uD83D\uDE00x".repeat(50);
            Files.write(
                    root.resolve("wide"), ("\uFEFF" + (line + "\n").repeat(2000)).getBytes(StandardCharsets.UTF_16BE));

            String text = calls.ok("read_file", "file_path", "wide", "offset", 2000);

            assertThat(text).startsWith("L2000: " + line + "\n(the file");
        }

        @Test
        void read_whatIsNoText_isRefusedClearly() throws Exception {
            Files.write(root.resolve("bin"), new byte[] {1, 0, 2});
            Files.createDirectory(root.resolve("dir"));
            Files.writeString(root.resolve("Readme.md"), "");

            assertThat(calls.error("read_file", "file_path", "bin")).startsWith("bin: is a binary file of 3 bytes;");
            assertThat(calls.error("read_file", "file_path", "dir"))
                    .isEqualTo("dir: is a directory, not a file; list_dir shows what is in it");
            assertThat(calls.error("read_file", "file_path", "README.md"))
                    .isEqualTo("README.md: no such file; near names: Readme.md");
        }

        @Test
        void read_pipe_isRefusedInsteadOfWaitingForIt() throws Exception {
            Process mkfifo = new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start();
            assumeTrue(mkfifo.waitFor() == 0, "no pipe can be made in " + root);

            assertThat(calls.error("read_file", "file_path", "pipe"))
                    .isEqualTo("pipe: is a pipe, socket or device, not a regular file");
            assertThat(calls.ok("list_dir", "dir_path", ".")).endsWith("pipe?\n");
        }

        @Test
        void read_hugeFile_isNeverWholeInMemory() throws Exception {
            Path huge = root.resolve("huge");
            try (var channel = Files.newByteChannel(huge, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(StandardCharsets.UTF_8.encode("first\n" + "x".repeat(10_000)));
                channel.position(8L << 30);
                channel.write(StandardCharsets.UTF_8.encode("\nlast\n"));
            }

            assertThat(calls.ok("read_file", "file_path", "huge", "limit", 1))
                    .isEqualTo("L1: first\n(more lines follow: read on with offset 2)\n");
        }
    }

    @Nested
    class Listing {
        @Test
        void list_tree_isSortedAndMarked() throws Exception {
            Trees.write(root.resolve("b/x/deep.txt"), "");
            Trees.write(root.resolve("b/y.txt"), "");
            Trees.write(root.resolve("a.txt"), "");
            Trees.write(root.resolve("odd\nname"), "");
            Files.createSymbolicLink(root.resolve("link"), Path.of("/etc"));

            assertThat(calls.ok("list_dir", "dir_path", "."))
                    .isEqualTo("Absolute path: " + root + "\na.txt\nb/\n  x/\n  y.txt\nlink@\nodd\\nname\n");
            assertThat(calls.ok("list_dir", "dir_path", "b", "depth", 3))
                    .isEqualTo("Absolute path: " + root.resolve("b") + "\nx/\n  deep.txt\ny.txt\n");
        }

        @Test
        void list_manyEntries_isPaged() throws Exception {
            for (int i = 0; i < 30; i++) {
                Trees.write(root.resolve((i < 10 ? "f0" : "f") + i), "");
            }

            assertThat(calls.ok("list_dir", "dir_path", "."))
                    .contains("f24\n")
                    .endsWith("More than 25 entries found; list on with offset 26\n");
            assertThat(calls.ok("list_dir", "dir_path", ".", "offset", 26))
                    .isEqualTo("Absolute path: " + root + "\nf25\nf26\nf27\nf28\nf29\n");
            assertThat(calls.error("list_dir", "dir_path", ".", "offset", 31))
                    .isEqualTo(".: offset 31 is after the end; there are 30 entries");
        }

        @Test
        void list_emptyOrMissing_saysSo() throws Exception {
            Files.createDirectory(root.resolve("empty"));

            assertThat(calls.ok("list_dir", "dir_path", "empty")).endsWith("(the directory is empty)\n");
            assertThat(calls.error("list_dir", "dir_path", "emty"))
                    .isEqualTo("emty: no such directory; near names: empty");
            assertThat(calls.error("list_dir", "dir_path", "/etc")).startsWith("/etc: leads out of the workspace");
        }
    }

    @Nested
    class Searching {
        @Test
        void grep_files_newestFirst() throws Exception {
            for (int i = 0; i < 3; i++) {
                Path file = Trees.write(root.resolve("src/f" + i + ".txt"), "x\nneedle " + i + "\n");
                Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000 + 1000 * (i == 1 ? 9 : i)));
            }
            Trees.write(root.resolve("other.md"), "needle");

            assertThat(calls.ok("grep_files", "pattern", "needle \\d", "include", "*.txt"))
                    .isEqualTo("src/f1.txt\nsrc/f2.txt\nsrc/f0.txt\n");
            assertThat(calls.ok("grep_files", "pattern", "needle", "include", "*.txt", "output", "lines", "limit", 2))
                    .isEqualTo("""
                            src/f1.txt:2:needle 1
                            src/f2.txt:2:needle 2
                            (more than 2 results; narrow the pattern, include or path)
                            """);
            assertThat(calls.ok("grep_files", "pattern", "nothing")).isEqualTo("No matches found.\n");
        }

        @Test
        void grep_include_takesBracesPathsAndNegation() throws Exception {
            for (String name : List.of("a.ts", "b.tsx", "c.js", "src/d.ts", "src/sub/e.py")) {
                Trees.write(root.resolve(name), "x");
            }

            assertThat(found("*.{ts,tsx}")).containsExactlyInAnyOrder("a.ts", "b.tsx", "src/d.ts");
            assertThat(found("src/**/*.{py,t{s,x}}")).containsExactlyInAnyOrder("src/d.ts", "src/sub/e.py");
            assertThat(found("!*.ts")).containsExactlyInAnyOrder("b.tsx", "c.js", "src/sub/e.py");
            assertThat(found("/*.ts")).containsExactlyInAnyOrder("a.ts");
        }

        private List<String> found(String include) throws Exception {
            return calls.ok("grep_files", "pattern", "x", "include", include)
                    .lines()
                    .toList();
        }

        @Test
        void grep_pathOfAFileOrFolder_searchesThatOnly() throws Exception {
            Trees.write(root.resolve("a/x.txt"), "hit");
            Trees.write(root.resolve("b/x.txt"), "hit");
            Trees.write(root.resolve(".gitignore"), "*.log\n");
            Trees.write(root.resolve("b/y.log"), "hit");

            assertThat(calls.ok("grep_files", "pattern", "hit", "path", "b")).isEqualTo("b/x.txt\n");
            assertThat(calls.ok("grep_files", "pattern", "hit", "path", "b/y.log"))
                    .isEqualTo("b/y.log\n");
            assertThat(calls.error("grep_files", "pattern", "hit", "path", "none"))
                    .startsWith("none: no such file");
        }

        @Test
        void grep_ignoredBinaryAndGit_areLeftOut() throws Exception {
            Trees.write(root.resolve(".gitignore"), "build/\n");
            Trees.write(root.resolve("build/a"), "hit");
            Trees.write(root.resolve(".git/config"), "hit");
            Files.write(root.resolve("bin"), "\0hit".getBytes(StandardCharsets.UTF_8));
            Files.createSymbolicLink(root.resolve("link"), root.resolve("build"));
            Trees.write(root.resolve("wide"), "");
            Files.write(root.resolve("wide"), "\uFEFFhit".getBytes(StandardCharsets.UTF_16LE));

            assertThat(calls.ok("grep_files", "pattern", "hit")).isEqualTo("wide\n");
        }

        @Test
        void grep_badPattern_saysWhere() throws Exception {
            assertThat(calls.error("grep_files", "pattern", "a(b"))
                    .isEqualTo("failed to parse function arguments: `pattern` is no regular expression of Java: "
                            + "Unclosed group near index 3 of a(b");
            assertThat(calls.error("grep_files", "pattern", "")).endsWith("`pattern` is empty");
        }

        @Test
        void grep_catastrophicPattern_endsInTime() throws Exception {
            Trees.write(root.resolve("a.txt"), "needle\n");
            Trees.write(root.resolve("b.txt"), "a".repeat(5000) + "!\n");
            ActionTool grep = GrepFiles.tool(Workspace.of(List.of(root)), Duration.ofMillis(300));

            ToolOutput output = grep.call(
                    ToolCall.function("c", "grep_files", "{\"pattern\":\"needle|.*.*.*.*.*.*#\"}"),
                    new Calls.Context(Map.of()));

            assertThat(output.text())
                    .startsWith("a.txt\n")
                    .contains("(stopped after 0 s before everything was searched;");
        }

        @Test
        void grep_deepPattern_isRefused() throws Exception {
            Trees.write(root.resolve("b.txt"), "ab".repeat(400_000) + "\n");

            assertThat(calls.error("grep_files", "pattern", "(a|b|ab)*z"))
                    .contains("the pattern nests too deeply for a line of 800000 characters");
        }

        @Test
        void grep_longLine_isSearchedInItsBeginning() throws Exception {
            Trees.write(root.resolve("b.txt"), "hit" + "x".repeat(2 << 20) + "tail\n");

            assertThat(calls.ok("grep_files", "pattern", "tail"))
                    .isEqualTo("No matches found.\n(1 lines were searched in their first 1048576 bytes only)\n");
            assertThat(calls.ok("grep_files", "pattern", "hit", "output", "lines"))
                    .startsWith("b.txt:1:hit" + "x".repeat(497) + "…\n");
        }
    }

    @Nested
    class Viewing {
        @Test
        void view_image_isADataUrlByItsBytes() throws Exception {
            byte[] png = Base64.getDecoder()
                    .decode(
                            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
            Files.write(root.resolve("image.txt"), png);
            write("b", "\u00FF\u00D8\u00FF\u00E0");
            write("c", "GIF89a");
            write("d", "RIFF\0\0\0\0WEBPVP8 ");

            assertThat(image("image.txt"))
                    .isEqualTo("data:image/png;base64," + Base64.getEncoder().encodeToString(png));
            assertThat(image("b")).startsWith("data:image/jpeg;base64,");
            assertThat(image("c")).startsWith("data:image/gif;base64,");
            assertThat(image("d")).startsWith("data:image/webp;base64,");
        }

        private void write(String name, String bytes) throws IOException {
            Files.write(root.resolve(name), bytes.getBytes(StandardCharsets.ISO_8859_1));
        }

        private String image(String path) throws Exception {
            ToolOutput output = calls.call("view_image", "path", path, "detail", "high");
            ToolOutput.Image image = (ToolOutput.Image) output.parts().get(0);
            assertThat(image.detail()).isEqualTo("high");
            return image.url();
        }

        @Test
        void view_otherOrTooLarge_isRefused() throws Exception {
            Files.writeString(root.resolve("a.png"), "<svg/>");
            Files.write(root.resolve("big.png"), new byte[(8 << 20) + 1]);

            assertThat(calls.error("view_image", "path", "a.png"))
                    .isEqualTo("a.png: is not a PNG, JPEG, GIF or WebP image");
            assertThat(calls.error("view_image", "path", "big.png"))
                    .isEqualTo("big.png: has 8388609 bytes, more than the 8388608 that this tool takes; use the shell");
        }
    }

    @Test
    void namesThatTheLocaleCannotEncode_areShownAndWalkedPast() throws Exception {
        Process touch = new ProcessBuilder("sh", "-c", "printf hit > \"$(printf '\\377x')\"")
                .directory(root.toFile())
                .start();
        assumeTrue(touch.waitFor() == 0, "the file system of " + root + " takes no names that are not UTF-8");

        assertThat(calls.ok("list_dir", "dir_path", ".")).contains("\uFFFDx\n");
        assertThat(calls.ok("grep_files", "pattern", "hit")).endsWith("x\n");
        assertThat(calls.ok("grep_files", "pattern", "hit", "output", "lines")).isEqualTo("\uFFFDx:1:hit\n");
    }
}
