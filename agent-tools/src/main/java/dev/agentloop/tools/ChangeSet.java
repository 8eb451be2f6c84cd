package dev.agentloop.tools;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Several files changed as one: all of them, or none.
 *
 * In order: the journal, forced; the new contents, each forced under a temporary name in the folder where it belongs,
 * after a look whether the old one is still what it was; then the switch, one rename a file, in which a file that
 * goes only gets a temporary name; at last the removal of what went, and of the journal. So a reader sees each file
 * old or new and never half, a failure is undone by the journal, and a dead process's changes are undone by the next
 * one. A loss of power may lose the last changes; it does not tear a file.
 */
final class ChangeSet {
    /** Told about each step before it is taken; what it throws is a failure of that step. */
    interface Probe {
        /** Watches nothing. */
        Probe NONE = step -> {};

        void before(String step) throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(ChangeSet.class);

    private final Workspace workspace;
    private final Probe probe;

    ChangeSet(Workspace workspace, Probe probe) {
        this.workspace = workspace;
        this.probe = probe;
    }

    /**
     * Makes all the changes.
     *
     * @throws Refusal if one cannot be made, after the others were undone
     */
    void apply(Journal.Lock lock, List<FileChange> changes) throws IOException {
        ChangeRecord journal = lock.begin();
        List<JournalEntry> entries = new ArrayList<>();
        try {
            record(journal, changes, entries);
            for (int i = 0; i < changes.size(); i++) {
                stage(changes.get(i), name(changes.get(i), entries.get(i)));
            }
            for (int i = 0; i < changes.size(); i++) {
                takeEffect(changes.get(i), name(changes.get(i), entries.get(i)));
            }
        } catch (IOException | RuntimeException e) {
            throw undone(journal, e);
        }
        try {
            probe.before("finish");
            new Undo(workspace).finish(journal, entries);
        } catch (IOException e) {
            LOG.warn("A complete change of files left its journal behind", e);
        }
    }

    private static Path name(FileChange change, JournalEntry entry) {
        return change.place().name().resolveSibling(entry.temporary());
    }

    private void record(ChangeRecord journal, List<FileChange> changes, List<JournalEntry> entries) throws IOException {
        probe.before("journal");
        for (FileChange change : changes) {
            int index = entries.size();
            // A single rename is atomic by itself and needs no old content to go back to.
            if (change.before() != null && change.after() != null && changes.size() > 1) {
                journal.keep(index, change.before());
            }
            entries.add(entry(change, ".agentloop-" + journal.id() + "-" + index + ".tmp"));
        }
        journal.commit(entries, changes.size() > 1);
    }

    private static JournalEntry entry(FileChange change, String temporary) throws Refusal {
        Path path = change.place().path();
        if (!PathText.canBeWritten(path)) {
            throw new Refusal(change.place().text() + ": lies at " + Names.shown(path)
                    + ", a name that is no text and that the journal cannot hold; use the shell");
        }
        return new JournalEntry(
                PathText.text(path),
                temporary,
                change.place().missingFolders(),
                digest(change.after() == null ? null : change.before()),
                digest(change.after()));
    }

    private static @Nullable String digest(byte @Nullable [] content) {
        return content == null ? null : JournalEntry.digest(content);
    }

    private void stage(FileChange change, Path temporary) throws IOException {
        probe.before("stage " + change.place().text());
        byte[] content = change.after();
        if (content == null) {
            return;
        }
        Place place = change.place();
        try {
            place.createMissingFolders();
            requireUnchanged(change);
            write(place.folder(), temporary, content, change.like());
        } catch (IOException e) {
            throw Refusal.about(place.text(), e);
        }
    }

    private static void requireUnchanged(FileChange change) throws IOException {
        BasicFileAttributes now = change.place().currentAttributes();
        byte[] before = change.before();
        boolean same = now == null
                ? before == null
                : before != null
                        && now.isRegularFile()
                        && Arrays.equals(before, change.place().readAll(FileChange.SIZE_LIMIT));
        if (!same) {
            throw new Refusal(change.place().text() + ": was changed by something else just now; read it again");
        }
    }

    /** Writes a new file and forces it. */
    static void write(Folder folder, Path name, byte[] content, @Nullable BasicFileAttributes like) throws IOException {
        try (SeekableByteChannel channel = folder.create(name, like)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (channel instanceof FileChannel file) {
                file.force(true);
            }
        }
        if (like != null) {
            folder.liken(name, like);
        }
    }

    private void takeEffect(FileChange change, Path temporary) throws IOException {
        Place place = change.place();
        probe.before("switch " + place.text());
        try {
            if (change.after() == null) {
                place.folder().rename(place.name(), place.folder(), temporary);
            } else {
                place.folder().rename(temporary, place.folder(), place.name());
            }
        } catch (IOException e) {
            throw Refusal.about(place.text(), e);
        }
    }

    /** Undoes what was done so far and answers the failure that is left to say. */
    private IOException undone(ChangeRecord journal, Exception failure) throws IOException {
        // An interrupted thread can write no file, and the old contents have to be written.
        boolean interrupted = Thread.interrupted();
        try {
            String state = "no file was changed";
            if (journal.committed()) {
                state = new Undo(workspace).undo(journal).afterFailure();
            } else {
                journal.end();
            }
            return new Refusal(failure.getMessage() + "; " + state, failure);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Refuses to replace a file that is marked as read-only, although a rename could. */
    static void requireReplaceable(Place place) throws Refusal {
        if (place.attributes() instanceof PosixFileAttributes posix) {
            Set<PosixFilePermission> mode = posix.permissions();
            if (!mode.contains(PosixFilePermission.OWNER_WRITE)
                    && !mode.contains(PosixFilePermission.GROUP_WRITE)
                    && !mode.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new Refusal(place.text() + ": is read-only (mode " + PosixFilePermissions.toString(mode)
                        + "); change its mode first if it is meant to change");
            }
        }
    }
}
