package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Compactor;
import dev.agentloop.testkit.internal.compaction.RandomTalks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What must hold after every compaction, whatever conversation was shortened. A compactor's test extends this class, makes
 * the compactor, with a {@link ScriptedModel} behind it if it asks one, and says what kind of window it gives.
 *
 * <pre>{@code
 * class MyCompactorTest extends CompactorContract {
 *     protected Compactor compactor() {
 *         return new MyCompactor();
 *     }
 *
 *     protected Kind kind() {
 *         return Kind.BUILT;
 *     }
 * }
 * }</pre>
 *
 * <p>The suite holds random conversations with it: tool loops, parallel calls, reasoning, images, items of unknown kinds,
 * pins, forks, resumes, compactions that are due, asked for or taken back, and changed efforts, tools, rights, dates and
 * AGENTS.md. {@code -Dcompaction.runs} says how many. A failure names the {@code -Dcompaction.seed} that repeats it. Who
 * sees to what:
 *
 * <table>
 * <caption>Invariants by the kind of window</caption>
 * <tr><th>After a compaction</th><th>built</th><th>returned</th></tr>
 * <tr><td>the prompt is not empty, and has fewer tokens</td><td>compactor</td><td>compactor</td></tr>
 * <tr><td>calls and outputs are paired</td><td>compactor</td><td>compactor</td></tr>
 * <tr><td>reasoning stands before what it led to, and no call without its own</td><td>compactor</td>
 *     <td>compactor</td></tr>
 * <tr><td>the newest message of the user's is there word for word</td><td>compactor</td><td>cannot be seen</td></tr>
 * <tr><td>the newest response and all behind it is there word for word</td><td>compactor</td>
 *     <td>cannot be seen</td></tr>
 * <tr><td>the newest call of tools that are kept, and its output, is there word for word</td><td>compactor</td>
 *     <td>loop</td></tr>
 * <tr><td>pins are there word for word</td><td>compactor</td><td>loop</td></tr>
 * <tr><td>the compaction item has the server's id</td><td></td><td>compactor</td></tr>
 * <tr><td>the server's items come first, unchanged, with the ids that it gave them</td><td></td><td>loop</td></tr>
 * <tr><td>permissions, AGENTS.md and environment are the newest</td><td>loop</td><td>loop</td></tr>
 * <tr><td>appended effort and tools hold</td><td>loop</td><td>loop</td></tr>
 * <tr><td>the full log stays, and has the prompt before</td><td>loop</td><td>loop</td></tr>
 * <tr><td>undone, the prompt is the one before and what came later</td><td>loop</td><td>loop</td></tr>
 * <tr><td>the next request begins with the prompt</td><td>loop</td><td>loop</td></tr>
 * <tr><td>a resumed conversation has the same bytes</td><td>loop</td><td>loop</td></tr>
 * </table>
 */
@Timeout(300)
public abstract class CompactorContract {
    private static final int RUNS = Integer.getInteger("compaction.runs", 1_050);

    /** A suite; JUnit makes one for each test. */
    protected CompactorContract() {}

    /** What kind of window a compactor gives. */
    public enum Kind {
        /** It puts items together itself: {@link Compactor.Window#built}. */
        BUILT,
        /** It passes on what a server gave: {@link Compactor.Window#returned}. */
        RETURNED
    }

    /** A new compactor, that gives the same window for the same prompt. */
    protected abstract Compactor compactor();

    /** The kind of all its windows. */
    protected abstract Kind kind();

    @Test
    void randomConversations_keepAllInvariants(@TempDir Path workspace) throws IOException {
        long seed = Long.getLong("compaction.seed", System.nanoTime());
        Path project = Files.createDirectory(ofOneLength(workspace));
        int compactions = 0;
        for (int run = 0; run < RUNS; run++) {
            try (RandomTalks talks =
                    new RandomTalks(compactor(), kind() == Kind.RETURNED, new Random(seed + run), project)) {
                compactions += talks.hold();
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "-Dcompaction.seed=" + (seed + run) + " -Dcompaction.runs=1: " + e.getMessage(), e);
            }
        }
        assertThat(RUNS < 100 || compactions > RUNS / 2)
                .as("there were %d compactions in %d conversations", compactions, RUNS)
                .isTrue();
    }

    // Prompts name the folder, and JUnit's has a random number in its name: a seed repeats a failure only if it is as
    // long.
    private static Path ofOneLength(Path folder) {
        int name = folder.getFileName().toString().length();
        return folder.resolve("x".repeat(Math.max(1, 50 - name)));
    }
}
