package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
import static dev.agentloop.stores.FileStoreFixture.OTHER;
import static dev.agentloop.stores.FileStoreFixture.append;
import static dev.agentloop.stores.FileStoreFixture.entries;
import static dev.agentloop.stores.FileStoreFixture.file;
import static dev.agentloop.stores.FileStoreFixture.lines;
import static dev.agentloop.stores.FileStoreFixture.payloads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest {
    @TempDir
    Path folder;

    @Test
    void line_holdsTheDocumentedFields() throws IOException {
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{\"a\":1}", "{\"b\":2}");
        }
        List<String> lines = lines(file(folder));
        JsonNode line = new ObjectMapper().readTree(lines.get(1));
        List<String> names = new ArrayList<>();
        line.fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .containsExactly(
                        "format", "crc", "len", "v", "kind", "turn", "base", "at", "batch", "salt", "digest", "hash",
                        "payload");
        assertThat(line.get("v").asInt()).isEqualTo(2);
        assertThat(line.get("len").asInt()).isEqualTo(7);
        assertThat(line.get("batch").toString()).isEqualTo("[2,2]");
        CRC32C crc = new CRC32C();
        byte[] bytes = lines.get(1).getBytes(StandardCharsets.UTF_8);
        int covered = "{\"format\":1,\"crc\":\"01234567".length();
        crc.update(bytes, covered, bytes.length - covered);
        assertThat(line.get("crc").asText()).isEqualTo(HexFormat.of().toHexDigits((int) crc.getValue()));
    }

    @Test
    void payload_standsInTheFileInItsOwnBytes() throws IOException {
        String payload = "{\"z\":1e400, \"a\":\"\\u0000\\ud800 \u00fc\ud83d\ude00\",\t\"a\":-0.0}";
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, payload);
            assertThat(payloads(store.read(ID, 0, 1))).containsExactly(payload);
        }
        assertThat(lines(file(folder)).get(0)).endsWith(",\"payload\":" + payload + "}");
    }

    @Test
    void payloadWithLineBreak_isRefused() {
        try (ConversationStore store = new FileStore(folder)) {
            assertThatThrownBy(() -> append(store, ID, "{\n}"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "a payload is one line of JSON; the one of entry 1 item 3 bytes has a line break at byte"
                                    + " 1");
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void newStore_onAFolderOfAnOlderOne_readsWhatThatWrote() {
        LogPosition written;
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}");
            written = append(store, ID, "{\"n\":2}", "{\"n\":3}");
        }
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.head(ID)).contains(written);
            assertThat(payloads(store.read(ID, 1, 10))).containsExactly("{\"n\":2}", "{\"n\":3}");
            assertThat(append(store, ID, "{\"n\":4}").version()).isEqualTo(4);
        }
    }

    @Test
    void missingFolder_isMadeForItsOwnerAlone() throws IOException {
        Path deep = folder.resolve("a/b");
        try (ConversationStore store = new FileStore(deep)) {
            assertThat(store.list("", 10)).isEmpty();
            assertThat(store.head(ID)).isEmpty();
            assertThat(deep).doesNotExist();
            append(store, ID, "{}");
        }
        if (FileAccess.posix(folder)) {
            for (Path made : List.of(deep, deep.getParent())) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                        .isEqualTo("rwx------");
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(deep))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void conflict_beforeTheFirstEntry_makesNoFile() {
        LogPosition invented = entries(LogPosition.START, "{}").get(0).position();
        try (ConversationStore store = new FileStore(folder)) {
            StoreException refused = catchThrowableOfType(
                    StoreException.class, () -> store.append(ID, invented, entries(invented, "{}")));
            assertThat(refused.kind()).isEqualTo(StoreException.Kind.CONFLICT);
            assertThat(refused).hasMessageContaining("stands at version 0, not at the expected version 1");
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void repeatedAppend_afterReopening_writesNothing() throws IOException {
        List<LogEntry> entries = entries(LogPosition.START, "{\"n\":1}", "{\"n\":2}");
        LogPosition first;
        try (ConversationStore store = new FileStore(folder)) {
            first = store.append(ID, LogPosition.START, entries);
        }
        long size = Files.size(file(folder));
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.append(ID, LogPosition.START, entries)).isEqualTo(first);
            assertThat(file(folder)).hasSize(size);
            LogPosition second = append(store, ID, "{\"n\":3}");
            assertThat(store.append(ID, LogPosition.START, entries)).isEqualTo(second);
        }
    }

    @Test
    void fork_inTheMiddleOfAnAppend_keepsTheHashes() {
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}");
            append(store, ID, "{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
            LogEntry third = store.read(ID, 2, 1).get(0);
            store.fork(ID, third.position(), OTHER);
            assertThat(store.head(OTHER)).contains(third.position());
            assertThat(store.read(OTHER, 0, 10)).isEqualTo(store.read(ID, 0, 3));
            assertThat(append(store, OTHER, "{\"n\":5}").version()).isEqualTo(4);
            assertThat(folder.resolve(OTHER + ".fork")).doesNotExist();
        }
    }

    @Test
    void manyConversations_keepFewFilesOpen() throws IOException {
        FileLogs logs = FileLogs.of(folder, FileAccess.local());
        for (int i = 0; i < 200; i++) {
            String id = new UUID(i, i).toString();
            logs.exclusively(
                    id, () -> logs.writing(id, true, () -> logs.open(id).append(entries(LogPosition.START, "{}"))));
        }
        assertThat(logs.count()).isEqualTo(64);
        for (int i = 0; i < 200; i++) {
            String id = new UUID(i, i).toString();
            LogPosition head = logs.exclusively(
                    id, () -> logs.writing(id, true, () -> logs.open(id).head()));
            assertThat(head.version()).isEqualTo(1);
        }
        logs.close();
        assertThat(logs.count()).isZero();
    }

    @Test
    void longLog_isReadInPagesFromAnyVersion() {
        String filler = "x".repeat(3_000);
        try (ConversationStore store = new FileStore(folder)) {
            for (int i = 0; i < 50; i++) {
                String[] payloads = new String[20];
                for (int j = 0; j < 20; j++) {
                    payloads[j] = "{\"n\":" + (i * 20 + j + 1) + ",\"s\":\"" + filler + "\"}";
                }
                append(store, ID, payloads);
            }
        }
        try (ConversationStore store = new FileStore(folder)) {
            for (long after : new long[] {990, 0, 37, 500, 499, 501, 999, 1000, 5000, Long.MAX_VALUE, -7}) {
                List<LogEntry> page = store.read(ID, after, 7);
                long first = Math.max(after, 0) + 1;
                int expected = (int) Math.max(0, Math.min(7, 1000 - first + 1));
                assertThat(page).as("after %s", after).hasSize(expected);
                for (int i = 0; i < expected; i++) {
                    assertThat(page.get(i).version()).isEqualTo(first + i);
                    assertThat(payloads(page).get(i)).startsWith("{\"n\":" + (first + i) + ",");
                }
            }
        }
    }

    @Test
    void head_ofALastAppendLongerThanABlock_isFound() {
        LogPosition last;
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{}");
            String[] many = new String[100];
            java.util.Arrays.fill(many, "{\"s\":\"" + "y".repeat(5_000) + "\"}");
            last = append(store, ID, many);
        }
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.head(ID)).contains(last);
            assertThat(store.list("", 5))
                    .singleElement()
                    .satisfies(summary -> assertThat(summary.head()).isEqualTo(last));
        }
    }

    @Test
    void list_ignoresOtherFiles() throws IOException {
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{}");
            append(store, OTHER, "{}");
            Files.writeString(folder.resolve("notes.jsonl"), "{}");
            Files.createFile(folder.resolve("0199a000-0000-7000-8000-000000000003.jsonl"));
            assertThat(store.list("", 10))
                    .extracting(ConversationStore.Listed::conversation)
                    .containsExactly(OTHER, ID);
        }
    }

    @Test
    void interruptedThread_appendsAndStaysInterrupted() {
        try (ConversationStore store = new FileStore(folder.resolve("new"))) {
            Thread.currentThread().interrupt();
            append(store, ID, "{\"n\":1}");
            LogPosition head = append(store, ID, "{\"n\":2}");
            store.fork(ID, head, OTHER);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(store.read(OTHER, 0, 10)).hasSize(2);
        }
    }

    @Test
    void closedStore_refuses() {
        ConversationStore store = new FileStore(folder);
        append(store, ID, "{}");
        store.close();
        StoreException refused = catchThrowableOfType(StoreException.class, () -> append(store, ID, "{}"));
        assertThat(refused.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
        assertThat(refused)
                .hasMessage("the store of " + folder.toAbsolutePath() + " is closed; open another one on the folder");
        store.close();
    }
}
