package dev.agentloop.tools.internal.edit;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.ChangeRecord.Entry;
import dev.agentloop.tools.internal.workspace.OpenFolder;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Takes back a change set that did not come to its end, by its journal alone: the same way after a failure and after
 * the death of a process. How far each file came is seen from the files: a file that has neither its old nor its new
 * content was changed by somebody else since, and stays as it is.
 */
record Undo(Workspace workspace) {
    private static final Logger LOG = LoggerFactory.getLogger(Undo.class);

    private enum State {
        OLD,
        NEW,
        FOREIGN
    }

    /**
     * What became of a change set.
     *
     * @param complete whether it had taken effect as a whole, so that nothing was undone
     * @param files the files that it is about
     * @param lost those that could not be given their old content
     */
    record Result(boolean complete, List<String> files, List<String> lost) {
        /** What to say after the failure that made the undoing necessary. */
        String afterFailure() {
            return lost.isEmpty()
                    ? "no file was changed"
                    : "all other files are as before, but these could not be restored: " + String.join(", ", lost);
        }

        /** What to say about a process that died. */
        String afterDeath() {
            String files = String.join(", ", this.files);
            if (complete) {
                return "An earlier change of files was interrupted when it was already complete, and stays: " + files
                        + ".";
            }
            return "An earlier change of files was interrupted half way and has been undone: " + files + "."
                    + (lost.isEmpty()
                            ? ""
                            : " These were changed by something else since and were left alone: "
                                    + String.join(", ", lost) + ".");
        }
    }

    List<Result> undoAll(List<ChangeRecord> journals) throws IOException {
        List<Result> results = new ArrayList<>();
        for (ChangeRecord journal : journals) {
            results.add(undo(journal));
        }
        return results;
    }

    /** Takes back one set, or finds it complete, and removes its journal. */
    Result undo(ChangeRecord journal) throws IOException {
        List<Entry> entries = journal.entries();
        List<String> files = new ArrayList<>();
        List<String> lost = new ArrayList<>();
        boolean complete = true;
        for (Entry entry : entries) {
            files.add(workspace.roots().shown(PathText.path(workspace.base().getFileSystem(), entry.path())));
            complete &= state(entry) == State.NEW;
        }
        if (complete) {
            finish(journal, entries);
            return new Result(true, files, lost);
        }
        for (int i = 0; i < entries.size(); i++) {
            if (!restored(entries.get(i), journal.kept(i))) {
                lost.add(files.get(i));
            }
        }
        for (Entry entry : entries) {
            deleteFolders(entry);
        }
        if (lost.isEmpty()) {
            journal.end();
        } else {
            LOG.warn("Changes of {} could not be undone; their old contents are in {}", lost, journal.putAside());
        }
        return new Result(false, files, lost);
    }

    /** Removes what a complete set leaves behind: the files that went, and the journal. */
    void finish(ChangeRecord journal, List<Entry> entries) throws IOException {
        for (Entry entry : entries) {
            try (ResolvedPath resolved = workspace.entry(entry.path())) {
                discard(resolved, entry);
            } catch (Refusal e) {
                LOG.warn("A temporary file could not be removed: {}", e.getMessage());
            }
        }
        journal.end();
    }

    private State state(Entry entry) throws IOException {
        try (ResolvedPath resolved = workspace.entry(entry.path())) {
            return state(resolved, entry);
        } catch (Refusal e) {
            return State.FOREIGN;
        }
    }

    private static State state(ResolvedPath resolved, Entry entry) throws IOException {
        BasicFileAttributes attributes = resolved.attributes();
        if (entry.removes()) {
            boolean moved = hasTemporary(resolved, entry);
            return attributes == null ? State.NEW : moved ? State.FOREIGN : State.OLD;
        }
        if (attributes == null) {
            return entry.before() == null ? State.OLD : State.FOREIGN;
        }
        if (!attributes.isRegularFile()) {
            return State.FOREIGN;
        }
        String digest = Entry.digest(resolved.readAll(FileChange.SIZE_LIMIT));
        return digest.equals(entry.before()) ? State.OLD : digest.equals(entry.after()) ? State.NEW : State.FOREIGN;
    }

    /** Gives a file its old content; false if that is not possible. */
    private boolean restored(Entry entry, byte @Nullable [] kept) throws IOException {
        try (ResolvedPath resolved = workspace.entry(entry.path())) {
            resolved.requireWritable();
            State state = state(resolved, entry);
            if (!entry.removes()) {
                discard(resolved, entry);
            }
            if (state == State.NEW) {
                restore(resolved, entry, kept);
            }
            return state != State.FOREIGN;
        } catch (IOException e) {
            LOG.warn("{} could not be restored", entry.path(), e);
            return false;
        }
    }

    private static void restore(ResolvedPath resolved, Entry entry, byte @Nullable [] kept) throws IOException {
        OpenFolder folder = resolved.folder();
        Path temporary = entry.temporaryFor(resolved);
        if (entry.removes()) {
            folder.rename(temporary, folder, resolved.name());
        } else if (entry.before() == null) {
            folder.delete(resolved.name());
        } else if (kept == null) {
            throw new IOException("its old content was not kept");
        } else {
            // The new file has the old one's mode already.
            folder.write(temporary, kept, resolved.attributes());
            folder.rename(temporary, folder, resolved.name());
        }
    }

    private static boolean hasTemporary(ResolvedPath resolved, Entry entry) throws IOException {
        return resolved.folderExists() && resolved.folder().attributes(entry.temporaryFor(resolved)) != null;
    }

    private static void discard(ResolvedPath resolved, Entry entry) throws IOException {
        if (hasTemporary(resolved, entry)) {
            resolved.folder().delete(entry.temporaryFor(resolved));
        }
    }

    /** Deletes the folders that the set created, the innermost first, as far as they are empty. */
    private void deleteFolders(Entry entry) throws IOException {
        for (int i = entry.folders().size() - 1; i >= 0; i--) {
            try (ResolvedPath resolved = workspace.entry(entry.folders().get(i))) {
                if (resolved.exists()) {
                    resolved.folder().deleteFolder(resolved.name());
                }
            } catch (Refusal | FileSystemException e) {
                LOG.debug("A folder that a change created stays: {}", e.getMessage());
            }
        }
    }
}
