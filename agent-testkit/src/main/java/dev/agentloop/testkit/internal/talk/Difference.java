package dev.agentloop.testkit.internal.talk;

/** Where two texts begin to differ, for a person. */
final class Difference {
    private static final int BEFORE = 200;
    private static final int AFTER = 500;

    private Difference() {}

    static String of(String one, String other) {
        int at = 0;
        while (at < Math.min(one.length(), other.length()) && one.charAt(at) == other.charAt(at)) {
            at++;
        }
        return "at character " + at + ":\n" + cut(one, at) + "\n" + cut(other, at);
    }

    private static String cut(String text, int at) {
        int from = Math.max(0, at - BEFORE);
        return (from > 0 ? "…" : "") + text.substring(from, Math.min(text.length(), at + AFTER));
    }
}
