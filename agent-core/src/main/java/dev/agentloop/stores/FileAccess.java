package dev.agentloop.stores;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

/** What the file store does to the disk; a test puts a recorder or a failing disk in its place. */
interface FileAccess {

    /** The disk itself, the same for all. */
    static FileAccess local() {
        return Local.DISK;
    }

    /** Opens an existing file for reading. */
    Handle read(Path file) throws IOException;

    /** Opens an existing file for reading and writing. */
    Handle write(Path file) throws IOException;

    /** Makes a file, which must not exist, readable by its owner alone, and opens it for reading and writing. */
    Handle create(Path file) throws IOException;

    /** Makes sure that this file's name, or its absence, outlives a power failure, where the system knows how to. */
    void forceName(Path file) throws IOException;

    /** The names of all that lies in a folder, read as the stream is consumed; to be closed. */
    @SuppressWarnings("StreamResourceLeak") // The caller closes it.
    default Stream<String> names(Path folder) throws IOException {
        return Files.list(folder).map(file -> file.getFileName().toString());
    }

    /** An open file, used by one thread at a time. */
    interface Handle extends Closeable {

        /** Reads up to {@code count} bytes at {@code position}; returns how many, at most 0 at the end of the file. */
        int read(long position, byte[] target, int offset, int count) throws IOException;

        /** Fills {@code target} with the bytes at {@code position}, all of which must be there. */
        default void readFully(long position, byte[] target) throws IOException {
            int done = 0;
            while (done < target.length) {
                int count = read(position + done, target, done, target.length - done);
                if (count <= 0) {
                    throw new IOException("the file ended " + (target.length - done) + " bytes early");
                }
                done += count;
            }
        }

        /** Writes all the bytes at {@code position}. */
        void write(long position, byte[] bytes) throws IOException;

        /** Returns when everything written is on the disk. */
        void force() throws IOException;

        /** Cuts off what lies behind {@code length}. */
        void truncate(long length) throws IOException;

        long length() throws IOException;
    }

    /*
     * RandomAccessFile rather than FileChannel: an interrupt closes a channel under the thread that uses it, in the
     * middle of an append if need be. A run that is cancelled by an interrupt must still be able to write how it ended.
     */
    /** Files of the default file system. */
    final class Local implements FileAccess {
        private static final Local DISK = new Local();

        @Override
        public Handle read(Path file) throws IOException {
            return new LocalHandle(new RandomAccessFile(file.toFile(), "r"));
        }

        @Override
        public Handle write(Path file) throws IOException {
            return new LocalHandle(new RandomAccessFile(file.toFile(), "rw"));
        }

        @Override
        public Handle create(Path file) throws IOException {
            if (posix(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            } else {
                Files.createFile(file);
            }
            return write(file);
        }

        @Override
        public void forceName(Path file) throws IOException {
            Path folder = file.toAbsolutePath().getParent();
            if (folder == null || !posix(folder)) {
                return; // Windows cannot open a folder, and keeps its names in a journal.
            }
            boolean interrupted = false;
            try {
                while (true) {
                    interrupted |= Thread.interrupted();
                    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                        channel.force(true);
                        return;
                    } catch (ClosedByInterruptException e) {
                        interrupted = true;
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Whether this file has an owner, a group and their rights. */
    static boolean posix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** A file of the default file system. */
    record LocalHandle(RandomAccessFile file) implements Handle {
        @Override
        public int read(long position, byte[] target, int offset, int count) throws IOException {
            file.seek(position);
            return file.read(target, offset, count);
        }

        @Override
        public void write(long position, byte[] bytes) throws IOException {
            file.seek(position);
            file.write(bytes);
        }

        @Override
        public void force() throws IOException {
            file.getFD().sync();
        }

        @Override
        public void truncate(long length) throws IOException {
            file.setLength(length);
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
