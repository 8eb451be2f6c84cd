package dev.agentloop.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Lines are broken between words, whatever the text, the width and the pieces in which it comes. */
class LineLayoutTest {
    private static final List<String> WORDS = List.of(
            "a",
            "the",
            "wörds",
            "of",
            "sentences",
            "incomprehensibilities",
            "-",
            "|",
            "$",
            "12.",
            "é́",
            "漢字",
            "🙂",
            "x/y/z");

    private static String placed(int width, List<String> pieces) {
        LineLayout layout = new LineLayout(() -> width);
        StringBuilder shown = new StringBuilder();
        for (String piece : pieces) {
            shown.append(layout.place(piece));
        }
        return shown.append(layout.freshLine()).toString();
    }

    private static int columns(String line) {
        return line.codePoints().map(TerminalText::columns).sum();
    }

    @Test
    void text_isBrokenBetweenWords_andNothingIsLost() {
        long seed = Long.getLong("layout.seed", System.nanoTime());
        System.out.println("layout.seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            // The longest word has room, however far a line is indented.
            int width = 32 + random.nextInt(60);
            String text = text(random);
            String shown = placed(width, pieces(random, text));
            assertThat(shown).as("seed %d, round %d", seed, i).isEqualTo(placed(width, List.of(text)));
            assertThat(words(shown)).as("seed %d, round %d: %s", seed, i, shown).isEqualTo(words(text));
            assertThat(shown.lines())
                    .as("seed %d, round %d: lines of at most %d columns", seed, i, width)
                    .allMatch(line -> columns(line) <= width);
            assertThat(placed(0, pieces(random, text))).as("no width").isEqualTo(text);
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int line = random.nextInt(6); line >= 0; line--) {
            text.append(" ".repeat(random.nextInt(4)));
            for (int word = random.nextInt(30); word >= 0; word--) {
                text.append(WORDS.get(random.nextInt(WORDS.size())))
                        .append(" ".repeat(random.nextInt(10) == 0 ? 2 : 1));
            }
            text.append("end\n");
        }
        return text.toString();
    }

    private static List<String> pieces(Random random, String text) {
        List<String> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = Math.min(text.length(), at + 1 + random.nextInt(12));
            if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
                end++;
            }
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    // Wide characters may be parted from each other.
    private static List<String> words(String text) {
        return List.of(text.replace("漢字", "漢 字")
                .replaceAll("(?<=[漢字🙂])|(?=[漢字🙂])", " ")
                .strip()
                .split("\\s+"));
    }

    @Test
    void lines_goOnWhereTheirTextBegins() {
        String text = "  warning: one two three\n- four five six seven\nplain eight nine ten\n";
        assertThat(placed(20, List.of(text))).isEqualTo("""
                  warning: one two
                    three
                - four five six
                  seven
                plain eight nine ten
                """);
    }

    @Test
    void prompt_isShownWithItsSpace_beforeAnybodyTypes() {
        LineLayout layout = new LineLayout(() -> 40);
        assertThat(layout.place("> ") + layout.flush()).isEqualTo("> ");
        assertThat(layout.lineBegun() + layout.place("answer ") + layout.freshLine())
                .isEqualTo("answer\n");
    }
}
