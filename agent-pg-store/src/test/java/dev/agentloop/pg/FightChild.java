package dev.agentloop.pg;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.RunOptions;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.LoggerFactory;

/**
 * One JVM of the fight: two loops and one writer by hand, until the file {@code end} is in its folder. Arguments: the folder,
 * its name, the server's URL, user and password, the conversation, by how many seconds its clock is wrong, a seed.
 */
final class FightChild {
    static final Duration BEAT = Duration.ofMillis(100);
    static final Duration BOUND = Duration.ofSeconds(1);

    private static final int MOST_NOTES = 25;
    private static final int PAUSE_MILLIS = 20;

    private final Path folder;
    private final String name;
    private final String conversation;
    private final Random random;
    private final FightRecord record;

    private FightChild(String... args) {
        folder = Path.of(args[0]);
        name = args[1];
        conversation = args[5];
        random = new Random(Long.parseLong(args[7]));
        record = new FightRecord(FightAccounts.file(folder, name));
    }

    /** A store with the heartbeat of the fight. */
    static PgConversationStore store(String url, String user, String password) {
        return PgConversationStore.builder(url, user, password)
                .allowDataLoss()
                .heartbeat(BEAT, BOUND)
                .open();
    }

    public static void main(String[] args) throws InterruptedException {
        beQuiet();
        endWithParent();
        FightChild child = new FightChild(args);
        try (PgConversationStore store = store(args[2], args[3], args[4]);
                HikariDataSource resource = Pool.of(Pool.unpooled(args[2], args[3], args[4]), 2, false)) {
            child.record.process(store.leases().process());
            Clock clock = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(Long.parseLong(args[6])));
            List<Thread> threads = new ArrayList<>();
            for (String writer : List.of("loop1", "loop2")) {
                FightLoop loop = new FightLoop(
                        child.around(store, writer), child.conversation, resource, clock, child.random.nextLong());
                threads.add(child.thread(writer, () -> loop.run(child.anyWay())));
            }
            FightRaw raw = new FightRaw(child.around(store, "raw"), child.conversation);
            threads.add(child.thread("raw", () -> child.turnByHand(store, raw)));
            for (Thread thread : threads) {
                thread.join();
            }
        }
        child.record.close();
        System.exit(0);
    }

    /** Says only what is wrong. */
    static void beQuiet() {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.ERROR);
    }

    // Nobody could end it else.
    private static void endWithParent() {
        Thread watch = new Thread(
                () -> {
                    try {
                        System.in.transferTo(OutputStream.nullOutputStream());
                    } catch (IOException e) {
                        Runtime.getRuntime().halt(2);
                    }
                    Runtime.getRuntime().halt(1);
                },
                "watch");
        watch.setDaemon(true);
        watch.start();
    }

    private FightStore around(PgConversationStore store, String writer) {
        return new FightStore(store, record, name + "-" + writer);
    }

    private Thread thread(String title, Runnable work) {
        Thread thread = new Thread(
                () -> {
                    while (!Files.exists(folder.resolve("end"))) {
                        try {
                            work.run();
                        } catch (StoreException e) {
                            record.refused("hand " + e.kind());
                        } catch (RuntimeException | Error e) {
                            record.unexpected(e);
                        }
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(number(PAUSE_MILLIS)));
                    }
                },
                title);
        thread.start();
        return thread;
    }

    private RunOptions.WhenBusy anyWay() {
        List<RunOptions.WhenBusy> ways = List.of(RunOptions.WhenBusy.values());
        return ways.get(number(ways.size()));
    }

    private synchronized int number(int bound) {
        return random.nextInt(bound);
    }

    /** Takes the turn, mostly only where nobody has it; not at all from others while the fight measures how long they wait. */
    private void turnByHand(PgConversationStore store, FightRaw raw) {
        boolean rude = number(100) == 0 && !Files.exists(folder.resolve("calm"));
        if (!rude && (number(8) > 0 || !FightRaw.isFree(store, conversation))) {
            return;
        }
        raw.begin();
        for (int i = number(MOST_NOTES); i >= 0; i--) {
            raw.note(1 + number(3));
        }
        raw.end();
    }
}
