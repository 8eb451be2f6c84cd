package dev.agentloop.testkit.internal.talk;

import java.util.Random;

/**
 * Something that a host does. What exactly, is drawn from the seed when it is done: so an operation can be left out of a talk,
 * and those after it still mean something.
 */
record Operation(Kind kind, long seed) {
    /** What is done, and how often among a hundred or so. */
    enum Kind {
        RUN(26),
        GO_ON(8),
        APPEND(7),
        RESPOND(9),
        ANSWER(3),
        NEW(2),
        FORK(5),
        REDACT(4),
        COMPACT(5),
        UNDO(4),
        DECIDE(8),
        REVOKE(2),
        PIN(3),
        UNPIN(2),
        CHANGE(8),
        REPIN(2),
        RESUME(5),
        PAST(3);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    /** The next operation of a random talk. */
    static Operation any(Random random) {
        int all = 0;
        for (Kind kind : Kind.values()) {
            all += kind.weight;
        }
        int place = random.nextInt(all);
        int at = 0;
        while (place >= Kind.values()[at].weight) {
            place -= Kind.values()[at++].weight;
        }
        return new Operation(Kind.values()[at], random.nextLong());
    }

    @Override
    public String toString() {
        return kind + " " + seed;
    }
}
