package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/tools.md says is different from Codex, row by row of its table. */
class PatchDifferencesTest {
    private static final Path DOCUMENT = Path.of("../docs/tools.md");

    @TempDir
    Path temp;

    private Path root;
    private Calls calls;

    private interface Row {
        void check() throws Exception;
    }

    private final Map<String, Row> rows = new TreeMap<>(Map.of(
            "a part of a patch fails, or the process dies", this::partFails,
            "`*** Add File` or `*** Move to` where a file is", this::targetIsThere,
            "a file that is moved onto itself", this::movedOntoItself,
            "`*** Move to` without changes, several `@@` in a row", this::bareMoveAndSeveralContexts,
            "lines that only come, after `@@ def f():`", this::linesBelowAContext,
            "a file with mixed line endings", this::mixedLineEndings,
            "a file without a final line break, with a byte order mark, in UTF-16 or ISO-8859-1", this::formsOfText,
            "letters with accents, composed or not, in names and in lines", this::unicodeForms,
            "`*** End of File` where the lines are not at the end", this::notAtTheEnd,
            "a path that leads out of the workspace", this::pathOutside));

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createDirectory(temp.resolve("root"));
        calls = Calls.in(root, temp.resolve("state"));
    }

    static List<String> documented() throws IOException {
        return Files.readString(DOCUMENT, StandardCharsets.UTF_8)
                .lines()
                .dropWhile(line -> !line.equals("| | here | in Codex |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("| "))
                .map(line -> line.substring(2, line.indexOf(" |", 2)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("documented")
    void row_ofTheTable_isSo(String row) throws Exception {
        assertThat(rows).containsKey(row);
        rows.get(row).check();
    }

    @Test
    void table_hasTheRowsThatAreTried() throws IOException {
        assertThat(documented()).containsExactlyInAnyOrderElementsOf(rows.keySet());
    }

    private void partFails() throws Exception {
        write("a.txt", "1\n");
        String error = calls.error(
                "apply_patch",
                "input",
                patch("*** Update File: a.txt\n@@\n-1\n+2\n*** Add File: b.txt\n+x" + "\n*** Delete File: not-there"));

        assertThat(error).contains("not-there: no such file");
        assertThat(Trees.snapshot(root)).containsOnly(Map.entry("a.txt", "rw-r--r-- 1\n"));
    }

    private void targetIsThere() throws Exception {
        write("a.txt", "1\n");
        write("b.txt", "2\n");

        assertThat(calls.error("apply_patch", "input", patch("*** Add File: a.txt\n+x")))
                .contains("exists already");
        assertThat(calls.error("apply_patch", "input", patch("*** Update File: b.txt\n*** Move to: a.txt\n@@\n-2\n+3")))
                .contains("exists already");
        assertThat(read("a.txt") + read("b.txt")).isEqualTo("1\n2\n");
        assertThat(calls.ok("write_file", "file_path", "a.txt", "content", "x")).startsWith("Replaced a.txt");
    }

    private void movedOntoItself() throws Exception {
        write("a.txt", "1\n");
        ok("*** Update File: a.txt\n*** Move to: ./a.txt\n@@\n-1\n+2");
        assertThat(read("a.txt")).isEqualTo("2\n");
    }

    private void bareMoveAndSeveralContexts() throws Exception {
        write("a.txt", "class A\nf\n  x\nclass B\nf\n  x\n");
        ok("*** Update File: a.txt\n@@ class B\n@@ f\n-  x\n+  y");
        ok("*** Update File: a.txt\n*** Move to: b.txt");
        assertThat(read("b.txt")).isEqualTo("class A\nf\n  x\nclass B\nf\n  y\n");
        assertThat(root.resolve("a.txt")).doesNotExist();
    }

    private void linesBelowAContext() throws Exception {
        write("a.py", "def e():\ndef f():\n  pass\n\n\n");
        ok("*** Update File: a.py\n@@ def f():\n+  x = 1");
        ok("*** Update File: a.py\n@@\n+end");
        assertThat(read("a.py")).isEqualTo("def e():\ndef f():\n  x = 1\n  pass\n\n\nend\n");
    }

    private void mixedLineEndings() throws Exception {
        write("a.txt", "1\r\n2\n3\r\n");
        ok("*** Update File: a.txt\n@@\n 1\n-2\n+two\n+more\n 3");
        assertThat(read("a.txt")).isEqualTo("1\r\ntwo\nmore\n3\r\n");
    }

    private void formsOfText() throws Exception {
        write("open", "1\n2");
        write("marked", "\uFEFF1\n2\n");
        Files.write(root.resolve("wide"), "\uFEFF1\n2\n".getBytes(StandardCharsets.UTF_16LE));
        Files.write(root.resolve("latin"), "\u00E9\n2\n".getBytes(StandardCharsets.ISO_8859_1));
        for (String name : List.of("open", "marked", "wide", "latin")) {
            ok("*** Update File: " + name + "\n@@\n-2\n+\u00FC");
        }
        assertThat(read("open")).isEqualTo("1\n\u00FC");
        assertThat(read("marked")).isEqualTo("\uFEFF1\n\u00FC\n");
        assertThat(root.resolve("wide")).hasBinaryContent("\uFEFF1\n\u00FC\n".getBytes(StandardCharsets.UTF_16LE));
        assertThat(root.resolve("latin")).hasBinaryContent("\u00E9\n\u00FC\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    private void unicodeForms() throws Exception {
        write("a.txt", "cafe\u0301\n1\n");
        ok("*** Update File: a.txt\n@@\n caf\u00E9\n-1\n+2");
        assertThat(read("a.txt")).isEqualTo("cafe\u0301\n2\n");
        write("cafe\u0301", "1\n");
        ok("*** Update File: caf\u00E9\n@@\n-1\n+2");
        write("caf\u00E9", "another\n");
        ok("*** Update File: cafe\u0301\n@@\n-2\n+3");
        assertThat(read("cafe\u0301") + read("caf\u00E9")).isEqualTo("3\nanother\n");
    }

    private void notAtTheEnd() throws Exception {
        write("a.txt", "1\n2\n3\n");
        ok("*** Update File: a.txt\n@@\n-1\n+one\n*** End of File");
        assertThat(read("a.txt")).isEqualTo("one\n2\n3\n");
    }

    private void pathOutside() throws Exception {
        String outside = temp.resolve("x.txt").toString();
        for (String path : List.of("../x.txt", outside)) {
            assertThat(calls.error("apply_patch", "input", patch("*** Add File: " + path + "\n+x")))
                    .contains("leads out of the workspace");
        }
        ok("*** Add File: " + root.resolve("x.txt") + "\n+x");
        assertThat(Path.of(outside)).doesNotExist();
        assertThat(read("x.txt")).isEqualTo("x\n");
    }

    private void write(String name, String content) throws IOException {
        Trees.write(Trees.at(root, name), content);
    }

    private String read(String name) throws IOException {
        return Files.readString(Trees.at(root, name));
    }

    private void ok(String body) throws Exception {
        calls.ok("apply_patch", "input", patch(body));
    }

    private static String patch(String body) {
        return "*** Begin Patch\n" + body + "\n*** End Patch";
    }
}
