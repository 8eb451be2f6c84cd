package dev.agentloop.testkit.internal.talk;

import org.junit.jupiter.api.TestReporter;

/** How much is talked, and from which seed on. */
final class TalkAmount {
    private TalkAmount() {}

    /** The seed of the first talk: {@code agentloop.talk.seed}, or a fresh one. */
    static long seed(TestReporter report) {
        long seed = Long.getLong("agentloop.talk.seed", System.nanoTime());
        report.publishEntry("-Dagentloop.talk.seed", String.valueOf(seed));
        return seed;
    }

    /**
     * How much of an amount is done: a tenth, all with {@code -Dagentloop.talk=all}, or the share that
     * {@code agentloop.talk} says in per mille.
     */
    static int of(int all) {
        String asked = System.getProperty("agentloop.talk", "100");
        return asked.equals("all") ? all : Math.max(1, (int) ((long) all * Integer.parseInt(asked) / 1_000));
    }
}
