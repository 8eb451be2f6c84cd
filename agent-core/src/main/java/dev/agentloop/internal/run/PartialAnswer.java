package dev.agentloop.internal.run;

import dev.agentloop.internal.control.Mailbox;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import java.time.Duration;

/**
 * Keeps in the log what a person has seen of an answer that is not whole yet: of a process that dies meanwhile all but the last
 * moment is there. The model never sees it. Belongs to the loop's thread.
 *
 * <p>Written is what has waited for half a second, by a timer, so also where the stream has fallen silent; an answer that is
 * over before leaves nothing.
 */
final class PartialAnswer {
    private static final Duration LONGEST_WAIT = Duration.ofMillis(500);
    private static final int MOST_CHARACTERS = 4 * 1024;
    private static final long NONE = 0;

    private final Log log;
    private final Mailbox mailbox;
    private final StringBuilder waiting = new StringBuilder();
    // So much of it belongs to messages that are whole.
    private int whole;
    private long timer = NONE;

    PartialAnswer(Log log, Mailbox mailbox) {
        this.log = log;
        this.mailbox = mailbox;
    }

    /** A piece of the answer came in. */
    void add(String text) {
        waiting.append(text);
        if (waiting.length() >= MOST_CHARACTERS) {
            write();
            log.commit();
        } else if (timer == NONE && !waiting.isEmpty()) {
            timer = mailbox.after(LONGEST_WAIT, () -> {
                write();
                log.commit();
            });
        }
    }

    /** A message of the answer is whole, and awaits being written by itself. */
    void messageWhole() {
        whole = waiting.length();
    }

    /** What is whole is in the log by itself. */
    void wholeWritten() {
        waiting.delete(0, whole);
        whole = 0;
        if (waiting.isEmpty()) {
            forget();
        }
    }

    /** Puts what waits into the log, for the next commit: the answer will not become whole. */
    void write() {
        if (!waiting.isEmpty()) {
            log.add(Entry.partial(waiting.toString()));
        }
        forget();
    }

    /** Takes no more interest in what waits. */
    void forget() {
        waiting.setLength(0);
        whole = 0;
        if (timer != NONE) {
            mailbox.forget(timer);
            timer = NONE;
        }
    }
}
