package dev.agentloop.tools.internal.edit;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** A text file of random lines, of which some are hard to tell apart, in a random encoding. */
record RandomText(List<Line> lines, Charset charset, boolean marked) {
    /** A line and the bytes that end it, none at the end of many a file. */
    record Line(String text, String ending) {
        @Override
        public String toString() {
            String shown = text.length() > 100 ? text.length() + " x" : text;
            return "\"" + shown.replace("\r", "\\r")
                    + ending.replace("\r", "\\r").replace("\n", "\\n") + "\"";
        }
    }

    private static final List<String> WORDS = List.of(
            "",
            "",
            "a",
            "a",
            "b",
            "}",
            "    }",
            "\t}",
            "  ",
            "a ",
            "return x;",
            "+a",
            "-a",
            " a",
            "@@ a",
            "@@",
            "*** End Patch",
            "*** Update File: a.txt",
            "don't",
            "x - y",
            "caf\u00E9",
            "na\u00EFve",
            "r\rn",
            "#",
            "\u00A0",
            "\\",
            "--",
            "---");
    private static final List<String> BEYOND_LATIN =
            List.of("don\u2019t", "x \u2013 y", "cafe\u0301", "\u20AC", "\uD83D\uDE00", "\u2028", "a\u3000");

    static RandomText random(Random random) {
        Charset charset = List.of(
                        StandardCharsets.UTF_8,
                        StandardCharsets.UTF_8,
                        StandardCharsets.UTF_8,
                        StandardCharsets.ISO_8859_1,
                        StandardCharsets.UTF_16LE,
                        StandardCharsets.UTF_16BE)
                .get(random.nextInt(6));
        boolean latin = charset == StandardCharsets.ISO_8859_1;
        boolean sixteen = !latin && charset != StandardCharsets.UTF_8;
        List<Line> lines = new ArrayList<>();
        if (latin) {
            // One line that is no UTF-8, or else it is read as such.
            lines.add(new Line("caf\u00E9", "\n"));
        }
        int count = random.nextInt(10) == 0 ? 0 : random.nextInt(14);
        int style = random.nextInt(3);
        for (int i = 0; i < count; i++) {
            String ending = style == 0 || style == 2 && random.nextBoolean() ? "\r\n" : "\n";
            lines.add(new Line(text(random, !latin), ending));
        }
        if (!lines.isEmpty() && random.nextInt(3) == 0) {
            Line last = lines.remove(lines.size() - 1);
            lines.add(new Line(last.text().isEmpty() ? "end" : last.text(), ""));
        }
        return new RandomText(List.copyOf(lines), charset, sixteen || !latin && random.nextInt(6) == 0);
    }

    /** A line's text; a long one now and then, and one in four a text that is nowhere else. */
    static String text(Random random, boolean beyondLatin) {
        int kind = random.nextInt(40);
        if (kind == 0) {
            return "x".repeat(20_000 + random.nextInt(1_000));
        }
        if (kind < 12) {
            return "only " + random.nextInt(1_000_000);
        }
        List<String> words = beyondLatin && kind < 20 ? BEYOND_LATIN : WORDS;
        return words.get(random.nextInt(words.size()));
    }

    boolean isLatin() {
        return charset == StandardCharsets.ISO_8859_1;
    }

    byte[] bytes() {
        String mark = marked ? "\uFEFF" : "";
        return (mark + lines.stream().map(line -> line.text() + line.ending()).collect(Collectors.joining()))
                .getBytes(charset);
    }

    /** The lines of such a file after it was changed, or null if its bytes are no longer of that kind. */
    List<Line> read(byte[] bytes) {
        String text = new String(bytes, charset);
        if (!Arrays.equals(text.getBytes(charset), bytes) || marked != text.startsWith("\uFEFF")) {
            return null;
        }
        List<Line> read = new ArrayList<>();
        String rest = marked ? text.substring(1) : text;
        while (!rest.isEmpty()) {
            int end = rest.indexOf('\n');
            int cut = end < 0 ? rest.length() : end > 0 && rest.charAt(end - 1) == '\r' ? end - 1 : end;
            int next = end < 0 ? cut : end + 1;
            read.add(new Line(rest.substring(0, cut), rest.substring(cut, next)));
            rest = rest.substring(next);
        }
        return read;
    }

    /** What two texts have in common that a patch may take for each other. */
    static String alike(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC)
                .replace('\u2019', '\'')
                .replace('\u2013', '-')
                .replace('\u00A0', ' ')
                .replace('\u3000', ' ')
                .strip();
    }
}
