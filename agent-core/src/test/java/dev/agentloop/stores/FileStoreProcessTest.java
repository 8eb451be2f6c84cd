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
import java.util.Map;
import java.util.Random;
import java.util.UUID;
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
        return start(Child.class, arguments);
    }

    private Process start(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
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

    /** A process that has the lock of the conversation, as in the middle of an append, until its input ends. */
    static final class Holder {
        public static void main(String[] arguments) throws IOException {
            FileLogs logs = FileLogs.of(Path.of(arguments[0]), FileAccess.local());
            logs.writing(arguments[1], true, () -> {
                System.out.println("holds");
                return System.in.read();
            });
            logs.close();
        }
    }

    private Process holder() throws IOException {
        return holder(ID);
    }

    private Process holder(String conversation) throws IOException {
        Process holder = start(Holder.class, folder.toString(), conversation);
        assertThat(holder.inputReader(StandardCharsets.US_ASCII).readLine()).isEqualTo("holds");
        return holder;
    }

    @Test
    void secondProcess_appendsBetweenTheAppendsOfTheFirst() throws Exception {
        Process writer = start(folder.toString(), "1", "3");
        BufferedReader said = writer.inputReader(StandardCharsets.US_ASCII);
        String last = "";
        for (int i = 0; i < 3; i++) {
            last = said.readLine();
        }
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = store.head(ID).orElseThrow();
            assertThat(last).isEqualTo(head.version() + " " + head.hash());
            assertThat(append(store, ID, "{}").version())
                    .as("the first process lives, and writes nothing now")
                    .isEqualTo(head.version() + 1);
            assertThat(writer.isAlive()).isTrue();
        }
    }

    @Test
    void processThatIsInTheMiddleOfAnAppend_isNotDisturbed() throws Exception {
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = append(store, ID, "{\"n\":1}");
            Process holder = holder();
            StoreException refused =
                    catchThrowableOfType(StoreException.class, () -> store.append(ID, head, entries(head, "{}")));
            assertThat(refused.kind()).isEqualTo(Kind.LOCKED);
            assertThat(refused)
                    .hasMessage("conversation " + ID + " in " + folder.toRealPath() + " is being written to by another"
                            + " process, which has not finished: nothing was changed. Try again; if it stays so, that process"
                            + " is stopped or its disk hangs. Reading is possible all the time");
            StoreException kept = catchThrowableOfType(StoreException.class, () -> store.delete(ID));
            assertThat(kept.kind()).isEqualTo(Kind.LOCKED);
            assertThat(payloads(store.read(ID, 0, 10))).containsExactly("{\"n\":1}");
            holder.getOutputStream().close();
            assertThat(holder.waitFor()).isZero();
            assertThat(append(store, ID, "{}").version()).isEqualTo(2);
        }
    }

    @Test
    void erasure_passesOverAForkThatAnotherProcessIsWritingTo_andSaysSo() throws Exception {
        String other = ID.replaceFirst("^.", "9");
        String third = ID.replaceFirst("^.", "8");
        Map<Long, byte[]> marks = Map.of(1L, "{}".getBytes(StandardCharsets.UTF_8));
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = append(store, ID, "{\"secret\":1}");
            store.fork(ID, head, other);
            store.fork(ID, head, third);
            Process holder = holder(other);
            StoreException refused = catchThrowableOfType(StoreException.class, () -> store.erase(ID, marks));
            assertThat(refused.kind()).isEqualTo(Kind.LOCKED);
            assertThat(refused).hasMessageContaining(other);
            assertThat(store.read(other, 0, 1).get(0).isErased()).isFalse();
            assertThat(store.read(third, 0, 1).get(0).isErased()).isTrue();
            holder.getOutputStream().close();
            assertThat(holder.waitFor()).isZero();
            // By the same name from whichever of them: the others are done already.
            store.erase(other, marks);
            assertThat(store.read(other, 0, 1).get(0).isErased()).isTrue();
            store.erase(ID, marks);
        }
    }

    @Test
    void interrupt_neitherEndsTheWaitForAnotherProcess_norIsLost() throws Exception {
        try (ConversationStore store = new FileStore(folder)) {
            LogPosition head = append(store, ID, "{}");
            Process holder = holder();
            Thread.currentThread().interrupt();
            holder.getOutputStream().close();
            assertThat(store.append(ID, head, entries(head, "{}")).version()).isEqualTo(2);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void reader_leavesAloneWhatAnotherProcessIsWriting() throws Exception {
        try (ConversationStore store = new FileStore(folder)) {
            append(store, ID, "{\"n\":1}", "{\"n\":2}");
        }
        Process writer = holder();
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
    void twoStoresInThisProcess_takeTurns_whateverPathTheyHave() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolveSibling(folder.getFileName() + "-link"), folder);
        ConversationStore second = new FileStore(link);
        try (ConversationStore first = new FileStore(folder)) {
            assertThat(second.identity()).isEqualTo(first.identity());
            append(first, ID, "{\"n\":1}");
            append(second, ID, "{\"n\":2}");
            append(first, ID, "{\"n\":3}");
            second.close();
            append(first, ID, "{\"n\":4}");
            assertThat(payloads(first.read(ID, 0, 10)))
                    .containsExactly("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
            assertThatThrownBy(() -> second.head(ID)).hasMessageContaining("is closed");
        } finally {
            Files.delete(link);
        }
    }

    @Test
    void folderThatIsMadeLater_hasOneIdentity() throws Exception {
        Path later = folder.resolve("made").resolve("later");
        try (ConversationStore first = new FileStore(later)) {
            Object before = first.identity();
            append(first, ID, "{}");
            try (ConversationStore second = new FileStore(folder.resolve("made/../made/later"))) {
                assertThat(second.identity()).isEqualTo(before).isEqualTo(first.identity());
            }
            try (ConversationStore other = new FileStore(folder)) {
                assertThat(other.identity()).isNotEqualTo(before);
            }
        }
    }

    @Test
    void store_isAliveFromItsFirstAppend_untilItIsClosedOrItsProcessDies() throws Exception {
        try (FileStore store = new FileStore(folder)) {
            String unknown = UUID.randomUUID().toString();
            assertThat(store.leases().alive(unknown)).isFalse();
            assertThat(folder).as("looking makes nothing").isEmptyDirectory();
            FileStore other = new FileStore(folder);
            String process = other.leases().process();
            assertThat(process).isNotEqualTo(store.leases().process());
            assertThat(other.leases().held(System.nanoTime())).isFalse();
            append(other, ID, "{}");
            assertThat(other.leases().held(System.nanoTime())).isTrue();
            assertThat(store.leases().alive(process)).isTrue();
            assertThat(store.leases().alive(unknown)).isFalse();
            other.close();
            assertThat(store.leases().alive(process)).isFalse();
            assertThat(other.leases().held(System.nanoTime())).isFalse();
        }
    }

    /** A process that has written, and says its name. */
    static final class Named {
        public static void main(String[] arguments) throws IOException {
            try (FileStore store = new FileStore(Path.of(arguments[0]))) {
                append(store, ID, "{}");
                System.out.println(store.leases().process());
                System.in.read();
            }
        }
    }

    @Test
    void process_isFoundAliveUntilItIsKilled_byAnyNumberOfObservers() throws Exception {
        Process child = start(Named.class, folder.toString());
        String name = child.inputReader(StandardCharsets.US_ASCII).readLine();
        try (FileStore one = new FileStore(folder);
                FileStore two = new FileStore(folder, new FileAccess.Local())) {
            List<FileStore> observers = List.of(one, two);
            assertThat(observers).allMatch(store -> store.leases() instanceof FileLeases leases && leases.alive(name));
            child.destroyForcibly().waitFor();
            assertThat(observers).noneMatch(store -> store.leases() instanceof FileLeases leases && leases.alive(name));
        }
    }
}
