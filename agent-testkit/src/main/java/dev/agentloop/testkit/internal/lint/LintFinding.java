package dev.agentloop.testkit.internal.lint;

import java.util.List;

/**
 * A volatile value in a prompt.
 *
 * @param section where it is, such as {@code input[1].content[0].text}
 * @param offset the byte of the request
 * @param kind what it seems to be
 * @param usual the value in the usual process, with some text around it
 * @param other the value in another process; empty where it was found by searching
 * @param conditions what the other value goes with, in words; empty where it was found by searching
 */
public record LintFinding(
        String section, int offset, String kind, String usual, String other, List<String> conditions) {

    /** All findings as a text for whoever wrote the prompt. */
    public static String report(String supplier, List<LintFinding> findings) {
        StringBuilder text =
                new StringBuilder("the prompt of " + supplier + " is not the same everywhere, so a provider"
                        + " would not find it in its cache; " + findings.size()
                        + (findings.size() == 1 ? " place holds" : " places hold") + " what changes:");
        for (LintFinding finding : findings) {
            text.append("\n- ").append(finding);
        }
        return text.append(
                        "\nTake it out, or fix it (sort, use Locale.ROOT, hand in a constant). What the model must know"
                                + " goes into an item of the input that is written once; allow(\"input[1]\") accepts one.")
                .toString();
    }

    @Override
    public String toString() {
        String head = section + ", byte " + offset + ": " + kind;
        return other.isEmpty()
                ? head + " stands in it\n      " + usual
                : head + ", which differs " + String.join(", ", conditions) + "\n      " + usual + "\n      " + other;
    }
}
