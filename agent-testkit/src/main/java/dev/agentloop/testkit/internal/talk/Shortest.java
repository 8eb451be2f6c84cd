package dev.agentloop.testkit.internal.talk;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Leaves operations out of a talk for as long as the same goes wrong in it. */
final class Shortest {
    /** After so many talks it is short enough. */
    private static final int MOST_TRIES = 300;

    /** Holds a talk of these operations. */
    @FunctionalInterface
    interface Held {
        /** What goes wrong; null where nothing does. */
        @Nullable
        Throwable by(List<Operation> operations) throws Exception;
    }

    private final Held held;
    private Throwable failure;
    private List<Operation> operations;
    private int tries;

    Shortest(Held held, List<Operation> operations, Throwable failure) {
        this.held = held;
        this.operations = operations;
        this.failure = failure;
    }

    /** The shortest talk that was found, with what goes wrong in it. */
    AssertionError find() throws Exception {
        for (int piece = Math.max(1, operations.size() / 2); piece >= 1; piece /= 2) {
            int at = 0;
            while (at < operations.size() && tries < MOST_TRIES) {
                at += leftOut(at, piece) ? 0 : piece;
            }
        }
        return new AssertionError(
                operations.size() + " operations: " + operations + "\n" + failure.getMessage(), failure);
    }

    private boolean leftOut(int at, int piece) throws Exception {
        List<Operation> rest = new ArrayList<>(operations);
        rest.subList(at, Math.min(at + piece, rest.size())).clear();
        tries++;
        Throwable found = held.by(rest);
        if (found == null || !kind(found).equals(kind(failure))) {
            return false;
        }
        operations = rest;
        failure = found;
        return true;
    }

    // Versions, words and bytes differ from one talk to the next.
    private static String kind(Throwable failure) {
        String words = String.valueOf(failure.getMessage()).replaceAll("cnry\\w+|[0-9a-f-]{20,}|[0-9]+", "#");
        return words.substring(0, Math.min(words.length(), 60));
    }
}
