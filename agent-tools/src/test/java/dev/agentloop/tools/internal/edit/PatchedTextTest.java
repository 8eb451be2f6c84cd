package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.Patch.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PatchedTextTest {

    private static String patched(String text, String chunks) throws Refusal {
        Patch patch = PatchParser.parse("*** Begin Patch\n*** Update File: f\n" + chunks + "\n*** End Patch");
        return PatchedText.apply("f", text, ((Update) patch.files().get(0)).chunks());
    }

    @Test
    void apply_severalChunks_goForward() throws Exception {
        assertThat(patched("a\nb\nc\na\nb\nc\n", "@@\n a\n-b\n+B\n@@\n a\n-b\n+BB"))
                .isEqualTo("a\nB\nc\na\nBB\nc\n");
    }

    @Test
    void apply_context_movesTheCursor() throws Exception {
        assertThat(patched("def f\n  x\ndef g\n  x\n", "@@ def g\n-  x\n+  y")).isEqualTo("def f\n  x\ndef g\n  y\n");
        assertThat(patched("A\n f\n  x\nB\n f\n  x\n", "@@ B\n@@  f\n-  x\n+  y"))
                .isEqualTo("A\n f\n  x\nB\n f\n  y\n");
    }

    @Test
    void apply_fourLevels_theBestOneWinsAndKeptLinesStayAsTheyAre() throws Exception {
        assertThat(patched("x  \nx\n", "@@\n-x\n+y")).isEqualTo("x  \ny\n");
        assertThat(patched("x  \nz\n", "@@\n x\n-z\n+y")).isEqualTo("x  \ny\n");
        assertThat(patched("\t x\nz\n", "@@\n x\n-z\n+y")).isEqualTo("\t x\ny\n");
        assertThat(patched("\u201Ca\u201D \u2014\u00A0b\u2019s\nz\n", "@@\n \"a\" - b's\n-z\n+y"))
                .isEqualTo("\u201Ca\u201D \u2014\u00A0b\u2019s\ny\n");
    }

    @Test
    void apply_endOfFile_triesTheEndFirst() throws Exception {
        assertThat(patched("a\nb\na\n", "@@\n-a\n+c\n*** End of File")).isEqualTo("a\nb\nc\n");
        assertThat(patched("a\nb\n", "@@\n-a\n+c\n*** End of File")).isEqualTo("c\nb\n");
    }

    @Test
    void apply_onlyAdditions_goToTheEndOrBehindTheContext() throws Exception {
        assertThat(patched("a\nb\n", "@@\n+c\n+d")).isEqualTo("a\nb\nc\nd\n");
        assertThat(patched("a\nb\n\n\n", "@@\n+c")).isEqualTo("a\nb\n\n\nc\n");
        assertThat(patched("a\nb\n", "@@ a\n+c")).isEqualTo("a\nc\nb\n");
        assertThat(patched("", "@@\n+c")).isEqualTo("c\n");
        assertThat(patched("a\nb\n", "@@\n+c\n@@\n-a\n+A")).isEqualTo("A\nb\nc\n");
    }

    @Test
    void apply_emptyLineTooMany_isDropped() throws Exception {
        assertThat(patched("a\nb\n", "@@\n-b\n+c\n ")).isEqualTo("a\nc\n");
        assertThat(patched("a\nb\n", "@@\n b\n \n+c")).isEqualTo("a\nb\n\nc\n");
        assertThat(patched("a\nb\n", "@@\n b\n-\n+")).isEqualTo("a\nb\n");
    }

    @Test
    void apply_lineEndings_areKeptAndPassedOn() throws Exception {
        assertThat(patched("a\r\nb\r\n", "@@\n a\n-b\n+c\n+d")).isEqualTo("a\r\nc\r\nd\r\n");
        assertThat(patched("a\nb\r\nc\n", "@@\n b\n+x")).isEqualTo("a\nb\r\nx\r\nc\n");
        assertThat(patched("a\r\nb", "@@\n-b\n+c\n+d")).isEqualTo("a\r\nc\r\nd");
    }

    @Test
    void apply_missingFinalLineBreak_staysMissing() throws Exception {
        assertThat(patched("a\nb", "@@\n-b\n+c")).isEqualTo("a\nc");
        assertThat(patched("a\nb", "@@\n+c")).isEqualTo("a\nb\nc");
        assertThat(patched("a\nb\n", "@@\n-a\n+c")).isEqualTo("c\nb\n");
    }

    @Test
    void apply_lastLineWithoutLineBreakGoes_keepsTheLineBreakOfTheOneBefore() throws Exception {
        assertThat(patched("a\nb", "@@\n-b")).isEqualTo("a\n");
        assertThat(patched("a\nb\nc", "@@\n a\n-b\n-c\n+d")).isEqualTo("a\nd");
    }

    @Test
    void apply_allLinesGo_leavesNothing() throws Exception {
        assertThat(patched("a\n", "@@\n-a")).isEmpty();
    }

    @Test
    void apply_notFound_saysWhatIsThere() {
        assertThatThrownBy(() -> patched("a\nb\nc\n", "@@\n a\n b\n-x\n+y"))
                .isInstanceOf(Refusal.class)
                .hasMessage("Failed to find expected lines in f:\na\nb\nx\n"
                        + "(the first 2 of these 3 lines are at line 1, but line 3 is: c)");
        assertThatThrownBy(() -> patched("a\nb\n", "@@\n a\n b\n-x\n+y"))
                .hasMessageEndingWith("(the first 2 of these 3 lines are at line 1, but there the file ends)");
        assertThatThrownBy(() -> patched("a\nb\nc\n", "@@\n-c\n@@\n-a"))
                .hasMessage(
                        "Failed to find expected lines in f:\na\n(they are at line 1, before line 4 where the search "
                                + "begins; chunks go from the top of a file to its bottom)");
        assertThatThrownBy(() -> patched("a\n", "@@ nowhere\n-a")).hasMessage("Failed to find context 'nowhere' in f");
    }

    /** Any edit, written as a patch with some lines around each change, gives the edited text. */
    @Test
    void apply_randomEdits_giveTheEditedText() throws Exception {
        long seed = 42;
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            String ending = random.nextInt(4) == 0 ? "\r\n" : "\n";
            boolean open = random.nextInt(4) == 0;
            List<String> old = new ArrayList<>();
            for (int i = random.nextInt(30); i >= 0; i--) {
                old.add("line " + old.size() + (random.nextBoolean() ? "" : " \u2014 " + random.nextInt(3)));
            }
            List<String> edited = new ArrayList<>();
            StringBuilder chunks = new StringBuilder();
            edit(random, old, edited, chunks);

            if (old.size() == 1 && open) {
                ending = "\n"; // A line without an ending does not show which one the file has.
            }
            String text = String.join(ending, old) + (open ? "" : ending);
            // A line that stays keeps the line break that it has.
            boolean endsOpen =
                    edited.isEmpty() || open && !old.subList(0, old.size() - 1).contains(edited.get(edited.size() - 1));
            String expected = String.join(ending, edited) + (endsOpen ? "" : ending);
            assertThat(patched(text, chunks.toString().stripTrailing()))
                    .as("seed %d, round %d:%n%s", seed, round, chunks)
                    .isEqualTo(expected);
        }
    }

    private static void edit(Random random, List<String> old, List<String> edited, StringBuilder chunks) {
        int at = 0;
        do {
            int skip = random.nextInt(5);
            for (; skip > 0 && at < old.size() - 1; skip--) {
                edited.add(old.get(at++));
            }
            chunks.append("@@\n");
            for (int lines = 1 + random.nextInt(5); lines > 0 && at < old.size(); lines--) {
                String line = old.get(at++);
                int kind = random.nextInt(3);
                chunks.append(kind == 0 ? '-' : ' ').append(line).append('\n');
                if (kind != 0) {
                    edited.add(line);
                }
                if (kind == 1) {
                    chunks.append("+new ").append(at).append('\n');
                    edited.add("new " + at);
                }
            }
        } while (at < old.size() && random.nextInt(3) > 0);
        edited.addAll(old.subList(at, old.size()));
    }
}
