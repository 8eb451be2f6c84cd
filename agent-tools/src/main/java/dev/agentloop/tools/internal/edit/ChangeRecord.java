package dev.agentloop.tools.internal.edit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentloop.internal.Sha256;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of one change set in the journal: a folder with the old contents, {@code 0}, {@code 1} and so on, and
 * {@code journal}, which says what is about to change and appears in one step before anything does.
 */
record ChangeRecord(Path folder) {
    private static final String CONTENT = "journal";
    private static final String ASIDE = ".kept";

    /**
     * What is written down about one file of a change set: enough to tell how far the change came, and to undo it.
     *
     * @param path the absolute path of the file
     * @param temporary the name, in the same folder, of the new content before it takes the file's place, or of the old
     *     file after it went
     * @param folders the folders that the change creates, the outermost first
     * @param before the digest of the old content, null if there was no file or it is the one that goes
     * @param after the digest of the new content, null if the file goes
     */
    record Entry(
            String path,
            String temporary,
            List<String> folders,
            @Nullable String before,
            @Nullable String after) {

        private static final int FORMAT = 1;
        private static final ObjectMapper JSON = new ObjectMapper();

        /** The digest by which a content is recognised. */
        static String digest(byte[] content) {
            return HexFormat.of().formatHex(Sha256.of(content));
        }

        /** The temporary name beside another one of the same folder. */
        Path temporaryFor(ResolvedPath file) {
            return file.name().resolveSibling(temporary);
        }

        boolean removes() {
            return after == null;
        }

        static byte[] write(List<Entry> entries) throws JsonProcessingException {
            ObjectNode journal = JSON.createObjectNode().put("format", FORMAT);
            ArrayNode changes = journal.putArray("changes");
            for (Entry entry : entries) {
                ObjectNode change = changes.addObject().put("path", entry.path).put("temporary", entry.temporary);
                entry.folders.forEach(change.putArray("folders")::add);
                change.put("before", entry.before).put("after", entry.after);
            }
            return JSON.writeValueAsBytes(journal);
        }

        static List<Entry> read(byte[] json) throws IOException {
            JsonNode journal = JSON.readTree(json);
            int format = journal.path("format").asInt();
            if (format != FORMAT) {
                throw new IOException(
                        "a journal of format " + format + " was left by another version; this one reads " + FORMAT);
            }
            List<Entry> entries = new ArrayList<>();
            for (JsonNode change : journal.path("changes")) {
                List<String> folders = new ArrayList<>();
                change.path("folders").forEach(folder -> folders.add(folder.asText()));
                entries.add(new Entry(
                        change.path("path").asText(),
                        change.path("temporary").asText(),
                        folders,
                        text(change, "before"),
                        text(change, "after")));
            }
            return entries;
        }

        private static @Nullable String text(JsonNode change, String field) {
            JsonNode value = change.path(field);
            return value.isTextual() ? value.asText() : null;
        }
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
    void commit(List<Entry> entries, boolean durable) throws IOException {
        Path draft = folder.resolve(CONTENT + ".tmp");
        write(draft, Entry.write(entries), durable);
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

    List<Entry> entries() throws IOException {
        return Entry.read(Files.readAllBytes(folder.resolve(CONTENT)));
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
