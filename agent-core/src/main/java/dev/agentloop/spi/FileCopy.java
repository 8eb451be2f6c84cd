package dev.agentloop.spi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** Copies a conversation's file, whole appends as they are; what is changed in an append has it written again. */
final class FileCopy implements AutoCloseable {
    private static final int BLOCK = 64 * 1024;

    private final FileAccess.Handle from;
    private final FileAccess.Handle to;
    private final FileScan scan;
    private long written;

    FileCopy(Path source, long end, Path copy, FileAccess access) throws IOException {
        from = access.read(source);
        try {
            to = access.create(copy);
        } catch (IOException | RuntimeException e) {
            from.close();
            throw e;
        }
        scan = new FileScan(source, from, 0, LogPosition.START, end);
    }

    /** Copies the entries up to this one, and forces them to the disk; false if there is no such entry. */
    boolean upTo(LogPosition at) throws IOException {
        FileScan.Batch batch = scan.next();
        while (batch != null && batch.last().version() < at.version()) {
            block(batch.start(), batch.end());
            batch = scan.next();
        }
        if (batch == null) {
            return false;
        }
        List<LogEntry> kept = batch.entries()
                .subList(0, (int) (at.version() - batch.entries().get(0).version()) + 1);
        if (!kept.get(kept.size() - 1).position().equals(at)) {
            return false;
        }
        if (kept.size() == batch.entries().size()) {
            block(batch.start(), batch.end());
        } else {
            lines(kept);
        }
        to.force();
        return true;
    }

    /** Copies all entries, these with their payloads and salts erased, and forces them to the disk. */
    void erasing(Collection<Long> versions) throws IOException {
        long copied = 0;
        FileScan.Batch batch;
        while ((batch = scan.next()) != null) {
            if (batch.entries().stream().anyMatch(entry -> versions.contains(entry.version()))) {
                lines(batch.entries().stream()
                        .map(entry -> versions.contains(entry.version()) ? entry.erased() : entry)
                        .toList());
            } else {
                block(batch.start(), batch.end());
            }
            copied = batch.end();
        }
        if (copied == 0) {
            throw new IOException("the file has no whole append");
        }
        to.force();
    }

    private void block(long start, long end) throws IOException {
        byte[] block = new byte[BLOCK];
        long done = start;
        while (done < end) {
            int count = from.read(done, block, 0, (int) Math.min(block.length, end - done));
            if (count <= 0) {
                throw new IOException("the file ended " + (end - done) + " bytes early");
            }
            write(count == block.length ? block : Arrays.copyOf(block, count));
            done += count;
        }
    }

    private void lines(List<LogEntry> entries) throws IOException {
        write(FileLine.bytes(entries));
    }

    private void write(byte[] bytes) throws IOException {
        to.write(written, bytes);
        written += bytes.length;
    }

    @Override
    public void close() throws IOException {
        try {
            to.close();
        } finally {
            from.close();
        }
    }
}
