package dev.agentloop.tools.internal.workspace;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A folder inside a root of the workspace, held open.
 *
 * <p>Every operation names one entry of this folder, a single path element, and never follows a link: that is what
 * keeps a tool inside its roots. {@link SecureFolder} holds this against links created at any moment, since it works
 * on an open directory and not on a path; {@link CheckedFolder} is the fallback where the platform has no such thing.
 * Not safe for use by several threads.
 */
public interface OpenFolder extends Closeable {
    /** The absolute path by which the folder was reached, without links; it may have been moved since. */
    Path path();

    /** The names in this folder, without {@code .} and {@code ..}, in no order. */
    List<Path> names() throws IOException;

    /** What the entry is, a link being a link; null when there is none. */
    @Nullable
    BasicFileAttributes attributes(Path name) throws IOException;

    /** Opens a folder in this one; refuses a link. */
    OpenFolder folder(Path name) throws IOException;

    /** Opens a file for reading; refuses a link. Blocks on a pipe: ask for the attributes first. */
    SeekableByteChannel read(Path name) throws IOException;

    /**
     * Creates a file for writing; refuses when the name is taken.
     *
     * @param like attributes of a file whose mode the new one may not exceed, or null for the mode of any new file
     */
    SeekableByteChannel create(Path name, @Nullable BasicFileAttributes like) throws IOException;

    /** Writes a new file and forces it; of the attributes as {@link #create} and {@link #liken}. */
    default void write(Path name, byte[] content, @Nullable BasicFileAttributes like) throws IOException {
        try (SeekableByteChannel channel = create(name, like)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (channel instanceof FileChannel file) {
                file.force(true);
            }
        }
        if (like != null) {
            liken(name, like);
        }
    }

    /** Gives a file of this process the mode and, as far as the process may, the owner and group of another. */
    void liken(Path name, BasicFileAttributes like) throws IOException;

    /** Creates a folder under a name that the caller has seen to be free. */
    void createFolder(Path name) throws IOException;

    /** Renames an entry in one step; a file that has the new name is replaced. */
    void rename(Path name, OpenFolder target, Path newName) throws IOException;

    /** Deletes a file or a link. */
    void delete(Path name) throws IOException;

    /** Deletes an empty folder. */
    void deleteFolder(Path name) throws IOException;

    /** The text of a link. It is only a hint where to walk next, since the link may have been replaced. */
    Path link(Path name) throws IOException;

    @Override
    void close() throws IOException;
}
