package dev.agentloop.stores;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A conversation's file, open for writing, and what is known of it; whoever writes has the conversation's lock. Used by one
 * thread at a time.
 */
final class FileLog {
    /** That of the store, which is what whoever configures logging knows. */
    static final Logger LOG = LoggerFactory.getLogger(FileLog.class.getPackageName() + ".FileStore");

    private final Path file;
    private final FileAccess access;
    private final FileAccess.Handle handle;
    private final FileIndex index;
    // By which the file is told from another one that was put in its place; null where the system has none.
    private final @Nullable Object key;
    private LogPosition head = LogPosition.START;
    private long length;
    private boolean unsettled;
    private boolean sealed;

    private FileLog(Path file, FileAccess access, FileAccess.Handle handle, FileIndex index) throws IOException {
        this.file = file;
        this.access = access;
        this.handle = handle;
        this.index = index;
        this.key = key(file);
    }

    /** Opens or makes the file, verifies what is new since {@code index} saw it, and cuts what a crash left behind. */
    static FileLog open(Path file, boolean make, FileAccess access, FileIndex index) throws IOException {
        FileAccess.Handle handle = make ? access.create(file) : access.write(file);
        try {
            FileLog log = new FileLog(file, access, handle, index);
            log.recover(handle.length());
            return log;
        } catch (IOException | RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /**
     * Takes in what others have written since. False where this is not the conversation's file any more: it was deleted, or
     * another one was put in its place.
     */
    boolean catchUp() throws IOException {
        try {
            if (!Objects.equals(key, key(file))) {
                return false;
            }
        } catch (NoSuchFileException e) {
            return false;
        }
        long found = handle.length();
        if (!unsettled && found != length) {
            recover(found);
        }
        return true;
    }

    private void recover(long found) throws IOException {
        head = LogPosition.START;
        sealed = false;
        FileScan scan = index.scan(file, handle, Long.MAX_VALUE, found);
        FileScan.Batch batch;
        while ((batch = scan.next()) != null) {
            index.add(batch);
            head = batch.last();
            sealed = batch.sealed();
        }
        length = scan.committed();
        String remains = scan.remains();
        if (remains != null) {
            handle.truncate(length);
        }
        // Whoever wrote the last append may have been killed before it forced it, and a repeated append relies on it.
        if (remains != null || !index.isForced(key, length)) {
            handle.force();
            index.forced(key, length);
        }
        if (remains != null) {
            LOG.warn(
                    "{}: cut {} bytes at byte {}, after version {}: {}. They are the remains of an append that never"
                            + " returned; nothing that was acknowledged is lost unless the disk is failing",
                    file,
                    found - length,
                    length,
                    head.version(),
                    remains);
        }
    }

    /** Where the log stands. */
    LogPosition head() {
        return head;
    }

    /** Whether the log was ended for good. */
    boolean sealed() {
        return sealed;
    }

    /** How many bytes of the file hold appends that are durable. */
    long length() {
        return length;
    }

    /** Whether behind {@link #length} the file has what could not be taken back, so that nobody else may write to it. */
    boolean unsettled() {
        return unsettled;
    }

    /** Whether the log has an entry at this position. */
    boolean holds(LogPosition position) throws IOException {
        FileScan scan = index.scan(file, handle, position.version() - 1, length);
        FileScan.Batch batch;
        while ((batch = scan.next()) != null) {
            for (LogEntry entry : batch.entries()) {
                if (entry.version() == position.version()) {
                    return entry.position().equals(position);
                }
            }
        }
        return false;
    }

    /** Appends entries that follow {@link #head}: durable when this returns, and as if never written when it throws. */
    LogPosition append(List<LogEntry> entries) throws IOException {
        byte[] bytes = FileLine.bytes(entries);
        settle();
        unsettled = true;
        try {
            if (length == 0) {
                access.forceName(file);
            }
            handle.write(length, bytes);
            handle.force();
        } catch (IOException e) {
            throw takenBack(e);
        }
        unsettled = false;
        FileScan.Batch batch = new FileScan.Batch(entries, length, length + bytes.length);
        index.add(batch);
        sealed = batch.sealed();
        length += bytes.length;
        index.forced(key, length);
        head = entries.get(entries.size() - 1).position();
        return head;
    }

    private StoreException takenBack(IOException failure) {
        String what = "cannot append after version " + head.version() + " of " + file + ": " + failure.getMessage();
        try {
            settle();
            return new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    what + "; nothing was appended. Make room or repair the disk, then send the append again",
                    failure);
        } catch (IOException e) {
            failure.addSuppressed(e);
            return new StoreException(
                    StoreException.Kind.OUTCOME_UNKNOWN,
                    what + "; and taking it back failed: " + e.getMessage()
                            + ". Send the very same append again once the disk works",
                    failure);
        }
    }

    // After a failed force nobody knows what is on the disk, so what was written goes, and is written again.
    private void settle() throws IOException {
        if (unsettled) {
            handle.truncate(length);
            handle.force();
            unsettled = false;
        }
    }

    /** Closes the file. */
    void close() throws IOException {
        try {
            settle();
        } finally {
            handle.close();
        }
    }
}
