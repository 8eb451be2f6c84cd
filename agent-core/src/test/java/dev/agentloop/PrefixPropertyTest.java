package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.internal.prompt.PrefixDifference;
import dev.agentloop.spi.LogEntry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Random hosts: whatever they change between and during turns, a request begins with the one before it, or the log has an
 * entry that says why not.
 */
class PrefixPropertyTest {
    /** So many conversations, each of several turns and resumes; {@code -Dprefix.runs} asks for another number. */
    private static final int RUNS = Integer.getInteger("prefix.runs", 10_000);

    private final Locale locale = Locale.getDefault();
    private final TimeZone zone = TimeZone.getDefault();

    // A line for each of a hundred thousand runs would take longer than the runs.
    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.agentloop");

    @BeforeEach
    void logFailuresOnly() {
        logger.setLevel(Level.ERROR);
    }

    @AfterEach
    void restore() {
        logger.setLevel(null);
        Locale.setDefault(locale);
        TimeZone.setDefault(zone);
    }

    /** One request: what it said, and how far the log was when it was sent. */
    record Sent(Prompt prompt, long version) {}

    @Test
    void everyRequest_beginsWithTheOneBefore_orTheLogSaysWhyNot() {
        long seed = Long.getLong("prefix.seed", System.nanoTime());
        int requests = 0;
        int epochs = 0;
        int forks = 0;
        for (int run = 0; run < RUNS; run++) {
            RandomHost host = new RandomHost(new Random(seed + run));
            String about = "-Dprefix.seed=" + (seed + run) + " -Dprefix.runs=1";
            try {
                host.converse();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("the host failed, " + about, e);
            }
            for (RandomHost.Line line : host.lines()) {
                epochs += check(line.sent(), host.store().read(line.conversation(), 0, 10_000), about);
                requests += line.sent().size();
            }
            forks += host.lines().size() - 1;
        }
        // Or else the hosts are too tame to show anything.
        assertThat(requests).isGreaterThan(4 * RUNS);
        assertThat(RUNS < 100 || epochs > RUNS / 2 && forks > RUNS / 10)
                .as("%d epochs and %d forks in %d conversations", epochs, forks, RUNS)
                .isTrue();
    }

    /** Checks the requests of one conversation; the number of epochs that were begun between them. */
    private static int check(List<Sent> sent, List<LogEntry> log, String about) {
        int epochs = 0;
        for (int i = 1; i < sent.size(); i++) {
            Sent before = sent.get(i - 1);
            Sent after = sent.get(i);
            List<String> reasons = log.stream()
                    .filter(entry -> entry.version() > before.version() && entry.version() <= after.version())
                    .filter(entry -> entry.kind().startsWith("epoch"))
                    .map(entry -> new String(entry.content(), UTF_8).replaceAll("^\\{\"reason\":\"(\\w*)\".*", "$1"))
                    .toList();
            assertThat(reasons).as("reasons of epochs, %s", about).allMatch(reason -> reason.matches("[a-z_]+"));
            if (reasons.isEmpty() && !beginsWith(after.prompt(), before.prompt())) {
                throw new AssertionError("request " + i + " does not begin with the one before it, and no entry between"
                        + " versions " + before.version() + " and " + after.version() + " says why; " + about + "; "
                        + new PrefixDifference(before.prompt(), after.prompt())
                                .find(null)
                                .describe());
            }
            epochs += reasons.size();
        }
        return epochs;
    }

    // By the bytes, and not by the hashes that the library goes by.
    private static boolean beginsWith(Prompt longer, Prompt shorter) {
        List<ByteBuffer> old = shorter.wire();
        List<ByteBuffer> fresh = longer.wire();
        for (int i = 0; i < old.size(); i++) {
            ByteBuffer then = old.get(i);
            if (i >= fresh.size() || fresh.get(i).remaining() < then.remaining()) {
                return false;
            }
            ByteBuffer now = fresh.get(i);
            now.limit(now.position() + then.remaining());
            if (now.mismatch(then) >= 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aBreakWithoutAnEntry_failsTheCheck() {
        int caught = 0;
        for (int seed = 0; seed < 100; seed++) {
            RandomHost host = new RandomHost(new Random(seed));
            host.converse();
            for (RandomHost.Line line : host.lines()) {
                List<LogEntry> log = host.store().read(line.conversation(), 0, 10_000);
                if (check(line.sent(), log, "") > 0) {
                    List<LogEntry> silent = log.stream()
                            .filter(entry -> !entry.kind().startsWith("epoch"))
                            .toList();
                    assertThatThrownBy(() -> check(line.sent(), silent, "made up"))
                            .isInstanceOf(AssertionError.class)
                            .hasMessageContaining(
                                    "does not begin with the one before it, and no entry between versions");
                    caught++;
                }
            }
        }
        assertThat(caught).isGreaterThan(10);
    }

    @Test
    void aMovedByte_failsTheCheck() {
        Prompt one = Prompt.of(PromptSettings.of("m").build(), Toolbox.empty()).plus(List.of(Item.user("a")));
        Prompt other = Prompt.of(PromptSettings.of("m").build(), Toolbox.empty())
                .plus(List.of(Item.user("A"), Item.user("b")));
        assertThatThrownBy(() -> check(List.of(new Sent(one, 1), new Sent(other, 2)), List.of(), "made up"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("input[0].content[0].text was edited");
    }
}
