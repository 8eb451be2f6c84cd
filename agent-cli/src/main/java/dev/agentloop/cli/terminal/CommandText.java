package dev.agentloop.cli.terminal;

import java.util.ArrayList;
import java.util.List;

/**
 * A command line that the user may copy. Where it is longer than a line of the terminal, it goes on after a backslash, as a
 * shell takes it. Immutable.
 *
 * @param words as the shell takes them
 */
public record CommandText(List<String> words) {
    private static final int INDENTATION = 4;

    public CommandText {
        words = List.copyOf(words);
    }

    /**
     * The lines of it.
     *
     * @param label what stands before it
     * @param width how many columns a line has; 0 for one line
     */
    List<String> lines(String label, int width) {
        if (width == 0 || label.length() + 1 + toString().length() <= width) {
            return List.of(label + " " + this);
        }
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(label);
        int indentation = label.length() - label.stripLeading().length() + INDENTATION;
        for (String option : options()) {
            if (!line.toString().isBlank() && line.length() + 1 + option.length() + " \\".length() > width) {
                lines.add(line + (lines.isEmpty() && line.toString().equals(label) ? "" : " \\"));
                line = new StringBuilder(" ".repeat(indentation)).append(option);
            } else {
                line.append(' ').append(option);
            }
        }
        lines.add(line.toString());
        return lines;
    }

    /** The same with an option more. */
    public CommandText with(String option, String value) {
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of(option, value));
        return new CommandText(all);
    }

    /** An option and its value stay together. */
    private List<String> options() {
        List<String> options = new ArrayList<>();
        for (String word : words) {
            int last = options.size() - 1;
            boolean value = last >= 0 && options.get(last).matches("--[a-z-]+") && !word.startsWith("--");
            if (value) {
                options.set(last, options.get(last) + " " + word);
            } else {
                options.add(word);
            }
        }
        return options;
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
