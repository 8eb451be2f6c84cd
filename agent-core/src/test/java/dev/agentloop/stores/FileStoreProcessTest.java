package dev.agentloop.stores;

import static dev.agentloop.stores.FileStoreFixture.ID;
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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes, or several stores, on one folder; and processes that are killed. */
@Tag("once")
class FileStoreProcessTest {
    private static final int KILLS = 50;

    @TempDir
    Path folder;

    private final List<Process> children = new ArrayList<>();

    @AfterEach
    void endChildren() throws InterruptedException {
        for (Process child : children) {
            child.destroyForcibly().waitFor();
        }
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
        command.addAll(List.of(arguments));
        Process child = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        children.add(child);
        return child;
    }

    /** A process that appends to a conversation, and says so, until its input ends, it is killed, or it is refused. */
    static final class Child {
        public static void main(String[] arguments) throws IOException {
            Path folder = Path.of(arguments[0]);
            Random random = new Random(Long.parseLong(arguments[1]));
            int rounds = Integer.parseInt(arguments[2]);
            PrintStream out = new PrintStream(
                    new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.US_ASCII);
            try (ConversationStore store = new FileStore(folder)) {
                LogPosition head = store.head(ID).orElse(LogPosition.START);
                for (int i = 0; i < rounds; i++) {
                    head = store.append(ID, head, entries(head, batch(random)));
                    out.println(head.version() + " " + head.hash());
                }
                System.in.read();
            } catch (StoreException e) {
                out.println(e.kind() + " " + e.getMessage());
            }
        }

        // Entry i of n in an append has the payload {"i":i,"n":n,…}, from tiny to larger than a block.
        private static String[] batch(Random random) {
            String[] payloads = new String[1 + random.nextInt(4)];
            for (int i = 0; i < payloads.length; i++) {
                int size = random.nextInt(8) == 0 ? random.nextInt(400_000) : random.nextInt(500);
                payloads[i] =
                        "{\"i\":" + (i + 1) + ",\"n\":" + payloads.length + ",\"s\":\"" + "s".repeat(size) + "\"}";
            }
            return payloads;
        }
    }

    @Test
    void killAtAnyMoment_losesNothingAcknowledgedAndShowsNoHalfAppend() throws Exception {
        long seed = Long.getLong("agentloop.seed", 20_261_122L);
        System.err.println("seed " + seed);
        Random random = new Random(seed);
        LogPosition acknowledged = LogPosition.START;
        for (int kill = 0; kill < KILLS; kill++) {
            if (kill % 10 == 0) {
                acknowledged = startAnew();
            }
            Process child = start(folder.toString(), Long.toString(random.nextLong()), "1000000");
            // After so many bytes the child is anywhere in a later append: it does not wait for its reader.
            String said = readBytes(child, 70 + random.nextInt(1_500));
            // By its handle: Process.destroyForcibly would close the pipe and what is still in it.
            child.toHandle().destroyForcibly();
            child.waitFor();
            said += new String(child.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            acknowledged = lastAcknowledged(said, acknowledged);
            check(acknowledged);
        }
    }

    private LogPosition startAnew() {
        try (ConversationStore store = new FileStore(folder)) {
            store.delete(ID);
        }
        return LogPosition.START;
    }

    private static String readBytes(Process child, int count) throws IOException {
        return new String(child.getInputStream().readNBytes(count), StandardCharsets.US_ASCII);
    }

    private static LogPosition lastAcknowledged(String said, LogPosition before) {
        LogPosition last = before;
        int from = 0;
        for (int end; (end = said.indexOf('\n', from)) >= 0; from = end + 1) {
            String[] parts = said.substring(from, end).split(" ", 2);
            last = new LogPosition(Long.parseLong(parts[0]), parts[1]);
        }
        return last;
    }

    private void check(LogPosition acknowledged) {
        try (ConversationStore store = new FileStore(folder)) {
            List<LogEntry> entries = store.read(ID, 0, Integer.MAX_VALUE);
            assertThat(entries.size()).isGreaterThanOrEqualTo((int) acknowledged.version());
            assertThat(entries.get((int) acknowledged.version() - 1).position()).isEqualTo(acknowledged);
            LogPosition before = LogPosition.START;
            int expected = 1;
            for (LogEntry entry : entries) {
                assertThat(entry.follows(before)).isTrue();
                before = entry.position();
                String payload = new String(entry.content(), StandardCharsets.UTF_8);
                assertThat(payload).startsWith("{\"i\":" + expected + ",");
                expected = payload.startsWith("{\"i\":" + expected + ",\"n\":" + expected + ",") ? 1 : expected + 1;
            }
            assertThat(expected).as("the last append is whole").isEqualTo(1);
        }
    }

    @Test
    void secondProcess_isRefusedForWritingAndMayRead() throws Exception {
        Process writer = start(folder.toString(), "1", "3");
        BufferedReader said = writer.inputReader(StandardCharsets.US_ASCII);
        String last = "";
        for (int i = 0; i < 3; i++) {
            last = said.readLine();
        }
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = store.head(ID).orElseThrow();
            assertThat(last).isEqualTo(head.version() + " " + head.hash());
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries(head, "{}")));
            assertThat(refused.kind()).isEqualTo(Kind.LOCKED);
            assertThat(refused)
                    .hasMessage("conversation " + ID + " in " + folder.toRealPath() + " is open for writing in another"
                            + " process: go on there, or close that one first; reading is possible all the time");
            StoreException kept = catchThrowableOfType(StoreException.class, () -> store.delete(ID));
            assertThat(kept.kind()).isEqualTo(Kind.LOCKED);
            writer.getOutputStream().close();
            assertThat(writer.waitFor()).isZero();
            assertThat(append(store, ID, "{}").version()).isEqualTo(head.version() + 1);
        }
    }

    @Test
    void reader_leavesAloneWhatAnotherProcessIsWriting() throws Exception {
        Process writer = start(folder.toString(), "1", "3");
        BufferedReader said = writer.inputReader(StandardCharsets.US_ASCII);
        for (int i = 0; i < 3; i++) {
            said.readLine();
        }
        // As if the writer were in the middle of its next line.
        Files.writeString(file(folder), "{\"format\":1,\"crc\":\"0000", StandardOpenOption.APPEND);
        long size = Files.size(file(folder));
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = store.head(ID).orElseThrow();
            List<LogEntry> entries = store.read(ID, 0, 1_000);
            assertThat(entries.get(entries.size() - 1).position()).isEqualTo(head);
            assertThat(file(folder)).hasSize(size);
            writer.destroyForcibly().waitFor();
            assertThat(store.read(ID, 0, 1_000)).isEqualTo(entries);
            assertThat(Files.size(file(folder))).as("nobody writes any more").isLessThan(size);
        }
    }

    @Test
    void secondStoreInThisProcess_isRefusedUntilTheFirstIsClosed() {
        ConversationStore second = new FileStore(folder);
        try (ConversationStore first = new FileStore(folder)) {
            append(first, ID, "{\"n\":1}");
            StoreException refused = catchThrowableOfType(StoreException.class, () -> append(second, ID, "{\"n\":2}"));
            assertThat(refused.kind()).isEqualTo(Kind.LOCKED);
            assertThat(refused).hasMessageContaining("is open for writing in another store in this process");
            assertThat(payloads(second.read(ID, 0, 10))).containsExactly("{\"n\":1}");
        }
        try (second) {
            assertThat(append(second, ID, "{\"n\":2}").version()).isEqualTo(2);
        }
    }

    @Test
    void refusedStore_doesNotCostTheOtherOneItsLock() throws Exception {
        try (ConversationStore first = new FileStore(folder)) {
            append(first, ID, "{\"n\":1}");
            try (ConversationStore second = new FileStore(folder)) {
                assertThatThrownBy(() -> append(second, ID, "{\"n\":2}")).hasMessageContaining("another store");
                second.read(ID, 0, 10);
            }
            Process other = start(folder.toString(), "1", "1");
            assertThat(other.inputReader(StandardCharsets.US_ASCII).readLine()).startsWith("LOCKED conversation ");
        }
    }
}
