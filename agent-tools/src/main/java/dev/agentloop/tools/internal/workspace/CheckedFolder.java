package dev.agentloop.tools.internal.workspace;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * A folder by its path, for platforms without SecureDirectoryStream (Windows, and macOS on older JDKs).
 *
 * Before every operation the folder's real path is compared with the one under which it was opened, so a link that
 * stands in the way is seen. A link created between this check and the operation itself, some microseconds, is not:
 * where other code that is not trusted runs in the same workspace, this fallback does not confine.
 */
record CheckedFolder(Path path) implements OpenFolder {
    static CheckedFolder open(Path root) throws IOException {
        CheckedFolder folder = new CheckedFolder(root);
        folder.check();
        return folder;
    }

    private Path check() throws IOException {
        if (!path.toRealPath().equals(path)) {
            throw new FileSystemException(path.toString(), null, "was replaced by a link while it was in use");
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new NotDirectoryException(path.toString());
        }
        return path;
    }

    @Override
    public List<Path> names() throws IOException {
        List<Path> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(check())) {
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
        Path entry = check().resolve(name);
        boolean posix = Files.getFileAttributeView(entry, PosixFileAttributeView.class) != null;
        Class<? extends BasicFileAttributes> type = posix ? PosixFileAttributes.class : BasicFileAttributes.class;
        try {
            return Files.readAttributes(entry, type, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public OpenFolder folder(Path name) throws IOException {
        return open(check().resolve(name));
    }

    @Override
    public SeekableByteChannel read(Path name) throws IOException {
        return Files.newByteChannel(check().resolve(name), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    @Override
    public SeekableByteChannel create(Path name, @Nullable BasicFileAttributes like) throws IOException {
        return Files.newByteChannel(
                check().resolve(name), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    @Override
    public void liken(Path name, BasicFileAttributes like) throws IOException {
        if (like instanceof PosixFileAttributes posix) {
            Files.setPosixFilePermissions(check().resolve(name), posix.permissions());
        }
    }

    @Override
    public void createFolder(Path name) throws IOException {
        Files.createDirectory(check().resolve(name));
    }

    @Override
    public void rename(Path name, OpenFolder target, Path newName) throws IOException {
        Path to = ((CheckedFolder) target).check().resolve(newName);
        Files.move(check().resolve(name), to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void delete(Path name) throws IOException {
        Files.delete(check().resolve(name));
    }

    @Override
    public void deleteFolder(Path name) throws IOException {
        Files.delete(check().resolve(name));
    }

    @Override
    public Path link(Path name) throws IOException {
        return Files.readSymbolicLink(check().resolve(name));
    }

    @Override
    public void close() {
        // Holds nothing open.
    }
}
