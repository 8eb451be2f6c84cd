package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.Patch.Add;
import dev.agentloop.tools.internal.edit.Patch.Chunk;
import dev.agentloop.tools.internal.edit.Patch.ChunkLine;
import dev.agentloop.tools.internal.edit.Patch.Delete;
import dev.agentloop.tools.internal.edit.Patch.Kind;
import dev.agentloop.tools.internal.edit.Patch.Update;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatchParserTest {
    private static final String WHOLE = """
            *** Begin Patch
            *** Add File: new/a.txt
            +one
            +
            + two
            *** Delete File: old.txt
            *** Update File: from.py
            *** Move to: to.py
            @@ def f():
             kept
            -gone
            +come

            *** End of File
            *** End Patch
            """;

    private static final Patch PARSED = new Patch(List.of(
            new Add("new/a.txt", "one\n\n two\n"),
            new Delete("old.txt"),
            new Update(
                    "from.py",
                    "to.py",
                    List.of(new Chunk(
                            List.of("def f():"),
                            List.of(
                                    new ChunkLine(Kind.KEPT, "kept"),
                                    new ChunkLine(Kind.REMOVED, "gone"),
                                    new ChunkLine(Kind.ADDED, "come"),
                                    new ChunkLine(Kind.KEPT, "")),
                            true)))));

    @Test
    void parse_allOfTheFormat_isRead() throws Exception {
        assertThat(PatchParser.parse(WHOLE)).isEqualTo(PARSED);
    }

    @Test
    void parse_wrappings_areTakenOff() throws Exception {
        String indentedHeaders = WHOLE.replace("*** Delete", "  *** Delete").replace("old.txt", "old.txt  ");
        for (String text : List.of(
                "\n  \n" + WHOLE + "\n\n",
                WHOLE.replace("\n", "\r\n"),
                WHOLE.stripTrailing(),
                "  *** Begin Patch\n"
                        + WHOLE.substring(WHOLE.indexOf('\n') + 1).replace("*** End Patch", " *** End Patch "),
                "<<EOF\n" + WHOLE + "EOF\n",
                "<<'PATCH'\n" + WHOLE + "PATCH",
                "<<\"EOF\"\n" + WHOLE + "EOF\n\n",
                "apply_patch <<'EOF'\n" + WHOLE + "EOF\n",
                indentedHeaders)) {
            assertThat(PatchParser.parse(text)).as(text).isEqualTo(PARSED);
        }
    }

    private static Update update(String body) throws Refusal {
        return (Update) PatchParser.parse("*** Begin Patch\n*** Update File: f\n" + body + "*** End Patch")
                .files()
                .get(0);
    }

    @Test
    void parse_firstChunkWithoutMark_isRead() throws Exception {
        assertThat(update(" a\n-b\n@@\n+c\n").chunks())
                .containsExactly(
                        new Chunk(
                                List.of(),
                                List.of(new ChunkLine(Kind.KEPT, "a"), new ChunkLine(Kind.REMOVED, "b")),
                                false),
                        new Chunk(List.of(), List.of(new ChunkLine(Kind.ADDED, "c")), false));
    }

    @Test
    void parse_severalContexts_narrowOneChunk() throws Exception {
        assertThat(update("@@ class A\n@@   def f\n+c\n").chunks())
                .containsExactly(
                        new Chunk(List.of("class A", "  def f"), List.of(new ChunkLine(Kind.ADDED, "c")), false));
    }

    @Test
    void parse_moveWithoutChanges_isRead() throws Exception {
        assertThat(update("*** Move to: g\n")).isEqualTo(new Update("f", "g", List.of()));
    }

    @Test
    void parse_chunkAfterEndOfFileOrBlankLine_isRead() throws Exception {
        assertThat(update("@@\n-a\n*** End of File\n\n@@\n-b\n").chunks()).hasSize(2);
    }

    @Test
    void parse_emptyAddedFile_isRead() throws Exception {
        assertThat(PatchParser.parse("*** Begin Patch\n*** Add File: f\n*** End Patch")
                        .files())
                .containsExactly(new Add("f", ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                              | 1 | the first line of a patch is '*** Begin Patch', not ''",
                "diff --git                      | 1 | the first line of a patch is '*** Begin Patch', not 'diff --git'",
                "B;*** Delete File: a            | 2 | the last line of a patch is '*** End Patch', not '*** Delete File: a'",
                "B;E                             | 2 | the patch changes no file",
                "B;hello;E                       | 2 | 'hello' begins no file; a file begins with '*** Add File: PATH',"
                        + " '*** Delete File: PATH' or '*** Update File: PATH'",
                "B;*** Delete File: a;+x;E       | 3 | '+x' begins no file; a file begins with '*** Add File: PATH',"
                        + " '*** Delete File: PATH' or '*** Update File: PATH'",
                "B;*** Update File: a;E          | 2 | the update of 'a' changes nothing",
                "B;*** Update File: a;@@;E       | 4 | a chunk without lines",
                "B;*** Update File: a;@@;xyz;E   | 4 | 'xyz' begins neither with ' ' (the line stays), '-' (it goes) nor"
                        + " '+' (it comes)",
                "B;*** Update File: a;@@;-x;y;E  | 5 | a chunk begins with '@@', not 'y'",
                "B;*** Update File: ;@@;-x;E     | 2 | '*** Update File:' without a path",
            })
    void parse_wrong_namesTheLine(String text, int line, String message) {
        String patch =
                text.replace(';', '\n').replaceFirst("^B", "*** Begin Patch").replaceFirst("E$", "*** End Patch");

        assertThatThrownBy(() -> PatchParser.parse(patch))
                .isInstanceOf(Refusal.class)
                .hasMessage("invalid patch: line " + line + ": " + message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"start: ", "\"*** Begin Patch\" LF", "\"*** End of File\" LF", "%import common.LF"})
    void grammar_hasTheRulesOfTheFormat(String part) {
        assertThat(PatchParser.GRAMMAR).contains(part);
    }
}
