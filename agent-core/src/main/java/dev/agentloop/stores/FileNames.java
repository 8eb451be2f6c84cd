package dev.agentloop.stores;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/*
 * A folder's modification time changes with each name that is added or taken away, by whatever process. Names that were read
 * can be used again while it is the same, if it was older than the grain of the clock when they were read: else a name that was
 * added right after could have left the very same time.
 */
/**
 * The ids of the conversations in a folder, in their order; 16 bytes each. They are read again when the folder has changed.
 * Thread-safe.
 */
final class FileNames {
    /** The coarsest time that a file system keeps, which is that of FAT; two of it, since clocks differ a little. */
    static final Duration GRAIN = Duration.ofSeconds(4);

    private static final Pattern CONVERSATION =
            Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.jsonl");

    private final Path folder;
    private final FileAccess access;
    private @Nullable FileTime readAt;
    private Ids known = new Ids(List.of());

    FileNames(Path folder, FileAccess access) {
        this.folder = folder;
        this.access = access;
    }

    /** The ids of a folder in order, at the moment when it was read. */
    static final class Ids {
        private final long[] high;
        private final long[] low;

        private Ids(List<String> ordered) {
            high = new long[ordered.size()];
            low = new long[ordered.size()];
            for (int i = 0; i < high.length; i++) {
                UUID id = UUID.fromString(ordered.get(i));
                high[i] = id.getMostSignificantBits();
                low[i] = id.getLeastSignificantBits();
            }
        }

        String get(int index) {
            return new UUID(high[index], low[index]).toString();
        }

        /** The index of the last one before this id, or of the last one for an empty text; -1 where there is none. */
        int before(String id) {
            int from = 0;
            int to = high.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                if (id.isEmpty() || get(middle).compareTo(id) < 0) {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            return from - 1;
        }
    }

    /** The ids of all conversations that there are now. */
    synchronized Ids all() throws IOException {
        if (!Files.exists(folder)) {
            return new Ids(List.of());
        }
        // Asked before the names are read: what changes meanwhile makes it another one.
        FileTime changed = Files.getLastModifiedTime(folder);
        if (!changed.equals(readAt)) {
            boolean settled = changed.toInstant().plus(GRAIN).isBefore(Instant.now());
            known = new Ids(read());
            readAt = settled ? changed : null;
        }
        return known;
    }

    private List<String> read() throws IOException {
        try (Stream<String> names = access.names(folder)) {
            return names.map(CONVERSATION::matcher)
                    .filter(Matcher::matches)
                    .map(name -> name.group(1))
                    .sorted()
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
