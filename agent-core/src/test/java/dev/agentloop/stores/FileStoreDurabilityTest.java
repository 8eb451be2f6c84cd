package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
import static dev.agentloop.stores.FileStoreFixture.OTHER;
import static dev.agentloop.stores.FileStoreFixture.append;
import static dev.agentloop.stores.FileStoreFixture.entries;
import static dev.agentloop.stores.FileStoreFixture.file;
import static dev.agentloop.stores.FileStoreFixture.payloads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches the disk in which order, and what is left when the disk fails. */
class FileStoreDurabilityTest {
    @TempDir
    Path folder;

    /** The disk, with a list of what was done to it and failures on demand. */
    private static final class RecordingDisk implements FileAccess {
        private final FileAccess disk = FileAccess.local();
        private final List<String> operations = new ArrayList<>();
        private String failing = "";
        private int written = Integer.MAX_VALUE;

        private void note(String operation) throws IOException {
            operations.add(operation);
            if (!failing.isEmpty() && operation.matches(failing)) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public Handle read(Path file) throws IOException {
            return disk.read(file);
        }

        @Override
        public Handle write(Path file) throws IOException {
            note("open");
            return new RecordingHandle(disk.write(file));
        }

        @Override
        public Handle create(Path file) throws IOException {
            note("create " + file.getFileName().toString().replaceAll(".*\\.", ""));
            return new RecordingHandle(disk.create(file));
        }

        @Override
        public void forceName(Path file) throws IOException {
            note("force name");
            disk.forceName(file);
        }

        private final class RecordingHandle implements Handle {
            private final Handle handle;

            RecordingHandle(Handle handle) {
                this.handle = handle;
            }

            @Override
            public int read(long position, byte[] target, int offset, int count) throws IOException {
                operations.add("read");
                return handle.read(position, target, offset, count);
            }

            @Override
            public void write(long position, byte[] bytes) throws IOException {
                handle.write(position, Arrays.copyOf(bytes, Math.min(bytes.length, written)));
                note("write");
            }

            @Override
            public void force() throws IOException {
                note("force");
                handle.force();
            }

            @Override
            public void truncate(long length) throws IOException {
                note("truncate");
                handle.truncate(length);
            }

            @Override
            public long length() throws IOException {
                return handle.length();
            }

            @Override
            public void close() throws IOException {
                operations.add("close");
                handle.close();
            }
        }
    }

    private final RecordingDisk disk = new RecordingDisk();

    @Test
    void append_isOneWriteAndThenOneForce() {
        try (ConversationStore store = new FileStore(folder, disk)) {
            append(store, ID, "{\"n\":1}");
            disk.operations.clear();
            LogPosition head = append(store, ID, "{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
            assertThat(disk.operations).containsExactly("write", "force");
            disk.operations.clear();
            store.append(ID, head, entries(head, "{\"n\":5}"));
            assertThat(disk.operations).as("nothing is read again").containsExactly("write", "force");
        }
    }

    @Test
    void firstAppend_forcesTheFolderBeforeTheEntry() {
        try (ConversationStore store = new FileStore(folder.resolve("new"), disk)) {
            append(store, ID, "{}");
        }
        assertThat(disk.operations)
                .containsExactly("force name", "create jsonl", "force", "force name", "write", "force", "close");
    }

    @Test
    void openingAgain_forcesWhatAKilledProcessMayHaveLeftUnforced() {
        List<LogEntry> entries = entries(LogPosition.START, "{}");
        try (ConversationStore store = new FileStore(folder)) {
            store.append(ID, LogPosition.START, entries);
        }
        try (ConversationStore store = new FileStore(folder, disk)) {
            store.append(ID, LogPosition.START, entries);
            assertThat(disk.operations).containsExactly("open", "read", "force", "read");
        }
    }

    @Test
    void whatAnotherProcessWrote_isReadFromWhereItBegins_andForcedOnce() {
        try (ConversationStore store = new FileStore(folder, disk);
                ConversationStore another = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}");
            LogPosition head = append(another, ID, "{\"n\":2}");
            disk.operations.clear();
            head = store.append(ID, head, entries(head, "{\"n\":3}"));
            assertThat(disk.operations).containsExactly("read", "force", "write", "force");
            disk.operations.clear();
            store.append(ID, head, entries(head, "{\"n\":4}"));
            assertThat(disk.operations).as("nobody has written since").containsExactly("write", "force");
        }
    }

    @Test
    void fileThatAnotherProcessPutInThePlaceOfThisOne_isOpenedAgain() {
        try (ConversationStore store = new FileStore(folder, disk);
                ConversationStore another = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}");
            another.delete(ID);
            LogPosition head = append(another, ID, "{\"n\":2}");
            disk.operations.clear();
            store.append(ID, head, entries(head, "{\"n\":3}"));
            assertThat(disk.operations).containsExactly("close", "open", "read", "force", "write", "force");
            assertThat(payloads(another.read(ID, 0, 10))).containsExactly("{\"n\":2}", "{\"n\":3}");
        }
    }

    @Test
    void fileThatWasClosedForOthers_isNotForcedAgain() {
        try (ConversationStore store = new FileStore(folder, disk)) {
            LogPosition head = append(store, ID, "{\"n\":1}");
            for (int i = 0; i < 100; i++) {
                append(store, new UUID(i, i).toString(), "{}");
            }
            disk.operations.clear();
            store.append(ID, head, entries(head, "{\"n\":2}"));
            assertThat(disk.operations).containsSubsequence("open", "read", "write", "force");
            assertThat(disk.operations).containsOnlyOnce("force");
        }
    }

    @Test
    void fileThatCannotBeSettled_staysLockedUntilItIs() {
        try (ConversationStore store = new FileStore(folder, disk);
                ConversationStore another = new FileStore(folder)) {
            LogPosition head = append(store, ID, "{\"n\":1}");
            disk.failing = "force|truncate";
            List<LogEntry> entries = entries(head, "{\"n\":2}");
            assertThatThrownBy(() -> store.append(ID, head, entries)).isInstanceOf(StoreException.class);
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> another.append(ID, head, entries(head, "{}")));
            assertThat(refused.kind())
                    .as("what follows the last append may still be cut off")
                    .isEqualTo(Kind.LOCKED);
            disk.failing = "";
            LogPosition settled = store.append(ID, head, entries);
            assertThat(append(another, ID, "{\"n\":3}").version()).isEqualTo(settled.version() + 1);
        }
    }

    @Test
    void fork_isForcedBeforeItHasItsNameAndAfter() {
        try (ConversationStore store = new FileStore(folder, disk)) {
            LogPosition head = append(store, ID, "{}");
            disk.operations.clear();
            store.fork(ID, head, OTHER);
            assertThat(disk.operations).containsSubsequence("create fork", "write", "force", "close", "force name");
            int begun = disk.operations.indexOf("create fork");
            assertThat(disk.operations.subList(0, begun))
                    .as("the index of forks, before there is one")
                    .containsSubsequence("create member", "close", "force name", "create member", "force name");
        }
    }

    @Test
    void diskFullInTheMiddleOfAWrite_takesItBack() throws IOException {
        try (ConversationStore store = new FileStore(folder, disk)) {
            LogPosition head = append(store, ID, "{\"n\":1}");
            long length = Files.size(file(folder));
            disk.failing = "write";
            disk.written = 100;
            List<LogEntry> entries = entries(head, "{\"n\":2}");
            StoreException failure = catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries));
            assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
            assertThat(failure)
                    .hasMessage("cannot append after version 1 of " + file(folder) + ": No space left on device;"
                            + " nothing was appended. Make room or repair the disk, then send the append again")
                    .hasCauseInstanceOf(IOException.class);
            assertThat(file(folder)).hasSize(length);
            disk.failing = "";
            disk.written = Integer.MAX_VALUE;
            assertThat(store.append(ID, head, entries).version()).isEqualTo(2);
            assertThat(store.read(ID, 0, 10)).hasSize(2);
        }
    }

    @Test
    void failedForce_takesTheEntryBackAndWritesItAnew() throws IOException {
        try (ConversationStore store = new FileStore(folder, disk)) {
            LogPosition head = append(store, ID, "{\"n\":1}");
            long length = Files.size(file(folder));
            disk.failing = "force|truncate";
            List<LogEntry> entries = entries(head, "{\"n\":2}");
            StoreException failure = catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries));
            assertThat(failure.kind()).isEqualTo(Kind.OUTCOME_UNKNOWN);
            assertThat(failure)
                    .hasMessageContaining("taking it back failed: No space left on device. Send the very same append"
                            + " again once the disk works");
            assertThat(Files.size(file(folder)))
                    .as("the entry is still in the file")
                    .isGreaterThan(length);
            assertThat(store.read(ID, 0, 10)).as("but nobody sees it").hasSize(1);
            assertThat(store.head(ID)).contains(head);

            disk.operations.clear();
            StoreException again = catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries));
            assertThat(again.kind()).isEqualTo(Kind.UNAVAILABLE);
            assertThat(disk.operations).containsExactly("truncate");

            disk.failing = "";
            disk.operations.clear();
            store.append(ID, head, entries);
            assertThat(disk.operations).containsExactly("truncate", "force", "write", "force");
            assertThat(payloads(store.read(ID, 0, 10))).containsExactly("{\"n\":1}", "{\"n\":2}");
        }
    }

    @Test
    void folderThatCannotBeForced_acknowledgesNothing() {
        try (ConversationStore store = new FileStore(folder, disk)) {
            disk.failing = "force name";
            List<LogEntry> entries = entries(LogPosition.START, "{}");
            StoreException failure =
                    catchThrowableOfType(StoreException.class, () -> store.append(ID, LogPosition.START, entries));
            assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
            assertThat(store.head(ID)).isEmpty();
            disk.failing = "";
            disk.operations.clear();
            store.append(ID, LogPosition.START, entries);
            assertThat(disk.operations).containsSubsequence("force name", "write", "force");
        }
    }

    @Test
    void forkOnAFullDisk_leavesNothing() {
        try (ConversationStore store = new FileStore(folder, disk)) {
            LogPosition head = append(store, ID, "{}");
            disk.failing = "write";
            StoreException failure = catchThrowableOfType(StoreException.class, () -> store.fork(ID, head, OTHER));
            assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
            assertThat(failure).hasMessageContaining("cannot fork into " + OTHER + " in " + folder);
            assertThat(store.head(OTHER)).isEmpty();
            assertThat(folder.resolve(OTHER + ".fork")).doesNotExist();
        }
    }

    @Test
    void folderThatIsAFile_isNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("taken"));
        try (ConversationStore store = new FileStore(file)) {
            StoreException failure = catchThrowableOfType(StoreException.class, () -> append(store, ID, "{}"));
            assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
            assertThat(failure).hasMessageContaining("cannot append to " + ID + " in " + file);
        }
    }
}
