package dev.agentloop.stores;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * Copies a conversation's file up to an end, whole appends as they are; what is changed in an append has it written again.
 * The copy has a name of its own until it is whole.
 */
record FileCopy(Path source, long end, FileAccess access) {
    private static final int BLOCK = 64 * 1024;
    private static final String FORK = ".fork";

    /** Makes {@code target} of the entries up to this one; false, and no target, if there is no such entry. */
    boolean fork(LogPosition at, Path target) throws IOException {
        return make(target, FORK, pass -> pass.upTo(at));
    }

    /** What a crash leaves of a fork that is not whole. */
    static Path unfinishedFork(Path target) {
        return copy(target, FORK);
    }

    private static Path copy(Path target, String suffix) {
        return target.resolveSibling(target.getFileName().toString().replaceFirst("\\.[^.]*$", suffix));
    }

    /** Puts in place of the source what it is with these marks in place of the payloads of their entries. */
    void erase(Map<Long, byte[]> marks) throws IOException {
        make(source, ".erased", pass -> pass.erasing(marks));
    }

    private interface Step {
        boolean write(Pass pass) throws IOException;
    }

    private boolean make(Path target, String suffix, Step step) throws IOException {
        Path copy = copy(target, suffix);
        Files.deleteIfExists(copy);
        try {
            try (FileAccess.Handle from = access.read(source);
                    FileAccess.Handle to = access.create(copy)) {
                if (!step.write(new Pass(from, to, new FileScan(source, from, 0, LogPosition.START, end)))) {
                    return false;
                }
            }
            Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(copy);
        }
        access.forceName(target);
        return true;
    }

    /** One pass over the source, and what of it was written. */
    private static final class Pass {
        private final FileAccess.Handle from;
        private final FileAccess.Handle to;
        private final FileScan scan;
        private long written;

        Pass(FileAccess.Handle from, FileAccess.Handle to, FileScan scan) {
            this.from = from;
            this.to = to;
            this.scan = scan;
        }

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

        boolean erasing(Map<Long, byte[]> marks) throws IOException {
            FileScan.Batch batch;
            while ((batch = scan.next()) != null) {
                if (batch.entries().stream().anyMatch(entry -> marks.containsKey(entry.version()))) {
                    lines(batch.entries().stream()
                            .map(entry -> {
                                byte[] mark = marks.get(entry.version());
                                return mark == null ? entry : entry.erased(mark);
                            })
                            .toList());
                } else {
                    block(batch.start(), batch.end());
                }
            }
            if (written == 0) {
                throw new IOException("the file has no whole append");
            }
            to.force();
            return true;
        }

        private void block(long start, long end) throws IOException {
            for (long done = start; done < end; done += BLOCK) {
                byte[] block = new byte[(int) Math.min(BLOCK, end - done)];
                from.readFully(done, block);
                write(block);
            }
        }

        private void lines(List<LogEntry> entries) throws IOException {
            write(FileLine.bytes(entries));
        }

        private void write(byte[] bytes) throws IOException {
            to.write(written, bytes);
            written += bytes.length;
        }
    }
}
