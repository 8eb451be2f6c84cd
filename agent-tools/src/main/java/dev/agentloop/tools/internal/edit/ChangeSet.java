package dev.agentloop.tools.internal.edit;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.ChangeRecord.Entry;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
record ChangeSet(Workspace workspace, Probe probe) {
    /** Told about each step before it is taken; what it throws is a failure of that step. */
    interface Probe {
        /** Watches nothing. */
        Probe NONE = step -> {};

        void before(String step) throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(ChangeSet.class);

    /**
     * Makes all the changes.
     *
     * @throws Refusal if one cannot be made, after the others were undone
     */
    void apply(RollbackJournal.Lock lock, List<FileChange> changes) throws IOException {
        ChangeRecord journal = lock.begin();
        List<Entry> entries = new ArrayList<>();
        try {
            record(journal, changes, entries);
            for (int i = 0; i < changes.size(); i++) {
                stage(changes.get(i), entries.get(i));
            }
            for (int i = 0; i < changes.size(); i++) {
                takeEffect(changes.get(i), entries.get(i));
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

    private void record(ChangeRecord journal, List<FileChange> changes, List<Entry> entries) throws IOException {
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

    private static Entry entry(FileChange change, String temporary) throws Refusal {
        Path path = change.resolved().path();
        if (!PathText.canBeWritten(path)) {
            throw new Refusal(change.resolved().text() + ": lies at " + FileNames.shown(path)
                    + ", a name that is no text and that the journal cannot hold; use the shell");
        }
        return new Entry(
                PathText.text(path),
                temporary,
                change.resolved().missingFolders(),
                digest(change.after() == null ? null : change.before()),
                digest(change.after()));
    }

    private static @Nullable String digest(byte @Nullable [] content) {
        return content == null ? null : Entry.digest(content);
    }

    private void stage(FileChange change, Entry entry) throws IOException {
        probe.before("stage " + change.resolved().text());
        byte[] content = change.after();
        if (content == null) {
            return;
        }
        ResolvedPath resolved = change.resolved();
        try {
            resolved.createMissingFolders();
            requireUnchanged(change);
            resolved.folder().write(entry.temporaryFor(resolved), content, change.like());
        } catch (IOException e) {
            throw Refusal.about(resolved.text(), e);
        }
    }

    private static void requireUnchanged(FileChange change) throws IOException {
        BasicFileAttributes now = change.resolved().currentAttributes();
        byte[] before = change.before();
        boolean same = now == null
                ? before == null
                : before != null
                        && now.isRegularFile()
                        && Arrays.equals(before, change.resolved().readAll(FileChange.SIZE_LIMIT));
        if (!same) {
            throw new Refusal(change.resolved().text() + ": was changed by something else just now; read it again");
        }
    }

    private void takeEffect(FileChange change, Entry entry) throws IOException {
        ResolvedPath resolved = change.resolved();
        Path temporary = entry.temporaryFor(resolved);
        probe.before("switch " + resolved.text());
        try {
            if (change.after() == null) {
                resolved.folder().rename(resolved.name(), resolved.folder(), temporary);
            } else {
                resolved.folder().rename(temporary, resolved.folder(), resolved.name());
            }
        } catch (IOException e) {
            throw Refusal.about(resolved.text(), e);
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
}
