package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.append;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ConversationStore.Listed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists of a folder: what they read of it, and that they are never old. */
class FileListTest {
    private static final int MANY = 10_000;

    @TempDir
    Path folder;

    private final NamesRead disk = new NamesRead();

    /** The disk, which counts how often the names of a folder are read. */
    private static final class NamesRead implements FileAccess {
        private final FileAccess disk = FileAccess.local();
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public Handle read(Path file) throws IOException {
            return disk.read(file);
        }

        @Override
        public Handle write(Path file) throws IOException {
            return disk.write(file);
        }

        @Override
        public Handle create(Path file) throws IOException {
            return disk.create(file);
        }

        @Override
        public void forceName(Path file) throws IOException {
            disk.forceName(file);
        }

        @Override
        public Stream<String> names(Path of) throws IOException {
            count.incrementAndGet();
            return disk.names(of);
        }
    }

    private static String id(int number) {
        return new UUID(number * 0x9e3779b97f4a7c15L, number).toString();
    }

    private static List<String> all(ConversationStore store, int page) {
        List<String> ids = new ArrayList<>();
        String before = "";
        List<Listed> next = store.list(before, page);
        while (!next.isEmpty()) {
            next.forEach(one -> ids.add(one.conversation()));
            before = ids.get(ids.size() - 1);
            next = store.list(before, page);
        }
        return ids;
    }

    // As if it was changed long ago.
    private void settle() throws IOException {
        Instant past = Instant.now().minus(FileNames.GRAIN.multipliedBy(2));
        Files.setLastModifiedTime(folder, FileTime.from(past));
    }

    @Test
    void pagesOfTenThousandConversations_readTheNamesOnce() throws IOException {
        TreeSet<String> expected = new TreeSet<>();
        try (ConversationStore store = new FileStore(folder, disk)) {
            append(store, id(0), "{}");
            for (int i = 0; i < MANY; i++) {
                expected.add(id(i));
                if (i > 0) {
                    Files.copy(folder.resolve(id(0) + ".jsonl"), folder.resolve(id(i) + ".jsonl"));
                }
            }
            settle();
            assertThat(all(store, 100)).containsExactlyElementsOf(expected.descendingSet());
            assertThat(disk.count).hasValue(1);
            assertThat(all(store, MANY)).hasSize(MANY);
            assertThat(store.list(id(17), 3))
                    .extracting(Listed::conversation)
                    .containsExactlyElementsOf(expected.headSet(id(17), false).descendingSet().stream()
                            .limit(3)
                            .toList());
            assertThat(store.list("0", 3)).isEmpty();
            assertThat(store.list("g", 1)).extracting(Listed::conversation).containsExactly(expected.last());
            assertThat(disk.count).hasValue(1);
        }
    }

    @Test
    void whatAnotherStoreAddsAndDeletes_isSeenAtOnce() throws IOException {
        long seed = Long.getLong("files.seed", System.nanoTime());
        Random random = new Random(seed);
        TreeSet<String> expected = new TreeSet<>();
        try (ConversationStore store = new FileStore(folder, disk);
                ConversationStore other = new FileStore(folder)) {
            for (int i = 0; i < 400; i++) {
                if (expected.size() < 5 || expected.size() < 20 && random.nextBoolean()) {
                    append(random.nextBoolean() ? store : other, id(i), "{}");
                    expected.add(id(i));
                } else {
                    deleted(expected.pollFirst());
                }
                if (random.nextInt(4) == 0) {
                    settle();
                }
                assertThat(all(store, 1 + random.nextInt(8)))
                        .as("change %d, seed %d", i, seed)
                        .containsExactlyElementsOf(expected.descendingSet());
            }
        }
    }

    // By hand: a store cannot delete what another one has open.
    private void deleted(String id) throws IOException {
        Files.delete(folder.resolve(id + ".jsonl"));
    }

    @Test
    void folderThatChangesAllTheTime_isReadForEachPage_andOneThatDoesNotIsNot() throws IOException {
        try (ConversationStore store = new FileStore(folder, disk)) {
            append(store, id(1), "{}");
            all(store, 10);
            int fresh = disk.count.getAndSet(0);
            assertThat(fresh).as("the folder is as new as the clock can tell").isEqualTo(2);
            settle();
            all(store, 10);
            append(store, id(1), "{\"more\":1}");
            all(store, 10);
            assertThat(disk.count).as("an append changes no name").hasValue(1);
        }
    }

    @Test
    void whatAnotherProcessAdds_isSeen() throws Exception {
        try (ConversationStore store = new FileStore(folder, disk)) {
            append(store, id(1), "{}");
            settle();
            assertThat(all(store, 10)).containsExactly(id(1));
            Process copy = new ProcessBuilder(
                            "cp",
                            folder.resolve(id(1) + ".jsonl").toString(),
                            folder.resolve(id(2) + ".jsonl").toString())
                    .inheritIO()
                    .start();
            assertThat(copy.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(copy.exitValue()).isZero();
            assertThat(all(store, 10)).containsExactlyInAnyOrder(id(1), id(2));
        }
    }
}
