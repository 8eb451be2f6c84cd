package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.Patch.Add;
import dev.agentloop.tools.internal.edit.Patch.Delete;
import dev.agentloop.tools.internal.edit.Patch.FilePatch;
import dev.agentloop.tools.internal.edit.Patch.Update;
import dev.agentloop.tools.internal.files.TextEncoding;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a patch makes of the files as they are: every new content computed, nothing written. Later parts of a patch see
 * what earlier ones did. Closing it closes the folders that it holds open.
 */
final class PatchPlan implements Closeable {
    /** As many files as one patch may touch: each holds a folder open until the patch is written. */
    private static final int MAX_FILES = 400;

    private final Workspace workspace;
    private final Map<Path, PlannedFile> files = new LinkedHashMap<>();
    private final List<String> added = new ArrayList<>();
    private final List<String> modified = new ArrayList<>();
    private final List<String> deleted = new ArrayList<>();

    PatchPlan(Workspace workspace) {
        this.workspace = workspace;
    }

    /** Adds what a patch does to one file. */
    void add(FilePatch patch) throws IOException {
        try {
            if (patch instanceof Add add) {
                add(add);
            } else if (patch instanceof Delete delete) {
                delete(delete);
            } else if (patch instanceof Update update) {
                update(update);
            }
        } catch (IOException e) {
            throw Refusal.about(patch.path(), e);
        }
    }

    private void add(Add add) throws IOException {
        create(add.path(), TextEncoding.UTF_8.encode(add.path(), add.content()), null);
        added.add(add.path());
    }

    private PlannedFile create(String path, byte[] content, @Nullable BasicFileAttributes like) throws IOException {
        FileNames.requirePlain(path);
        PlannedFile file = find(path, true);
        file.create(content, like);
        return file;
    }

    private void delete(Delete delete) throws IOException {
        find(delete.path(), false).remove();
        deleted.add(delete.path());
    }

    private void update(Update update) throws IOException {
        PlannedFile file = find(update.path(), true);
        byte[] old = file.content();
        byte[] changed = changed(update, old);
        String target = update.movedTo();
        if (target == null) {
            file.replace(changed);
            modified.add(update.path());
            return;
        }
        if (find(target, true) == file) {
            // Moved onto itself, a file must not be deleted after it was written.
            file.replace(changed);
        } else {
            create(target, changed, file.like);
            find(update.path(), false).remove();
        }
        modified.add(target);
    }

    private static byte[] changed(Update update, byte[] old) throws IOException {
        if (update.chunks().isEmpty()) {
            return old;
        }
        if (TextEncoding.isBinary(old, Math.min(old.length, TextEncoding.SAMPLE))) {
            throw new Refusal(update.path() + ": is a binary file; a patch changes text");
        }
        TextEncoding encoding = TextEncoding.of(old);
        String changed = PatchedText.apply(update.path(), encoding.decode(old), update.chunks());
        return encoding.encode(update.path(), changed);
    }

    private PlannedFile find(String path, boolean followed) throws IOException {
        ResolvedPath resolved = workspace.entry(path);
        BasicFileAttributes found = resolved.attributes();
        if (followed && found != null && found.isSymbolicLink() && !files.containsKey(resolved.path())) {
            resolved.close();
            resolved = workspace.resolve(path);
        }
        PlannedFile known = files.get(resolved.path());
        if (known != null) {
            resolved.close();
            return known;
        }
        PlannedFile file = new PlannedFile(resolved);
        files.put(resolved.path(), file);
        resolved.requireWritable();
        if (files.size() > MAX_FILES) {
            throw new Refusal("the patch touches more than " + MAX_FILES + " files; split it");
        }
        return file;
    }

    /** What was found only while files are written would have to be undone. */
    void requireNoFileBelowAnother() throws Refusal {
        for (PlannedFile file : files.values()) {
            Path folder = file.exists ? file.resolved.path().getParent() : null;
            for (; folder != null; folder = folder.getParent()) {
                PlannedFile above = files.get(folder);
                if (above != null && above.exists) {
                    throw new Refusal(above.resolved.text() + ": would be a file and, for " + file.resolved.text()
                            + " in the same patch, a folder; give one of them another name");
                }
            }
        }
    }

    /** What is to be done to reach the plan, less what is so already; what goes comes last, so a move loses nothing. */
    List<FileChange> changes() {
        return files.values().stream()
                .filter(PlannedFile::differs)
                .sorted(Comparator.comparing(file -> !file.exists))
                .map(PlannedFile::change)
                .toList();
    }

    /** The files as the model is told about them, as Codex does. */
    String summary() {
        StringBuilder text = new StringBuilder("Success. Updated the following files:\n");
        added.forEach(path -> text.append("A ").append(path).append('\n'));
        modified.forEach(path -> text.append("M ").append(path).append('\n'));
        deleted.forEach(path -> text.append("D ").append(path).append('\n'));
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        for (PlannedFile file : files.values()) {
            file.resolved.close();
        }
    }

    /** One file as it is and as it will be. */
    private static final class PlannedFile {
        private final ResolvedPath resolved;
        private byte @Nullable [] before;
        private byte @Nullable [] after;
        private @Nullable BasicFileAttributes like;
        private boolean exists;
        private boolean loaded;

        PlannedFile(ResolvedPath resolved) {
            this.resolved = resolved;
            this.exists = resolved.exists();
            this.like = resolved.attributes();
        }

        byte[] content() throws IOException {
            load();
            byte[] content = after;
            if (!exists || content == null) {
                throw new Refusal("Failed to read file to update " + resolved.text() + ": no such file"
                        + (resolved.exists() ? " (this patch deletes it before)" : resolved.nearNames()));
            }
            return content;
        }

        void replace(byte[] content) throws IOException {
            load();
            resolved.requireReplaceable();
            after = content;
            exists = true;
        }

        /** Gives a file that is not there its first content, and the mode of the one that it comes from. */
        void create(byte[] content, @Nullable BasicFileAttributes source) throws IOException {
            if (exists) {
                BasicFileAttributes found = resolved.attributes();
                if (found != null && found.isDirectory()) {
                    resolved.requireFile();
                }
                throw new Refusal(
                        resolved.text() + ": exists already, and no file is replaced as a whole; change it with "
                                + "*** Update File, or delete it first in the same patch");
            }
            replace(content);
            if (like == null) {
                like = source;
            }
        }

        void remove() throws IOException {
            if (!exists) {
                throw new Refusal(resolved.text() + ": no such file" + resolved.nearNames());
            }
            BasicFileAttributes found = resolved.attributes();
            if (found != null && !found.isSymbolicLink()) {
                resolved.requireFile();
            }
            after = null;
            exists = false;
        }

        private void load() throws IOException {
            if (!loaded && resolved.exists()) {
                resolved.requireFile();
                before = resolved.readAll(FileChange.SIZE_LIMIT);
                after = exists ? before : null;
            }
            loaded = true;
        }

        boolean differs() {
            return exists != resolved.exists() || (exists && !Arrays.equals(before, after));
        }

        FileChange change() {
            return new FileChange(resolved, before, exists ? after : null, like);
        }
    }
}
