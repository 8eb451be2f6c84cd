package dev.agentloop.tools;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of one change set in the journal: a folder with the old contents, {@code 0}, {@code 1} and so on, and
 * {@code journal}, which says what is about to change and appears in one step before anything does.
 */
final class ChangeRecord {
    private static final String CONTENT = "journal";
    private static final String ASIDE = ".kept";

    private final Path folder;

    ChangeRecord(Path folder) {
        this.folder = folder;
    }

    /** Whether this is a record that was put aside. */
    static boolean isAside(Path folder) {
        return folder.toString().endsWith(ASIDE);
    }

    /** A short name, unlike that of any other set. */
    String id() {
        return String.valueOf(folder.getFileName());
    }

    /** Keeps the old content of the file that the entry of this index is about. */
    void keep(int index, byte[] content) throws IOException {
        write(folder.resolve(Integer.toString(index)), content, true);
    }

    /** The content that was kept, null if none was. */
    byte @Nullable [] kept(int index) throws IOException {
        try {
            return Files.readAllBytes(folder.resolve(Integer.toString(index)));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /**
     * Writes down what is about to change. After this returns, files may change.
     *
     * @param durable whether it has to survive a loss of power, not only the death of the process
     */
    void commit(List<JournalEntry> entries, boolean durable) throws IOException {
        Path draft = folder.resolve(CONTENT + ".tmp");
        write(draft, JournalEntry.write(entries), durable);
        Files.move(draft, folder.resolve(CONTENT), StandardCopyOption.ATOMIC_MOVE);
        if (durable) {
            force(folder);
        }
    }

    /** Makes the names in a folder durable, where the platform can open a folder. */
    private static void force(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows cannot, and keeps names by its own journal.
        }
    }

    /** Whether files may have changed. */
    boolean committed() {
        return Files.exists(folder.resolve(CONTENT));
    }

    List<JournalEntry> entries() throws IOException {
        return JournalEntry.read(Files.readAllBytes(folder.resolve(CONTENT)));
    }

    /** Forgets the set: it is complete, or undone, or changed nothing yet. */
    void end() throws IOException {
        Files.deleteIfExists(folder.resolve(CONTENT));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /** Puts the set aside for a person, and says where. */
    Path putAside() throws IOException {
        return Files.move(folder, folder.resolveSibling(id() + ASIDE));
    }

    private static void write(Path file, byte[] content, boolean durable) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
        }
    }
}
