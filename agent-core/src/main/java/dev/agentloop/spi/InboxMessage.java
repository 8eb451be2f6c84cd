package dev.agentloop.spi;

import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Something that was left for whoever owns a conversation's turn: a decision, more input, a cancellation. Immutable by
 * agreement: nobody writes to the array.
 *
 * @param id names the message in its conversation, 1 to 200 characters; of several with one id the first one stays, so that
 *     a decision about a call has the call's id in its own
 * @param kind what it is; a reader passes over kinds that it does not know
 * @param payload JSON in UTF-8
 * @param at when it was left, by the store's clock; what a sender says here is not kept
 */
public record InboxMessage(String id, String kind, byte[] payload, Instant at) {
    private static final int LONGEST_ID = 200;

    public InboxMessage {
        if (id.isEmpty() || id.length() > LONGEST_ID) {
            throw new IllegalArgumentException(
                    "the id of a message has 1 to " + LONGEST_ID + " characters, but this one has " + id.length());
        }
    }

    /** A message that is about to be left. */
    public static InboxMessage of(String id, String kind, byte[] payload) {
        return new InboxMessage(id, kind, payload, Instant.EPOCH);
    }

    /** The same message, left at that time. */
    public InboxMessage leftAt(Instant time) {
        return new InboxMessage(id, kind, payload, time);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InboxMessage message
                && id.equals(message.id)
                && kind.equals(message.kind)
                && at.equals(message.at)
                && Arrays.equals(payload, message.payload);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return kind + " " + id + ", " + payload.length + " bytes, left at " + at;
    }
}
