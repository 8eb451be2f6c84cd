package dev.agentloop.tools;

/**
 * A text that asks a deadline every few thousand characters read: the only way to end a regular expression of
 * {@code java.util.regex} that backtracks without end. Belongs to one thread.
 */
final class TimedText implements CharSequence {
    private static final int PATIENCE = 8192;

    private final CharSequence text;
    private final Deadline deadline;
    private int reads;

    TimedText(CharSequence text, Deadline deadline) {
        this.text = text;
        this.deadline = deadline;
    }

    @Override
    public char charAt(int index) {
        if (++reads == PATIENCE) {
            reads = 0;
            deadline.check();
        }
        return text.charAt(index);
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return new TimedText(text.subSequence(start, end), deadline);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
