package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Names that a missing one may have been meant to be. */
final class NearNames {
    private static final int MOST = 3;

    private NearNames() {}

    /**
     * A clause for an error about a missing entry: the names beside it that look like it, or nothing.
     *
     * @param last whether it is the last element of the path, and not a folder on the way
     */
    static String hint(OpenFolder folder, Path missing, boolean last) throws IOException {
        String wanted = PathText.text(missing);
        List<String> near = folder.names().stream()
                .map(PathText::text)
                .filter(name -> distance(wanted, name) <= tolerance(wanted))
                .sorted(Comparator.comparingInt((String name) -> distance(wanted, name))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MOST)
                .toList();
        if (near.isEmpty()) {
            return "";
        }
        return (last ? "" : " (no directory " + FileNames.shown(wanted) + ")") + "; near names: "
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
        return sameLetters
                ? FileNames.shown(name) + " (other Unicode form: " + escaped(name) + ")"
                : FileNames.shown(name);
    }

    private static String escaped(String name) {
        StringBuilder text = new StringBuilder();
        name.chars().forEach(c -> {
            if (c < 0x7F) {
                text.append((char) c);
            } else {
                text.append(FileNames.escaped((char) c));
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
