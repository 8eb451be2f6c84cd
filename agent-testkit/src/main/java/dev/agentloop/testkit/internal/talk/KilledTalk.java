package dev.agentloop.testkit.internal.talk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.CrashHarness;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Random talk by processes that are killed; a store's test extends this, and says how a process opens one. */
public abstract class KilledTalk {
    /** How many kills the conversations of one talk see. */
    private static final int KILLS = 10;
    /** A process is killed at one of so many points, or comes to its end before. */
    private static final int POINTS = 120;

    private static final int OPERATIONS = 5;

    /** Where the journals lie. */
    @TempDir
    protected Path temp;

    /** For implementations. */
    @SuppressWarnings("NullAway.Init") // JUnit makes the folder.
    protected KilledTalk() {}

    /** Begins with an empty store, for one talk. */
    protected abstract void begin() throws Exception;

    /** Opens the store of that talk. */
    protected abstract ConversationStore open() throws Exception;

    /** The program that opens it and calls {@link TalkChild#hold}: with {@link #arguments}, journal and seed. */
    protected abstract Class<?> child();

    /** What the program must know of the store. */
    protected abstract List<String> arguments();

    /** How many kills there are in all, of which a tenth is done by default. */
    protected abstract int kills();

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void killedProcess_losesNothing_andTheNextOneGoesOn(TestReporter report) throws Exception {
        long seed = TalkAmount.seed(report);
        int all = TalkAmount.of(kills());
        int kills = 0;
        for (long talk = seed; kills < all; talk++) {
            begin();
            Path journal = temp.resolve("journal-" + talk);
            Random random = new Random(talk);
            for (int process = 0; process < KILLS && kills < all; process++) {
                String where = "-Dagentloop.talk.seed=" + talk + ", process " + process;
                try {
                    kills += killed(journal, random) ? 1 : 0;
                } catch (AssertionError e) {
                    throw new AssertionError(where + ": " + e.getMessage(), e);
                }
            }
        }
        report.publishEntry("kills", String.valueOf(kills));
        assertThat(kills).isEqualTo(all);
    }

    private boolean killed(Path journal, Random random) throws Exception {
        long seed = random.nextLong();
        String[] arguments = Stream.concat(arguments().stream(), Stream.of(journal.toString(), String.valueOf(seed)))
                .toArray(String[]::new);
        CrashHarness.Run run = CrashHarness.of(child()).stopAt(1 + random.nextInt(POINTS), arguments);
        try (ConversationStore store = open();
                Talk talk = new Talk(store, random.nextLong(), Journal.in(journal))) {
            talk.takeOver(random);
            for (int i = 0; i < OPERATIONS; i++) {
                talk.perform(Operation.any(random));
            }
        } catch (AssertionError e) {
            throw new AssertionError("killed at " + run.stoppedAt() + ": " + e.getMessage(), e);
        }
        return run.stoppedAt().isPresent();
    }
}
