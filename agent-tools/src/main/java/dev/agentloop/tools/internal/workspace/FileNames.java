package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How file names appear in answers: a name can never end its line or hide a character, and one that is missing comes with
 * those that it may have been meant to be.
 */
public final class FileNames {
    private static final int MOST_NEAR = 3;

    private FileNames() {}

    public static String shown(Path path) {
        return shown(PathText.text(path));
    }

    /** Writes control, format and separator characters as escapes, so that the name stays on its line. */
    public static String shown(String name) {
        if (name.codePoints().noneMatch(FileNames::hidden)) {
            return name;
        }
        StringBuilder text = new StringBuilder();
        name.codePoints().forEach(c -> {
            if (c == '\n') {
                text.append("\\n");
            } else if (hidden(c)) {
                text.append(escaped((char) c));
            } else {
                text.appendCodePoint(c);
            }
        });
        return text.toString();
    }

    /** A character by its number. */
    static String escaped(char c) {
        return "\\u" + HexFormat.of().withUpperCase().toHexDigits(c);
    }

    /** Refuses to create a file with a name that no line of a patch or a listing could carry, or with that of a folder. */
    public static void requirePlain(String path) throws Refusal {
        if (path.codePoints().anyMatch(FileNames::hidden)) {
            throw new Refusal(shown(path) + ": the file tools create no names with control characters or line breaks");
        }
        if (path.endsWith("/")) {
            throw new Refusal(path + ": ends with a slash, as folders do; name the file");
        }
    }

    private static boolean hidden(int c) {
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                || type == Character.SURROGATE
                || isBidiControl(c);
    }

    /** Characters that reorder what a person sees. */
    private static boolean isBidiControl(int c) {
        return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    }

    /**
     * A clause for an error about a missing entry: the names beside it that look like it, or nothing.
     *
     * @param last whether it is the last element of the path, and not a folder on the way
     */
    static String near(OpenFolder folder, Path missing, boolean last) throws IOException {
        String wanted = PathText.text(missing);
        List<String> near = folder.names().stream()
                .map(PathText::text)
                .filter(name -> distance(wanted, name) <= tolerance(wanted))
                .sorted(Comparator.comparingInt((String name) -> distance(wanted, name))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MOST_NEAR)
                .toList();
        if (near.isEmpty()) {
            return "";
        }
        return (last ? "" : " (no directory " + shown(wanted) + ")") + "; near names: "
                + near.stream().map(name -> describe(wanted, name)).collect(Collectors.joining(", "));
    }

    /**
     * The one name in a folder that has the same letters in another Unicode form, as macOS and other systems write them;
     * null if there is none, or several.
     */
    static @Nullable Path inOtherForm(OpenFolder folder, Path wanted) throws IOException {
        String text = PathText.text(wanted);
        if (text.chars().allMatch(c -> c < 0x80)) {
            return null;
        }
        String letters = composed(text);
        List<Path> same = folder.names().stream()
                .filter(name -> composed(PathText.text(name)).equals(letters))
                .toList();
        return same.size() == 1 ? same.get(0) : null;
    }

    private static String describe(String wanted, String name) {
        boolean sameLetters = composed(wanted).equals(composed(name));
        return sameLetters ? shown(name) + " (other Unicode form: " + escaped(name) + ")" : shown(name);
    }

    private static String escaped(String name) {
        StringBuilder text = new StringBuilder();
        name.chars().forEach(c -> {
            if (c < 0x7F) {
                text.append((char) c);
            } else {
                text.append(escaped((char) c));
            }
        });
        return text.toString();
    }

    private static int tolerance(String wanted) {
        return Math.max(1, wanted.length() / 3);
    }

    /** The edit distance of two names, where case and Unicode form count for nothing. */
    private static int distance(String a, String b) {
        String from = composed(a).toLowerCase(Locale.ROOT);
        String to = composed(b).toLowerCase(Locale.ROOT);
        if (Math.abs(from.length() - to.length()) > tolerance(a)) {
            return Integer.MAX_VALUE;
        }
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }

    private static String composed(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFC);
    }
}
