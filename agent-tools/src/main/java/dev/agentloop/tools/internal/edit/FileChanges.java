package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes files of a workspace, one change set at a time, after cleaning up what a dead process left. Safe for use by
 * several threads.
 */
public final class FileChanges {
    private static final Logger LOG = LoggerFactory.getLogger(FileChanges.class);
    private static final String WARNING = "Warning: a change of files was interrupted half way, so files may be partly "
            + "changed. The next write_file or apply_patch call undoes it first.\n";

    private final Workspace workspace;
    private final RollbackJournal journal;
    private final ChangeSet.Probe probe;

    FileChanges(Workspace workspace, RollbackJournal journal, ChangeSet.Probe probe) {
        this.workspace = workspace;
        this.journal = journal;
        this.probe = probe;
    }

    /**
     * Changes files with a journal in the folder for the state of all workspaces, which is closed to the tools.
     *
     * @param state null for that of the user's programs
     */
    public static FileChanges in(Workspace workspace, @Nullable Path state) {
        Path folder = state == null ? StateFolder.ofUser() : state;
        return new FileChanges(
                workspace.fenced(List.of(folder)), new RollbackJournal(folder, workspace.base()), ChangeSet.Probe.NONE);
    }

    public Workspace workspace() {
        return workspace;
    }

    /** Waits for its turn, and undoes the change sets of dead processes. */
    Turn begin() throws IOException {
        RollbackJournal.Lock lock;
        try {
            lock = journal.lock();
        } catch (IOException e) {
            throw Refusal.about(
                    "no file was changed, since the journal in " + journal.state() + " cannot be opened", e);
        }
        try {
            return new Turn(lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * What a reader of files has to know before: that a dead process left files half changed; empty if not, or if the
     * journal cannot be read, since reading files does not depend on it.
     */
    public String warning() {
        try {
            return journal.hasLeftovers() ? WARNING : "";
        } catch (IOException e) {
            LOG.warn("The journal of file changes in {} cannot be read", journal.state(), e);
            return "";
        }
    }

    /** The right to change files, until it is closed. */
    final class Turn implements Closeable {
        private final RollbackJournal.Lock lock;
        private final List<Undo.Result> leftovers;

        private Turn(RollbackJournal.Lock lock) throws IOException {
            this.lock = lock;
            this.leftovers = new Undo(workspace).undoAll(lock.leftovers());
        }

        /** Whether files are not what they were before this turn, since a dead process's changes were undone. */
        boolean undid() {
            return leftovers.stream().anyMatch(result -> !result.complete());
        }

        /** What was found of dead processes, as lines; empty if nothing. */
        String report() {
            return leftovers.stream().map(result -> result.afterDeath() + "\n").collect(Collectors.joining());
        }

        /** Makes all the changes, or none. */
        void apply(List<FileChange> changes) throws IOException {
            if (!changes.isEmpty()) {
                new ChangeSet(workspace, probe).apply(lock, changes);
            }
        }

        @Override
        public void close() throws IOException {
            lock.close();
        }
    }
}
