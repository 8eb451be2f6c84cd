package dev.agentloop.testkit.internal.talk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/** Random talk in a store; a store's test extends this, and says how to open one. */
public abstract class RandomTalk {
    /** How many operations one talk has. */
    private static final int LENGTH = 30;

    /** For implementations. */
    protected RandomTalk() {}

    /** Opens a store without conversations, for one talk. */
    protected abstract ConversationStore open() throws Exception;

    /** How many operations there are in all, of which a tenth is done by default. */
    protected abstract int operations();

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void talk_agreesWithItsLog_afterEachOperation(TestReporter report) throws Exception {
        long seed = TalkAmount.seed(report);
        int all = TalkAmount.of(operations());
        int done = 0;
        for (long talk = seed; done < all; talk++) {
            long from = talk;
            List<Operation> operations = operations(talk);
            Throwable failure = held(talk, operations);
            if (failure != null) {
                AssertionError shortest = new Shortest(rest -> held(from, rest), operations, failure).find();
                throw new AssertionError(
                        "-Dagentloop.talk.seed=" + talk + " -Dagentloop.talk=1, " + shortest.getMessage(), failure);
            }
            done += operations.size();
        }
        assertThat(done).isGreaterThanOrEqualTo(all);
    }

    static List<Operation> operations(long seed) {
        Random random = new Random(seed);
        List<Operation> operations = new ArrayList<>();
        for (int i = 0; i < LENGTH; i++) {
            operations.add(Operation.any(random));
        }
        return operations;
    }

    private @Nullable Throwable held(long seed, List<Operation> operations) throws Exception {
        try (ConversationStore store = open()) {
            return held(store, seed, operations);
        }
    }

    /** Holds a talk of these operations; what went wrong, or null. */
    static @Nullable Throwable held(ConversationStore store, long seed, List<Operation> operations) {
        try (Talk talk = new Talk(store, seed, Journal.none())) {
            operations.forEach(talk::perform);
            return null;
        } catch (AssertionError | RuntimeException e) {
            return e;
        }
    }
}
