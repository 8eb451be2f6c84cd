package dev.agentloop.tools.internal.edit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * What is being written to a workspace, on disk beside it, so that a process that dies half way through can be cleaned
 * up after by the next one.
 *
 *   <state>/<workspace>/lock            held while files change: one change set at a time, whatever the process
 *   <state>/<workspace>/<id>/           the record of a change set, gone when the set is complete
 *   <state>/<workspace>/<id>.kept/      one that could not be undone, for a person to look at
 *
 * The workspace is named by its first root. The journal lies outside of it: the model cannot see it and git status does not show it. Safe for use by several
 * threads.
 */
record RollbackJournal(Path state, Path root) {
    private static final Map<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

    /** Waits until nothing else changes files of this workspace, in any process, and keeps it so. */
    Lock lock() throws IOException {
        Path folder = StateFolder.of(state, root);
        ReentrantLock lock = LOCKS.computeIfAbsent(folder, key -> new ReentrantLock());
        lock.lock();
        return locked(lock, folder, true);
    }

    /** Whether change sets of dead processes wait to be undone. A set that is being written does not count. */
    boolean hasLeftovers() throws IOException {
        Path folder = state.resolve(StateFolder.nameOf(root));
        if (sets(folder).isEmpty()) {
            return false;
        }
        ReentrantLock lock = LOCKS.computeIfAbsent(folder, key -> new ReentrantLock());
        if (!lock.tryLock()) {
            return false;
        }
        try (Lock held = locked(lock, folder, false)) {
            return held.file != null && !sets(folder).isEmpty();
        }
    }

    private static Lock locked(ReentrantLock lock, Path folder, boolean wait) throws IOException {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return new Lock(lock, folder, channel, wait ? channel.lock() : channel.tryLock());
        } catch (IOException | RuntimeException e) {
            lock.unlock();
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    private static List<Path> sets(Path folder) throws IOException {
        List<Path> sets = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path entry : entries) {
                if (!ChangeRecord.isAside(entry)) {
                    sets.add(entry);
                }
            }
        } catch (NoSuchFileException e) {
            // Nothing was ever written here.
        }
        return sets;
    }

    /** The right to change files; to be closed. */
    static final class Lock implements Closeable {
        private final ReentrantLock threads;
        private final Path folder;
        private final FileChannel channel;
        private final @Nullable FileLock file;

        private Lock(ReentrantLock threads, Path folder, FileChannel channel, @Nullable FileLock file) {
            this.threads = threads;
            this.folder = folder;
            this.channel = channel;
            this.file = file;
        }

        /** The change sets of dead processes. */
        List<ChangeRecord> leftovers() throws IOException {
            List<ChangeRecord> records = new ArrayList<>();
            for (Path set : sets(folder)) {
                ChangeRecord record = new ChangeRecord(set);
                if (record.committed()) {
                    records.add(record);
                } else {
                    record.end();
                }
            }
            return records;
        }

        /** Opens the record of a new change set under an id that is free. */
        ChangeRecord begin() throws IOException {
            String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
            return new ChangeRecord(Files.createDirectory(folder.resolve(id)));
        }

        @Override
        public void close() throws IOException {
            try {
                channel.close();
            } finally {
                threads.unlock();
            }
        }
    }
}
