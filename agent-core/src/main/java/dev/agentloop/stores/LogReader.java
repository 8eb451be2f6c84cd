package dev.agentloop.stores;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Reads the logs of a folder. Takes a conversation's lock only to learn how far its file goes. Thread-safe. */
record LogReader(FileLogs logs, FileAccess access) {

    /**
     * How far a file was written when it was looked at, and what is known of it.
     *
     * @param settled false where this process could not take back what is behind the end
     */
    private record Extent(Path file, FileIndex index, long end, boolean settled) {}

    /** The entries after a version, at most so many. */
    List<LogEntry> read(String conversation, long after, int limit) {
        Extent extent = extent(conversation);
        return extent == null ? List.of() : entries(conversation, extent, Math.max(after, 0), limit, entry -> entry);
    }

    /** What a fold needs, from the entry before the newest that restates the prompt. */
    List<LogEntry> load(String conversation) {
        Extent extent = extent(conversation);
        LogEntry last = extent == null ? null : last(conversation, extent);
        return extent == null || last == null
                ? List.of()
                : entries(conversation, extent, Math.max(0, last.base() - 2), Integer.MAX_VALUE, LogEntry::forFold);
    }

    /** What a fold needs that stands at a version. */
    List<LogEntry> loadAfter(String conversation, long version) {
        Extent extent = extent(conversation);
        return extent == null
                ? List.of()
                : entries(conversation, extent, Math.max(version, 0), Integer.MAX_VALUE, LogEntry::forFold);
    }

    /** The entry of that version. */
    Optional<LogEntry> entry(String conversation, long version) {
        return version < 1
                ? Optional.empty()
                : read(conversation, version - 1, 1).stream().findFirst();
    }

    /** Where the log stands. */
    Optional<LogPosition> head(String conversation) {
        Extent extent = extent(conversation);
        return extent == null
                ? Optional.empty()
                : Optional.ofNullable(last(conversation, extent)).map(LogEntry::position);
    }

    /** Whether a file, whatever is remembered of it, has a whole append. */
    boolean hasEntries(String conversation) throws IOException {
        Path file = logs.file(conversation);
        return Files.exists(file)
                && last(conversation, new Extent(file, new FileIndex(), Files.size(file), true)) != null;
    }

    private @Nullable Extent extent(String conversation) {
        try {
            return logs.exclusively(conversation, () -> {
                Path file = logs.file(conversation);
                FileLog log = logs.opened(conversation);
                if (log != null && log.unsettled()) {
                    return new Extent(file, logs.index(conversation), log.length(), false);
                }
                return Files.exists(file) ? new Extent(file, logs.index(conversation), Files.size(file), true) : null;
            });
        } catch (IOException e) {
            throw logs.unavailable("read", conversation, e);
        }
    }

    // What is not wanted of an entry is let go of as soon as its append was verified.
    private List<LogEntry> entries(
            String conversation, Extent extent, long after, int limit, UnaryOperator<LogEntry> wanted) {
        List<LogEntry> entries = new ArrayList<>();
        String remains = reading(conversation, () -> {
            try (FileAccess.Handle handle = access.read(extent.file())) {
                FileScan scan = extent.index().scan(extent.file(), handle, after, extent.end());
                FileScan.Batch batch;
                while (entries.size() < limit && (batch = scan.next()) != null) {
                    extent.index().add(batch);
                    batch.entries().stream()
                            .filter(entry -> entry.version() > after && entries.size() < limit)
                            .map(wanted)
                            .forEach(entries::add);
                }
                return scan.remains();
            }
        });
        if (remains != null && extent.settled()) {
            repair(conversation);
        }
        return entries;
    }

    // What lies behind the last whole append is cut by whoever may write. If that is somebody else, he is writing it.
    private void repair(String conversation) {
        try {
            logs.exclusively(
                    conversation,
                    () -> logs.writing(
                            conversation,
                            false,
                            () -> Files.exists(logs.file(conversation)) ? logs.open(conversation) : null));
        } catch (StoreException | IOException e) {
            FileLog.LOG.debug("conversation {} was read, but not repaired: {}", conversation, e.getMessage());
        }
    }

    private @Nullable LogEntry last(String conversation, Extent extent) {
        return reading(conversation, () -> {
            try (FileAccess.Handle handle = access.read(extent.file())) {
                FileScan scan = extent.index().scanLast(extent.file(), handle, extent.end());
                LogEntry last = null;
                FileScan.Batch batch;
                while ((batch = scan.next()) != null) {
                    last = batch.entries().get(batch.entries().size() - 1);
                }
                return last;
            }
        });
    }

    /** Reads without a lock; a file that was deleted in the meantime gives null. */
    private <T> @Nullable T reading(String conversation, FileLogs.Action<@Nullable T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            if (e instanceof FileNotFoundException && !Files.exists(logs.file(conversation))) {
                return null;
            }
            throw logs.unavailable("read", conversation, e);
        }
    }
}
