package dev.agentloop.stores;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the tests of the file store share: ids, entries, and the lines of a file. */
final class FileStoreFixture {
    static final String ID = "0199a000-0000-7000-8000-000000000001";
    static final String OTHER = "0199a000-0000-7000-8000-000000000002";

    private FileStoreFixture() {}

    static List<LogEntry> entries(LogPosition after, String... payloads) {
        List<LogEntry> entries = new ArrayList<>();
        LogPosition position = after;
        for (String payload : payloads) {
            LogEntry entry = LogEntry.after(position, "item", 0, 1, payload.getBytes(StandardCharsets.UTF_8));
            entries.add(entry);
            position = entry.position();
        }
        return entries;
    }

    static LogPosition append(ConversationStore store, String conversation, String... payloads) {
        LogPosition head = store.head(conversation).orElse(LogPosition.START);
        return store.append(conversation, head, entries(head, payloads));
    }

    static List<String> payloads(List<LogEntry> entries) {
        return entries.stream()
                .map(entry -> new String(entry.content(), StandardCharsets.UTF_8))
                .toList();
    }

    static Path file(Path folder) {
        return folder.resolve(ID + ".jsonl");
    }

    static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8);
    }
}
