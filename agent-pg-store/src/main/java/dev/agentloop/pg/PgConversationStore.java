package dev.agentloop.pg;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.internal.Durations;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Conversations in PostgreSQL 14 to 18: for many processes at once, each conversation with one writer at a time.
 *
 * <pre>{@code
 * try (PgConversationStore store = PgConversationStore.connect("jdbc:postgresql://db/agents", "agent", password)) {
 *     AgentLoop loop = AgentLoop.builder().model(model).store(store.tenant("acme")).build();
 *     …
 * }
 * }</pre>
 *
 * <p>An append is one statement and one round trip; it inserts rows and changes none. The rows' key (tenant, conversation,
 * version) is the lock, and the predecessor's chain hash is asked for by the same key, so a second writer is detected, and
 * payloads come back byte for byte. An append whose outcome is not known is settled by sending it again: it waits for the
 * first one if that is still on its way, and is acknowledged only when the server acknowledges a commit behind it.
 *
 * <p>A fork is two rows; it reads the entries of the conversation that it was forked from, which therefore cannot be deleted
 * as long as there are forks of it ({@code IN_USE}). An entry that several conversations share is one row, and erased in
 * all of them. No query finds what was erased or deleted; files, write-ahead log and backups have bytes of it until the
 * operator does what docs/postgres.md says. A conversation is deleted whole, in one transaction; delete what nobody appends to.
 *
 * <p>Works through PgBouncer in transaction mode: the store keeps no state in a session, and where a pooler is found between
 * it and the server when it is opened, it has the driver prepare nothing.
 *
 * <p>Its tables belong to this library; {@link #sql} says what they are. Thread-safe.
 */
public final class PgConversationStore implements ConversationStore {
    private final Shared shared;
    private final boolean root;
    private final String tenant;
    private final LogWriter writer;
    private final LogReader reader;
    private final Conversations conversations;
    private final Inbox inbox;
    private final Activity activity;
    private final Retention retention;

    /** What the stores of all tenants have in common. */
    private record Shared(Database database, Identity identity, Heartbeat heartbeat, LateWriter late) {}

    private PgConversationStore(Shared shared, boolean root, String tenant) {
        Database database = shared.database();
        this.shared = shared;
        this.root = root;
        this.tenant = tenant;
        this.writer = new LogWriter(database, tenant);
        this.reader = new LogReader(database, tenant);
        this.conversations = new Conversations(database, tenant);
        this.inbox = new Inbox(database, tenant);
        this.activity = new Activity(database, tenant);
        this.retention = new Retention(database, tenant, conversations);
    }

    /**
     * A store with connections of the host's, which stay open when it is closed.
     *
     * @param source gives connections of PostgreSQL's own driver, wrapped or not, to the primary server
     * @throws StoreException as {@link Builder#open} does
     */
    public static PgConversationStore of(DataSource source) {
        return builder(source).open();
    }

    /**
     * A store with a pool of connections of its own, which is closed with it.
     *
     * @param url such as {@code jdbc:postgresql://host:5432/database}
     * @throws StoreException as {@link Builder#open} does
     */
    public static PgConversationStore connect(String url, String user, String password) {
        return builder(url, user, password).open();
    }

    /** A builder for a store with connections of the host's; see {@link #of}. */
    public static Builder builder(DataSource source) {
        return new Builder(source, false);
    }

    /**
     * A builder for a store with a pool of connections of its own; see {@link #connect}.
     *
     * @param user null for the one that the URL names
     * @param password null for the one that the URL or the driver's password file has
     * @throws IllegalArgumentException if the URL is none of PostgreSQL
     */
    public static Builder builder(String url, @Nullable String user, @Nullable String password) {
        return new Builder(Pool.unpooled(url, user, password), true);
    }

    /** How the tables are made, in the order of the steps: for migration tools such as Flyway, and for people. */
    public static List<PgMigration> sql() {
        return Migrations.all(0);
    }

    /**
     * The same with the entries in so many partitions, by the hash of the conversation.
     *
     * @param partitions 2 to 1,024
     */
    public static List<PgMigration> sql(int partitions) {
        Builder.checkPartitions(partitions);
        return Migrations.all(partitions);
    }

    /**
     * The same store for the conversations of another tenant, which sees none of this one's. It has the connections of the
     * store that it comes from and ends with it; closing it does nothing.
     *
     * @param name 0 to 200 characters; empty for the tenant that a store has at first
     */
    public PgConversationStore tenant(String name) {
        if (name.length() > Builder.LONGEST_TENANT || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name of a tenant has at most " + Builder.LONGEST_TENANT
                    + " characters, none of them U+0000, but this one has " + name.length());
        }
        return new PgConversationStore(shared, false, name);
    }

    /**
     * The database: the server's own identifier, the database's name, and the schema of the tables. Equal for all stores of one
     * database, whatever their pools, users and addresses.
     */
    @Override
    public Object identity() {
        return shared.identity();
    }

    @Override
    public String tenant() {
        return tenant;
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        ConversationStore.checkAppend(conversation, expected, entries);
        LogPosition position = writer.append(conversation, expected, entries);
        shared.late().appended(tenant, conversation);
        return position;
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        ConversationStore.checkId(conversation);
        return reader.read(conversation, after, limit);
    }

    @Override
    public List<LogEntry> load(String conversation) {
        ConversationStore.checkId(conversation);
        return reader.load(conversation);
    }

    @Override
    public List<LogEntry> loadAfter(String conversation, long version) {
        ConversationStore.checkId(conversation);
        return reader.loadAfter(conversation, version);
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        ConversationStore.checkId(conversation);
        return writer.head(conversation);
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        ConversationStore.checkId(source);
        ConversationStore.checkId(target);
        conversations.fork(source, at, target);
    }

    @Override
    public List<Listed> list(String before, int limit) {
        if (!before.isEmpty()) {
            ConversationStore.checkId(before);
        }
        return conversations.list(before, limit);
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        ConversationStore.checkId(conversation);
        conversations.erase(conversation, marks);
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        ConversationStore.checkId(conversation);
        return conversations.sharing(conversation, version);
    }

    @Override
    public void delete(String conversation) {
        ConversationStore.checkId(conversation);
        conversations.delete(conversation);
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        ConversationStore.checkId(conversation);
        return inbox.leave(conversation, message);
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        ConversationStore.checkId(conversation);
        return inbox.all(conversation);
    }

    @Override
    public Set<String> waiting(Collection<String> conversations) {
        conversations.forEach(ConversationStore::checkId);
        return inbox.waiting(conversations);
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        ConversationStore.checkId(conversation);
        inbox.remove(conversation, ids);
    }

    /**
     * Which processes are alive: each counts a row of {@code agent_node} up, and one whose count stands still for the bound is
     * dead. One for all tenants. Begins at its first use, with a thread.
     */
    @Override
    public Leases leases() {
        return shared.heartbeat();
    }

    /**
     * What a conversation itself has used, a fork without what it was forked from. It is counted some seconds after each append
     * ({@link Builder#activity}); {@link #refresh} does it now. A compaction counts when it has ended.
     *
     * @return nothing used by 0 conversations where nothing was counted
     */
    public UsageSum usage(String conversation) {
        ConversationStore.checkId(conversation);
        return activity.usage(conversation);
    }

    /**
     * What the conversations of this tenant have used that were begun in a span of time, by the time in their ids; as far as it
     * was counted.
     *
     * @param from the first moment, to the millisecond
     * @param to the moment after the last one
     */
    public UsageSum usage(Instant from, Instant to) {
        return activity.usage(from, to);
    }

    /**
     * The conversations of this tenant in which somebody, a user or a model, said all these words in one message, the youngest
     * first; as far as they were counted. Words are letters and digits, whole and without regard to case; of a longer one the
     * first 64 characters count, of a message its first 10,000 different words. A fork is not found by what it was forked from.
     *
     * @param text words; without any, nothing is found
     * @param before only conversations older than this id, for the next page; empty for all
     * @param limit the most to return, at least 1
     */
    public List<SearchMatch> search(String text, String before, int limit) {
        if (!before.isEmpty()) {
            ConversationStore.checkId(before);
        }
        return activity.search(text, before, limit);
    }

    /** Counts what a conversation has used and said up to now, for {@link #usage} and {@link #search}. */
    public void refresh(String conversation) {
        ConversationStore.checkId(conversation);
        activity.refresh(conversation);
    }

    /**
     * A step in deleting the conversations of this tenant that were sealed before a time. Each is deleted in a transaction of its
     * own; what forks read stays until they are deleted, which a pass does first, since they are younger. Stopping between or
     * in a step does no harm: begin again, or where the last step ended.
     *
     * @param next empty at first, then {@link DeletionPage#next} of the step before, until that is empty
     * @param limit how many conversations, sealed or not, a step looks at, at least 1
     */
    public DeletionPage deleteSealed(Instant before, String next, int limit) {
        if (!next.isEmpty()) {
            ConversationStore.checkId(next);
        }
        return retention.deleteSealed(before, next, limit);
    }

    /**
     * A step in deleting entries that no conversation has: an append that was on its way while its conversation was deleted can
     * leave some.
     *
     * @param next empty at first, then {@link DeletionPage#next} of the step before, until that is empty
     * @param limit how many conversations a step looks at, at least 1
     */
    public DeletionPage deleteOrphans(String next, int limit) {
        if (!next.isEmpty()) {
            ConversationStore.checkId(next);
        }
        return retention.deleteOrphans(next, limit);
    }

    /**
     * Counts what was appended and not counted yet, tells other processes that this one has ended, and closes the pool if the
     * store made it.
     */
    @Override
    public void close() {
        if (root) {
            shared.late().close();
            shared.heartbeat().close();
            shared.database().close();
        }
    }

    /** Collects what a store needs; a later value replaces an earlier one. Not thread-safe. */
    public static final class Builder {
        private static final int LONGEST_TENANT = 200;
        private static final int MOST_PARTITIONS = 1_024;

        private final DataSource source;
        private static final Duration SHORTEST_PAUSE = Duration.ofMillis(10);
        private static final Duration DAY = Duration.ofDays(1);

        private final boolean own;
        private SchemaMode schema = SchemaMode.MIGRATE;
        private @Nullable Boolean pooler;
        private int poolSize = 10;
        private int partitions;
        private Duration beat = Duration.ofSeconds(2);
        private Duration deadAfter = Duration.ofSeconds(10);
        private Duration timeLimit = Duration.ofSeconds(30);
        private Duration activity = Duration.ofSeconds(5);
        private boolean lossAllowed;

        private Builder(DataSource source, boolean own) {
            this.source = source;
            this.own = own;
        }

        /** What is done about the tables; {@link SchemaMode#MIGRATE} unless it is said. */
        public Builder schema(SchemaMode mode) {
            this.schema = mode;
            return this;
        }

        /**
         * Whether a pooler such as PgBouncer gives each transaction another connection to the server, so that nothing can be
         * prepared on one. Unless it is said, the store finds out when it is opened: the process that answers is then not the
         * one that the driver was told of.
         */
        public Builder pooler(boolean between) {
            this.pooler = between;
            return this;
        }

        /** The most connections of the store's own pool, 1 to 10,000; 10 unless it is said. */
        public Builder poolSize(int connections) {
            if (connections < 1 || connections > 10_000) {
                throw new IllegalArgumentException("a pool has 1 to 10000 connections, not " + connections);
            }
            this.poolSize = connections;
            return this;
        }

        /**
         * Into how many hash partitions the entries go, 2 to 1,024, if it is this store that makes the tables; none unless it is
         * said. Tables that exist stay as they are.
         */
        public Builder partitions(int count) {
            checkPartitions(count);
            this.partitions = count;
            return this;
        }

        private static void checkPartitions(int count) {
            if (count < 2 || count > MOST_PARTITIONS) {
                throw new IllegalArgumentException("there are 2 to " + MOST_PARTITIONS + " partitions, not " + count);
            }
        }

        /**
         * How often a process shows that it is alive, and after how long without a sign another one holds it for dead; 2 s and
         * 10 s unless it is said. The same for all processes with one database.
         *
         * @param every 10 ms to 1 day
         * @param deadAfter at least twice as long as {@code every}, at most 365 days
         */
        public Builder heartbeat(Duration every, Duration deadAfter) {
            Duration pause = Durations.checked("PgConversationStore.heartbeat(every)", every, SHORTEST_PAUSE, DAY);
            this.deadAfter = Durations.checked(
                    "PgConversationStore.heartbeat(deadAfter)", deadAfter, pause.multipliedBy(2), Durations.YEAR);
            this.beat = pause;
            return this;
        }

        /**
         * The time limit of a statement, in whole seconds up to 1 day, 0 for none; 30 s unless it is said. What takes longer is cancelled
         * within a second after that. Appends and messages have none: they end with the socket's timeout (60 s in the store's
         * own pool, unless its URL says otherwise), because a server that is told to give up waiting for a standby keeps what
         * it committed.
         */
        public Builder timeLimit(Duration limit) {
            Durations.checked("PgConversationStore.timeLimit", limit, Duration.ZERO, DAY);
            if (limit.toNanosPart() != 0) {
                throw new IllegalArgumentException(
                        "PgConversationStore.timeLimit must be in whole seconds, but is " + limit);
            }
            this.timeLimit = limit;
            return this;
        }

        /**
         * How long after an append its conversation is counted and its words are kept, for {@link #usage} and {@link #search};
         * 5 s unless it is said. Zero for never: then it is done by {@link #refresh} alone.
         *
         * @param delay zero, or 10 ms to 1 day
         */
        public Builder activity(Duration delay) {
            this.activity = Duration.ZERO.equals(delay)
                    ? delay
                    : Durations.checked("PgConversationStore.activity", delay, SHORTEST_PAUSE, DAY);
            return this;
        }

        /** Takes a server that may lose or damage what it acknowledged, in a crash of its machine; for tests. */
        public Builder allowDataLoss() {
            this.lossAllowed = true;
            return this;
        }

        /**
         * Opens the store.
         *
         * @throws StoreException {@code UNAVAILABLE} if the server cannot be reached, refuses, is older than PostgreSQL 14,
         *     may lose what it acknowledged ({@code fsync} or {@code full_page_writes} off), or its tables are too old;
         *     {@code UNKNOWN_FORMAT} if they are too new
         */
        public PgConversationStore open() {
            Server server = server();
            server.check(lossAllowed);
            boolean between = pooler == null ? server.pooled() : pooler;
            HikariDataSource pool = own ? Pool.of(source, poolSize, between) : null;
            Database database = new Database(pool == null ? source : pool, between, new TimeLimit(timeLimit), pool);
            Identity identity;
            try {
                Migrations migrations = new Migrations(database, partitions);
                if (schema == SchemaMode.MIGRATE) {
                    migrations.apply();
                } else if (schema == SchemaMode.CHECK) {
                    migrations.check();
                }
                identity = database.read("ask which database this is", Identity::of);
            } catch (StoreException e) {
                database.close();
                throw e;
            }
            Heartbeat heartbeat = new Heartbeat(database, beat, deadAfter);
            LateWriter late = new LateWriter(database, activity);
            return new PgConversationStore(new Shared(database, identity, heartbeat, late), true, "");
        }

        private Server server() {
            try (Connection connection = source.getConnection()) {
                return Server.of(connection);
            } catch (SQLException e) {
                throw SqlErrors.unavailable("open the store", e);
            }
        }
    }
}
