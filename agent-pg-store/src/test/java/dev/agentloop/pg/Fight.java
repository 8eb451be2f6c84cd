package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/**
 * Four JVMs that want one conversation, while this one stops, resumes, kills and restarts them by chance. Their clocks are
 * wrong by minutes to years.
 */
final class Fight implements AutoCloseable {
    private static final int JVMS = 4;
    private static final int MOST_PAUSED = 2;
    private static final List<Duration> SKEWS =
            List.of(Duration.ofMinutes(-7), Duration.ofHours(30), Duration.ofDays(-3 * 365), Duration.ofDays(11 * 365));
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final EmbeddedPostgres server;
    private final Path folder;
    private final String conversation;
    private final Random random;
    private final Connection connection;
    private final List<FightJvm> jvms = new ArrayList<>();
    private final List<Duration> afterKill = new ArrayList<>();
    private final List<Duration> afterPause = new ArrayList<>();
    private int started;
    private int kills;
    private int pauses;

    Fight(EmbeddedPostgres server, Path folder, String conversation, long seed) throws SQLException {
        this.server = server;
        this.folder = folder;
        this.conversation = conversation;
        random = new Random(seed);
        connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
    }

    /** How long a conversation waited for a new owner after the old one was killed, each time. */
    List<Duration> afterKill() {
        return afterKill;
    }

    /** The same after the old one was stopped. */
    List<Duration> afterPause() {
        return afterPause;
    }

    int kills() {
        return kills;
    }

    int pauses() {
        return pauses;
    }

    /** Fights until so many appends were acknowledged, and has all JVMs end. */
    void run(int appends) throws InterruptedException, SQLException {
        for (int i = 0; i < JVMS; i++) {
            jvms.add(start(i));
        }
        awaitGrowth(100);
        while (FightAccounts.in(folder).acknowledged().size() < appends) {
            switch (random.nextInt(5)) {
                case 0, 1 -> killOwner();
                case 2 -> killAny();
                case 3 -> pauseOwner();
                default -> pauseAny();
            }
            awaitGrowth(50 + random.nextInt(300));
            resumeSome();
        }
        mark("end", true);
        for (FightJvm jvm : jvms) {
            resume(jvm);
        }
        for (FightJvm jvm : jvms) {
            if (jvm.awaitEnd() != 0) {
                throw new AssertionError(jvm.name() + " failed; it said:\n" + jvm.output());
            }
        }
    }

    private FightJvm start(int place) {
        return FightJvm.start(
                FightChild.class,
                "jvm" + place + "-" + ++started,
                folder,
                server.jdbcUrl(),
                server.user(),
                server.password(),
                conversation,
                Long.toString(SKEWS.get(place).toSeconds()),
                Long.toString(random.nextLong()));
    }

    private void killAny() {
        int place = random.nextInt(JVMS);
        jvms.get(place).kill();
        kills++;
        jvms.set(place, start(place));
    }

    /** Kills the JVM that has the turn, and measures how long it takes until another one has it. */
    private void killOwner() throws SQLException {
        withOwner((place, begun, since) -> {
            jvms.get(place).kill();
            kills++;
            afterKill.add(Duration.between(since, awaitOther(begun)));
            jvms.set(place, start(place));
        });
    }

    /** Stops the JVM that has the turn until another one has taken it, and some time more; then it wakes up in the middle. */
    private void pauseOwner() throws SQLException {
        withOwner((place, begun, since) -> {
            pauses++;
            afterPause.add(Duration.between(since, awaitOther(begun)));
            awaitGrowth(random.nextInt(50));
        });
    }

    private interface Act {
        void on(int place, FightRow begun, Instant since) throws SQLException;
    }

    /** Stops the owner of the turn, waits until what it had sent is done, and if it has the turn still, does this to it. */
    private void withOwner(Act act) throws SQLException {
        for (FightJvm jvm : jvms) {
            resume(jvm);
        }
        mark("calm", true);
        boolean done = false;
        while (!done) {
            int place = await(this::ownersPlace);
            FightJvm owner = jvms.get(place);
            Instant since = now();
            owner.pause();
            awaitStatements(now());
            Optional<FightRow> begun = openTurn();
            if (begun.isPresent() && isOf(owner, begun.get())) {
                act.on(place, begun.get(), since);
                done = true;
            }
            resume(owner);
        }
        mark("calm", false);
    }

    /** Stops a JVM, for less time than it may be silent, or until something else has happened. */
    private void pauseAny() {
        FightJvm jvm = jvms.get(random.nextInt(JVMS));
        if (jvm.paused() || jvms.stream().filter(FightJvm::paused).count() >= MOST_PAUSED) {
            return;
        }
        jvm.pause();
        pauses++;
        if (random.nextBoolean()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(800)));
            resume(jvm);
        }
    }

    private void resumeSome() {
        jvms.stream().filter(jvm -> random.nextBoolean()).forEach(Fight::resume);
    }

    private static void resume(FightJvm jvm) {
        if (jvm.paused()) {
            jvm.resume();
        }
    }

    private void mark(String name, boolean set) {
        try {
            if (set) {
                Files.createFile(folder.resolve(name));
            } else {
                Files.delete(folder.resolve(name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Integer> ownersPlace() {
        Optional<FightRow> begun = openTurn();
        for (int i = 0; i < JVMS && begun.isPresent(); i++) {
            if (isOf(jvms.get(i), begun.get())) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    private static boolean isOf(FightJvm jvm, FightRow begun) {
        return jvm.processName()
                .filter(process -> FightChecker.owner(begun).startsWith(process + "/"))
                .isPresent();
    }

    /** The begin of the turn that the log has open. */
    private Optional<FightRow> openTurn() {
        return query(() -> {
            List<FightRow> last = FightRow.behind(head() - 1, connection, conversation);
            FightRow end = last.get(last.size() - 1);
            return end.turn() == 0 || end.kind().equals("turn.ended")
                    ? Optional.<FightRow>empty()
                    : Optional.of(FightRow.behind(end.turn() - 1, connection, conversation)
                            .get(0));
        });
    }

    /** Waits until another process has begun a turn; gives when that was, by the server's clock. */
    private Instant awaitOther(FightRow before) {
        String process = FightChecker.owner(before).replaceAll("/.*", "/");
        return await(() -> query(() -> FightRow.behind(before.seq(), connection, conversation).stream()
                        .filter(row -> row.kind().equals("turn.begun")
                                && !FightChecker.owner(row).startsWith(process))
                        .findFirst()))
                .at();
    }

    private void awaitGrowth(int entries) {
        long before = query(this::head);
        await(() -> query(this::head) >= before + entries ? Optional.of(true) : Optional.empty());
    }

    private long head() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT coalesce(max(seq), 0) FROM agent_entry WHERE tenant = '' AND conversation = '"
                                + conversation + "'")) {
            row.next();
            return row.getLong(1);
        }
    }

    private Instant now() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT clock_timestamp()")) {
            row.next();
            return row.getObject(1, OffsetDateTime.class).toInstant();
        }
    }

    /** Waits until the statements are done that the server had begun by then; a stopped process may have sent one. */
    private void awaitStatements(Instant begunBefore) {
        await(() -> query(() -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row =
                            statement.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                                    + " AND query_start < '" + begunBefore + "' AND pid <> pg_backend_pid()")) {
                row.next();
                return row.getInt(1) == 0 ? Optional.of(true) : Optional.<Boolean>empty();
            }
        }));
    }

    private interface Query<T> {
        T answer() throws SQLException;
    }

    private static <T> T query(Query<T> query) {
        try {
            return query.answer();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static <T> T await(Supplier<Optional<T>> condition) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(condition::get, Optional::isPresent)
                .orElseThrow();
    }

    @Override
    public void close() throws SQLException {
        jvms.forEach(FightJvm::close);
        connection.close();
    }
}
