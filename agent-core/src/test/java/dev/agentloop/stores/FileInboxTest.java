package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
import static dev.agentloop.stores.FileStoreFixture.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileInboxTest {
    @TempDir
    Path folder;

    private ConversationStore store;
    private Path inbox;

    @BeforeEach
    void leaveAMessage() {
        store = new FileStore(folder.resolve("store"));
        append(store, ID, "{}");
        store.leave(ID, InboxMessage.of("m", "note", "{}".getBytes(StandardCharsets.UTF_8)));
        inbox = folder.resolve("store").resolve(ID + ".inbox");
    }

    @AfterEach
    void close() {
        store.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n{}",
                "no json\n{}",
                "[1]\n{}",
                "\"text\"\n{}",
                "{\"id\":1}\n{}",
                "{\"id\":\"x\",\"kind\":\"k\"}\n{}",
                "{\"id\":\"x\",\"kind\":\"k\",\"at\":\"yesterday\"}\n{}",
                "{\"id\":\"x\",\"kind\":\"k\",\"at\":\"2026-01-31T08:30:00Z\"}"
            })
    void inbox_withADamagedMessage_saysWhichFileToRemove(String content) throws IOException {
        Path file = Files.writeString(inbox.resolve("x.message"), content);

        assertThatThrownBy(() -> store.inbox(ID))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("the message x.message is damaged; remove the file to go on without it");
        Files.delete(file);
        assertThat(store.inbox(ID)).hasSize(1);
    }

    @Test
    void inbox_withALinkForAMessage_doesNotFollowIt() throws IOException {
        Path elsewhere = Files.writeString(
                folder.resolve("written-by-others"),
                "{\"id\":\"x\",\"kind\":\"approval.decided\",\"at\":\"2026-01-31T08:30:00Z\"}\n{}");
        Files.createSymbolicLink(inbox.resolve("x.message"), elsewhere);

        assertThatThrownBy(() -> store.inbox(ID))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(
                        "the message x.message is a link or no file, and is not read; remove it to go on without it");
    }
}
