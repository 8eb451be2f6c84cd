package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a path leads after every link was followed: an open folder, the folders that are missing below it, and the
 * name of the entry. Belongs to one thread; closing it closes the folder.
 */
public final class ResolvedPath implements Closeable {
    /**
     * The last element of a path.
     *
     * @param attributes what was there when the path was walked; null if nothing was
     */
    record Entry(Path name, @Nullable BasicFileAttributes attributes) {}

    private final String text;
    private final @Nullable String guard;
    private final List<Path> missing;
    private final Entry entry;
    private OpenFolder folder;

    /**
     * Takes over an open folder.
     *
     * @param guard why the file tools do not change the entry; null if they may
     */
    ResolvedPath(String text, @Nullable String guard, OpenFolder folder, List<Path> missing, Entry entry) {
        this.text = text;
        this.guard = guard;
        this.folder = folder;
        this.missing = new ArrayList<>(missing);
        this.entry = entry;
    }

    /** The path as it was asked for, fit for one line of an answer. */
    public String text() {
        return text;
    }

    /** The absolute path that is really meant. */
    public Path path() {
        return folderPath().resolve(entry.name());
    }

    private Path folderPath() {
        Path path = folder.path();
        for (Path element : missing) {
            path = path.resolve(element);
        }
        return path;
    }

    /** The absolute paths of the folders that do not exist yet, the outermost first. */
    public List<String> missingFolders() {
        List<String> paths = new ArrayList<>();
        Path path = folder.path();
        for (Path element : missing) {
            path = path.resolve(element);
            paths.add(PathText.text(path));
        }
        return paths;
    }

    public OpenFolder folder() {
        return folder;
    }

    public Path name() {
        return entry.name();
    }

    /** What was there when the path was walked; null if nothing was. */
    public @Nullable BasicFileAttributes attributes() {
        return entry.attributes();
    }

    /** The entry's attributes now; null if there is none. */
    public @Nullable BasicFileAttributes currentAttributes() throws IOException {
        return missing.isEmpty() ? folder.attributes(entry.name()) : null;
    }

    public boolean exists() {
        return entry.attributes() != null;
    }

    /**
     * Refuses what the file tools never change: anything in, or called, {@code .git}, and what leads to the agent's own
     * records.
     */
    public void requireWritable() throws Refusal {
        if (guard != null) {
            throw new Refusal(text + ": " + guard);
        }
    }

    /** Refuses a place where there is no regular file, with the reason. */
    public BasicFileAttributes requireFile() throws IOException {
        BasicFileAttributes found = entry.attributes();
        if (found == null) {
            throw new Refusal(text + ": no such file" + nearNames());
        }
        if (found.isDirectory()) {
            throw new Refusal(text + ": is a directory, not a file; list_dir shows what is in it");
        }
        if (found.isSymbolicLink()) {
            throw new Refusal(text + ": is a symbolic link, not a file");
        }
        if (!found.isRegularFile()) {
            throw new Refusal(text + ": is a pipe, socket or device, not a regular file");
        }
        return found;
    }

    /** Refuses to replace a file that is marked as read-only, although a rename could. */
    public void requireReplaceable() throws Refusal {
        if (entry.attributes() instanceof PosixFileAttributes posix) {
            Set<PosixFilePermission> mode = posix.permissions();
            if (!mode.contains(PosixFilePermission.OWNER_WRITE)
                    && !mode.contains(PosixFilePermission.GROUP_WRITE)
                    && !mode.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new Refusal(text + ": is read-only (mode " + PosixFilePermissions.toString(mode)
                        + "); change its mode first if it is meant to change");
            }
        }
    }

    /** Whether the folder that should hold the entry exists. */
    public boolean folderExists() {
        return missing.isEmpty();
    }

    /** A clause for an error about a missing entry: what it may have been meant to be, or nothing. */
    public String nearNames() throws IOException {
        return FileNames.near(folder, missing.isEmpty() ? entry.name() : missing.get(0), missing.isEmpty());
    }

    public InputStream read() throws IOException {
        return Channels.newInputStream(folder.read(entry.name()));
    }

    /** Reads the whole file, refusing one that is larger than a limit. */
    public byte[] readAll(int limit) throws IOException {
        try (SeekableByteChannel channel = folder.read(entry.name());
                InputStream in = Channels.newInputStream(channel)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new Refusal(text + ": has " + channel.size() + " bytes, more than the " + limit
                        + " that this tool takes; use the shell");
            }
            return bytes;
        }
    }

    /** Creates the missing folders one after the other, or takes them if they exist by now. */
    public void createMissingFolders() throws IOException {
        while (!missing.isEmpty()) {
            Path next = missing.get(0);
            if (folder.attributes(next) == null) {
                folder.createFolder(next);
            }
            OpenFolder inner = folder.folder(next);
            folder.close();
            folder = inner;
            missing.remove(0);
        }
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }
}
