package dev.agentloop.tools.internal.workspace;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/*
 * A folder on a SecureDirectoryStream: openat, fstatat, renameat and unlinkat on an open directory. Two things are
 * missing in that class, and both are done without trusting a path below the root:
 *
 * - mkdirat: the new folder is made in the root itself, whose own path the host answers for, and then moved to its
 *   place relative to the two open directories. A link put in its place meanwhile is only moved, never followed.
 * - readlinkat: a link is read by path. Its text merely says where to walk next, element by element, under the same
 *   checks, so a wrong text leads to a wrong place inside the roots or to a refusal.
 *
 * What remains: a directory that somebody who may write outside moves out of the root while it is held open takes
 * the operation with it; and a hard link is not told apart from the file that it is.
 */
record SecureFolder(Path root, Path path, SecureDirectoryStream<Path> stream) implements OpenFolder {
    private static final Set<StandardOpenOption> CREATE =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    /** Opens a root by its path, or answers null where the platform has no secure directory streams. */
    @SuppressWarnings("StreamResourceLeak") // The folder closes it.
    static @Nullable SecureFolder open(Path root) throws IOException {
        DirectoryStream<Path> stream = Files.newDirectoryStream(root);
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return new SecureFolder(root, root, secure);
        }
        stream.close();
        return null;
    }

    @Override
    public List<Path> names() throws IOException {
        // A stream can be iterated once, so each listing opens the folder again, relative to itself.
        List<Path> names = new ArrayList<>();
        Path here = path.getFileSystem().getPath(".");
        try (DirectoryStream<Path> entries = stream.newDirectoryStream(here, LinkOption.NOFOLLOW_LINKS)) {
            for (Path entry : entries) {
                names.add(entry.getFileName());
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    @Override
    public @Nullable BasicFileAttributes attributes(Path name) throws IOException {
        try {
            return view(name).readAttributes();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private PosixFileAttributeView view(Path name) {
        return stream.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public OpenFolder folder(Path name) throws IOException {
        SecureDirectoryStream<Path> child = stream.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
        return new SecureFolder(root, path.resolve(name), child);
    }

    @Override
    public SeekableByteChannel read(Path name) throws IOException {
        return stream.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public SeekableByteChannel create(Path name, @Nullable BasicFileAttributes like) throws IOException {
        FileAttribute<?>[] mode = like instanceof PosixFileAttributes posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(posix.permissions())}
                : new FileAttribute<?>[0];
        return stream.newByteChannel(name, CREATE, mode);
    }

    @Override
    public void liken(Path name, BasicFileAttributes like) throws IOException {
        if (!(like instanceof PosixFileAttributes wanted)) {
            return;
        }
        PosixFileAttributeView view = view(name);
        PosixFileAttributes actual = view.readAttributes();
        try {
            if (!actual.group().equals(wanted.group())) {
                view.setGroup(wanted.group());
            }
            if (!actual.owner().equals(wanted.owner())) {
                view.setOwner(wanted.owner());
            }
        } catch (IOException e) {
            // Only a privileged process may give files away; the content and the mode matter more.
        }
        if (!actual.permissions().equals(wanted.permissions())) {
            view.setPermissions(wanted.permissions());
        }
    }

    @Override
    public void createFolder(Path name) throws IOException {
        Path made = Files.createDirectory(root.resolve(temporaryName()));
        try (SecureFolder top = SecureFolder.open(root)) {
            if (top == null) {
                throw new IOException("the platform's directory streams changed under us");
            }
            top.stream.move(made.getFileName(), stream, name);
        } catch (IOException e) {
            Files.deleteIfExists(made);
            throw e;
        }
    }

    private static String temporaryName() {
        return ".agentloop-" + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp";
    }

    @Override
    public void rename(Path name, OpenFolder target, Path newName) throws IOException {
        stream.move(name, ((SecureFolder) target).stream, newName);
    }

    @Override
    public void delete(Path name) throws IOException {
        stream.deleteFile(name);
    }

    @Override
    public void deleteFolder(Path name) throws IOException {
        stream.deleteDirectory(name);
    }

    @Override
    public Path link(Path name) throws IOException {
        return Files.readSymbolicLink(path.resolve(name));
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
