package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
import static dev.agentloop.stores.FileStoreFixture.OTHER;
import static dev.agentloop.stores.FileStoreFixture.append;
import static dev.agentloop.stores.FileStoreFixture.payloads;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The index of forks in a folder of files, and what is erased by it. */
class FileFamiliesTest {
    private static final String THIRD = "0199a000-0000-7000-8000-000000000003";

    @TempDir
    Path folder;

    private static Map<Long, byte[]> mark(long version) {
        return Map.of(version, "{\"mark\":1}".getBytes(UTF_8));
    }

    private void fork(FileStore store, String source, long version, String target) {
        store.fork(source, store.read(source, version - 1, 1).get(0).position(), target);
    }

    private String allBytes() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file));
            }
        }
        return all.toString();
    }

    private void forget() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve(".families"))) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void folderWithoutAnIndex_getsOneFromItsConversations() throws IOException {
        try (FileStore store = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}", "{\"secret\":2}", "{\"n\":3}");
            fork(store, ID, 2, OTHER);
            fork(store, OTHER, 2, THIRD);
        }
        forget();
        try (FileStore store = new FileStore(folder)) {
            assertThat(store.sharing(THIRD, 2)).containsExactlyInAnyOrder(ID, OTHER, THIRD);
            store.delete(OTHER);
            store.erase(ID, mark(2));
            assertThat(payloads(store.read(THIRD, 0, 9))).containsExactly("{\"n\":1}", "{\"mark\":1}");
        }
        assertThat(allBytes()).doesNotContain("secret");
        assertThat(folder.resolve(".families")).isDirectoryRecursivelyContaining("glob:**/" + THIRD + ".member");
    }

    @Test
    void damagedConversation_isNamedAndLeavesTheOthersErased() throws IOException {
        try (FileStore store = new FileStore(folder)) {
            append(store, ID, "{\"secret\":1}");
            append(store, ID, "{\"n\":2}");
            append(store, ID, "{\"n\":3}");
            fork(store, ID, 3, OTHER);
            fork(store, ID, 3, THIRD);
        }
        Path damaged = folder.resolve(OTHER + ".jsonl");
        List<String> lines = Files.readAllLines(damaged);
        Files.write(damaged, List.of(lines.get(0).replace("secret", "sEcret"), lines.get(1), lines.get(2)));
        try (FileStore store = new FileStore(folder)) {
            assertThatThrownBy(() -> store.erase(ID, mark(1)))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.CORRUPT))
                    .hasMessageContaining(OTHER);
            assertThat(store.read(ID, 0, 1).get(0).isErased()).isTrue();
            assertThat(store.read(THIRD, 0, 1).get(0).isErased()).isTrue();
            store.delete(OTHER);
            store.erase(ID, mark(1));
        }
        assertThat(allBytes()).doesNotContain("ecret");
    }

    @Test
    void halfOfAFork_goesWithWhatIsErased() throws IOException {
        try (FileStore store = new FileStore(folder)) {
            LogPosition head = append(store, ID, "{\"secret\":1}");
            store.fork(ID, head, OTHER);
        }
        // As after a crash in the middle of the copy: the name is there, and the conversation is not.
        Files.move(folder.resolve(OTHER + ".jsonl"), folder.resolve(OTHER + ".fork"));
        try (FileStore store = new FileStore(folder)) {
            assertThat(store.sharing(ID, 1)).containsExactly(ID);
            store.erase(ID, mark(1));
            assertThat(allBytes()).doesNotContain("secret");
            fork(store, ID, 1, OTHER);
            List<LogEntry> fork = store.read(OTHER, 0, 9);
            assertThat(fork).hasSize(1).allMatch(LogEntry::isErased);
        }
    }
}
