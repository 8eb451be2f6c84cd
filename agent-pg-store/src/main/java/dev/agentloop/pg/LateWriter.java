package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * An append only notes its conversation, in memory. What a crash takes from there is caught up with at the conversation's
 * next append, from the log.
 */
/** Counts what was appended, some time later, on a thread of its own. Begins with the first append, ends with its store. */
final class LateWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LateWriter.class);
    private static final int MOST = 100_000;
    private static final Duration LAST_WRITE = Duration.ofSeconds(10);

    /** A conversation of a tenant. */
    private record Key(String tenant, String conversation) {}

    private final Database database;
    private final Duration interval;
    private final Set<Key> behind = ConcurrentHashMap.newKeySet();
    private final Rhythm rhythm;
    private boolean failed;

    LateWriter(Database database, Duration interval) {
        this.database = database;
        this.interval = interval;
        this.rhythm = new Rhythm("agentloop-pg-late-writer", interval, this::write, this::write);
    }

    /** Notes that something was appended. */
    void appended(String tenant, String conversation) {
        if (interval.isZero() || behind.size() >= MOST) {
            return;
        }
        behind.add(new Key(tenant, conversation));
        rhythm.begin();
    }

    // Of a server that cannot write now, nothing more is asked this time.
    private void write() {
        for (Key key : Set.copyOf(behind)) {
            behind.remove(key);
            try {
                new Activity(database, key.tenant()).refresh(key.conversation());
                failed = false;
            } catch (StoreException e) {
                behind.add(key);
                if (!failed) {
                    LOG.warn("{} conversations are not counted yet: {}", behind.size(), e.getMessage());
                }
                failed = true;
                return;
            } catch (RuntimeException e) {
                LOG.warn("conversation {} cannot be counted", key.conversation(), e);
            }
        }
    }

    /** Counts what is left, if it can, and within some seconds: the log has it all. */
    @Override
    public void close() {
        try {
            if (!rhythm.end(LAST_WRITE)) {
                LOG.warn("the store closes with about {} conversations not counted yet", behind.size() + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
