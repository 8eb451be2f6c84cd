package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
import static dev.agentloop.stores.FileStoreFixture.OTHER;
import static dev.agentloop.stores.FileStoreFixture.append;
import static dev.agentloop.stores.FileStoreFixture.entries;
import static dev.agentloop.stores.FileStoreFixture.file;
import static dev.agentloop.stores.FileStoreFixture.lines;
import static dev.agentloop.stores.FileStoreFixture.payloads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class FileStoreDamageTest {
    @TempDir
    Path folder;

    private final ListAppender<ILoggingEvent> warnings = new ListAppender<>();

    @BeforeEach
    void collectWarnings() {
        warnings.start();
        ((Logger) LoggerFactory.getLogger(FileStore.class)).addAppender(warnings);
    }

    @AfterEach
    void releaseWarnings() {
        ((Logger) LoggerFactory.getLogger(FileStore.class)).detachAppender(warnings);
    }

    private List<String> warned() {
        return warnings.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    /** A file of an append of one entry, one of two, and one of three; and where each line begins, the end included. */
    private List<Integer> written() throws IOException {
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}");
            append(store, ID, "{\"n\":2}", "{\"n\":3}");
            append(store, ID, "{\"n\":4}", "{\"n\":5}", "{\"n\":6}");
        }
        byte[] bytes = Files.readAllBytes(file(folder));
        List<Integer> starts = new ArrayList<>(List.of(0));
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                starts.add(i + 1);
            }
        }
        return starts;
    }

    private void cutTo(int length) throws IOException {
        Files.write(file(folder), Arrays.copyOf(Files.readAllBytes(file(folder)), length));
    }

    private void flip(int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file(folder));
        bytes[offset] ^= 1;
        Files.write(file(folder), bytes);
    }

    private StoreException readFails() {
        try (ConversationStore store = new FileStore(folder)) {
            return catchThrowableOfType(StoreException.class, () -> store.read(ID, 0, 100));
        }
    }

    @Test
    void fileCutAnywhere_losesTheUnfinishedAppendWholeAndNothingElse() throws IOException {
        List<Integer> starts = written();
        byte[] whole = Files.readAllBytes(file(folder));
        for (int length = whole.length; length >= 0; length -= 3) {
            Files.write(file(folder), Arrays.copyOf(whole, length));
            int expected = length >= starts.get(6) ? 6 : length >= starts.get(3) ? 3 : length >= starts.get(1) ? 1 : 0;
            try (ConversationStore store = new FileStore(folder)) {
                assertThat(store.head(ID).map(LogPosition::version).orElse(0L))
                        .as("head of a file cut to %s bytes", length)
                        .isEqualTo(expected);
                assertThat(store.read(ID, 0, 100)).as("%s bytes", length).hasSize(expected);
                assertThat(file(folder)).hasSize(starts.get(expected));
            }
        }
    }

    @Test
    void fileCutAnywhere_canBeAppendedTo() throws IOException {
        List<Integer> starts = written();
        for (int length = starts.get(6) - 1; length > 0; length -= 41) {
            cutTo(length);
            try (ConversationStore store = new FileStore(folder)) {
                LogPosition head = append(store, ID, "{\"n\":7}");
                List<LogEntry> entries = store.read(ID, 0, 100);
                assertThat(entries).hasSize((int) head.version());
                assertThat(payloads(entries)).last().isEqualTo("{\"n\":7}");
            }
        }
    }

    @Test
    void cut_isReported() throws IOException {
        List<Integer> starts = written();
        cutTo(starts.get(6) - 10);
        try (ConversationStore store = new FileStore(folder)) {
            store.read(ID, 0, 100);
        }
        int lost = starts.get(6) - 10 - starts.get(3);
        int line = starts.get(6) - 10 - starts.get(5);
        assertThat(warned())
                .containsExactly(file(folder) + ": cut " + lost + " bytes at byte " + starts.get(3)
                        + ", after version 3: a line of " + line + " bytes without an end. They are the remains of an"
                        + " append that never returned; nothing that was acknowledged is lost unless the disk is"
                        + " failing");
    }

    @Test
    void lastLineFullOfZeros_isCut() throws IOException {
        List<Integer> starts = written();
        byte[] bytes = Files.readAllBytes(file(folder));
        Arrays.fill(bytes, starts.get(5), bytes.length, (byte) 0);
        Files.write(file(folder), bytes);
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.read(ID, 0, 100)).hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5})
    void bitFlippedInTheLastAppend_cutsItWhole(int line) throws IOException {
        flip(written().get(line) + 150);
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.read(ID, 0, 100)).hasSize(3);
            assertThat(store.head(ID)).map(LogPosition::version).contains(3L);
        }
        assertThat(warned()).singleElement().asString().contains("a damaged line: expected the checksum ");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void bitFlippedInAnEarlierAppend_refusesAndChangesNothing(int line) throws IOException {
        List<Integer> starts = written();
        for (int offset = starts.get(line); offset < starts.get(line + 1) - 1; offset += 7) {
            flip(offset);
            byte[] before = Files.readAllBytes(file(folder));
            StoreException refused = readFails();
            assertThat(refused).as("byte %s", offset).isNotNull();
            assertThat(refused.kind()).isIn(Kind.CORRUPT, Kind.UNKNOWN_FORMAT);
            assertThat(file(folder)).hasBinaryContent(before);
            flip(offset);
        }
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.read(ID, 0, 100)).hasSize(6);
        }
    }

    @Test
    void damage_isNamedWithFileLineOffsetAndBothChecksums() throws IOException {
        List<Integer> starts = written();
        flip(starts.get(2) - 4);
        assertThat(readFails())
                .hasMessageMatching("\\Q" + file(folder) + "\\E is damaged in line 2 at byte " + starts.get(1)
                        + ": expected the checksum [0-9a-f]{8} but found [0-9a-f]{8} over \\d+ bytes; nothing was"
                        + " changed\\. Bring the file back from a backup, or fork the conversation at version 1 or"
                        + " before");
        assertThat(warned()).isEmpty();
    }

    @Test
    void damagedConversation_cannotBeAppendedToButForkedBefore() throws IOException {
        List<Integer> starts = written();
        LogPosition head;
        try (ConversationStore store = new FileStore(folder)) {
            head = store.head(ID).orElseThrow();
        }
        flip(starts.get(2) + 100);
        try (ConversationStore store = new FileStore(folder)) {
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries(head, "{}")));
            assertThat(refused.kind()).isEqualTo(Kind.CORRUPT);
            assertThat(refused)
                    .hasMessageContaining("in line 3")
                    .hasMessageContaining("fork the conversation at version 1");
            LogPosition good = store.read(ID, 0, 1).get(0).position();
            store.fork(ID, good, OTHER);
            assertThat(store.read(OTHER, 0, 100)).hasSize(1);
            store.delete(ID);
            assertThat(file(folder)).doesNotExist();
        }
    }

    @Test
    void lineOfAnotherHistory_refuses() throws IOException {
        written();
        List<String> lines = lines(file(folder));
        try (ConversationStore store = new FileStore(folder)) {
            append(store, OTHER, "{\"n\":1}");
            append(store, OTHER, "{\"n\":2}", "{\"n\":3}");
        }
        List<String> others = lines(folder.resolve(OTHER + ".jsonl"));
        lines.set(1, others.get(1));
        Files.writeString(file(folder), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        StoreException refused = readFails();
        assertThat(refused.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(refused)
                .hasMessageContaining("line 2")
                .hasMessageContaining("expected an entry whose chain hash follows version 1 but found version 2 with"
                        + " another history or another payload");
    }

    @Test
    void missingLine_refuses() throws IOException {
        written();
        List<String> lines = lines(file(folder));
        lines.remove(2);
        Files.writeString(file(folder), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        assertThat(readFails())
                .hasMessageContaining("line 3")
                .hasMessageContaining("expected entry 2 of an append but found entry 1 of 3");
    }

    @Test
    void newerFormat_isNamedAndLeftAlone() throws IOException {
        written();
        List<String> lines = lines(file(folder));
        lines.add("{\"format\":2,\"entry\":{\"whatever\":\"a newer version of this library thinks of\"}}");
        Files.writeString(file(folder), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        long size = Files.size(file(folder));
        StoreException refused = readFails();
        assertThat(refused.kind()).isEqualTo(Kind.UNKNOWN_FORMAT);
        assertThat(refused).hasMessageContaining("is in format 2 from byte").hasMessageContaining("reads format 1");
        assertThat(file(folder)).hasSize(size);
    }

    @Test
    void list_leavesOutWhatCannotBeRead() throws IOException {
        written();
        try (ConversationStore store = new FileStore(folder)) {
            append(store, OTHER, "{}");
        }
        Files.writeString(file(folder), "no line of ours\n" + String.join("\n", lines(file(folder))));
        try (ConversationStore store = new FileStore(folder)) {
            assertThat(store.list("", 10))
                    .extracting(ConversationStore.Listed::conversation)
                    .containsExactly(OTHER);
        }
        assertThat(warned()).singleElement().asString().startsWith("conversation " + ID + " is left out of the list");
    }

    @Test
    void fileReplacedBehindTheStoresBack_isReadAnew() throws IOException {
        try (ConversationStore store = new FileStore(folder);
                ConversationStore other = new FileStore(folder)) {
            append(other, ID, "{\"n\":1}");
            append(other, ID, "{\"n\":2}");
            assertThat(store.read(ID, 0, 10)).hasSize(2);
            other.delete(ID);
            append(other, ID, "{\"other\":1}", "{\"other\":2}");
            append(other, ID, "{\"other\":3}");
            assertThat(payloads(store.read(ID, 1, 10))).containsExactly("{\"other\":2}", "{\"other\":3}");
        }
    }
}
