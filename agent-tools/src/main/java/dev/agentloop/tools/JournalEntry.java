package dev.agentloop.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentloop.internal.Sha256;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the journal says about one file of a change set: enough to tell how far the change came, and to undo it.
 *
 * @param path the absolute path of the file
 * @param temporary the name, in the same folder, of the new content before it takes the file's place, or of the old
 *     file after it went
 * @param folders the folders that the change creates, the outermost first
 * @param before the digest of the old content, null if there was no file or it is the one that goes
 * @param after the digest of the new content, null if the file goes
 */
record JournalEntry(
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

    boolean removes() {
        return after == null;
    }

    static byte[] write(List<JournalEntry> entries) throws JsonProcessingException {
        ObjectNode journal = JSON.createObjectNode().put("format", FORMAT);
        ArrayNode changes = journal.putArray("changes");
        for (JournalEntry entry : entries) {
            ObjectNode change = changes.addObject().put("path", entry.path).put("temporary", entry.temporary);
            entry.folders.forEach(change.putArray("folders")::add);
            change.put("before", entry.before).put("after", entry.after);
        }
        return JSON.writeValueAsBytes(journal);
    }

    static List<JournalEntry> read(byte[] json) throws IOException {
        JsonNode journal = JSON.readTree(json);
        int format = journal.path("format").asInt();
        if (format != FORMAT) {
            throw new IOException(
                    "a journal of format " + format + " was left by another version; this one reads " + FORMAT);
        }
        List<JournalEntry> entries = new ArrayList<>();
        for (JsonNode change : journal.path("changes")) {
            List<String> folders = new ArrayList<>();
            change.path("folders").forEach(folder -> folders.add(folder.asText()));
            entries.add(new JournalEntry(
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
