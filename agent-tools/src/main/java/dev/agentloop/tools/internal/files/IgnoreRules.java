package dev.agentloop.tools.internal.files;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code .gitignore} files say about a path: the rules of one folder on top of those of the folders above it.
 *
 * <p>The rules are git's (gitignore(5)): of several patterns in a file the last one that matches decides, a deeper
 * file overrides a higher one, {@code !} takes a path back in, a pattern with a slash is bound to its folder, one
 * that ends in a slash means folders only. That nothing below an ignored folder can come back is up to the caller, who
 * does not enter it. Immutable.
 */
final class IgnoreRules {
    /** No rules at all. */
    static final IgnoreRules NONE = new IgnoreRules(null, "", List.of());

    private final @Nullable IgnoreRules above;
    private final String folder;
    private final List<Rule> rules;

    private IgnoreRules(@Nullable IgnoreRules above, String folder, List<Rule> rules) {
        this.above = above;
        this.folder = folder;
        this.rules = rules;
    }

    /**
     * Adds the rules of one file.
     *
     * @param folder the folder that the file speaks about: its path from the top with a slash after each element,
     *     empty for the top
     * @param text the file
     */
    IgnoreRules plus(String folder, String text) {
        List<Rule> read = Rule.parse(text);
        return read.isEmpty() ? this : new IgnoreRules(this, folder, read);
    }

    /**
     * Whether the path itself is ignored.
     *
     * @param path from the top, with {@code /} between elements, inside the folder of these rules
     */
    boolean ignores(String path, boolean directory) {
        for (IgnoreRules level = this; level != null; level = level.above) {
            if (!path.startsWith(level.folder)) {
                continue;
            }
            String name = path.substring(level.folder.length());
            for (int i = level.rules.size() - 1; i >= 0; i--) {
                Rule rule = level.rules.get(i);
                if (rule.matches(name, directory)) {
                    return !rule.negated;
                }
            }
        }
        return false;
    }

    /** One line of an ignore file. */
    private record Rule(Glob glob, boolean negated, boolean directoryOnly, boolean anywhere) {
        static List<Rule> parse(String text) {
            List<Rule> rules = new ArrayList<>();
            String unmarked = text.startsWith("\uFEFF") ? text.substring(1) : text;
            for (String line : unmarked.split("\n", -1)) {
                String entry = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
                String pattern = withoutTrailingSpaces(entry);
                if (!pattern.isEmpty() && !entry.startsWith("#")) {
                    rules.add(of(pattern));
                }
            }
            return rules;
        }

        private static Rule of(String line) {
            boolean negated = line.startsWith("!");
            String pattern = negated ? line.substring(1) : line;
            boolean directoryOnly = pattern.endsWith("/");
            if (directoryOnly) {
                pattern = pattern.substring(0, pattern.length() - 1);
            }
            boolean anywhere = pattern.indexOf('/') < 0;
            if (pattern.startsWith("/")) {
                pattern = pattern.substring(1);
            }
            return new Rule(Glob.of(pattern, literalLength(pattern)), negated, directoryOnly, anywhere);
        }

        private static int literalLength(String pattern) {
            int i = 0;
            while (i < pattern.length() && "*?[\\".indexOf(pattern.charAt(i)) < 0) {
                i++;
            }
            return i;
        }

        /** Spaces at the end count only behind a backslash. */
        private static String withoutTrailingSpaces(String line) {
            int end = 0;
            for (int i = 0; i < line.length(); i++) {
                if (line.charAt(i) == '\\') {
                    i++;
                    end = Math.min(i + 1, line.length());
                } else if (line.charAt(i) != ' ') {
                    end = i + 1;
                }
            }
            return line.substring(0, end);
        }

        boolean matches(String name, boolean directory) {
            if (directoryOnly && !directory) {
                return false;
            }
            return glob.matches(anywhere ? name.substring(name.lastIndexOf('/') + 1) : name);
        }
    }
}
