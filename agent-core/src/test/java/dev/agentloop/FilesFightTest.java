package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.RunOptions.WhenBusy;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.FileStore;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that fight over one conversation of a folder of files, and are killed. */
@Tag("once")
@Timeout(600)
class FilesFightTest {
    private static final String ID = "0199a000-0000-7000-8000-000000000001";
    private static final int PROCESSES = 2;
    private static final int KILLS = Integer.getInteger("agentloop.fight.kills", 10);

    @TempDir
    Path folder;

    private static final int MOST_RUNS = 48;

    private final Random random = new Random(Long.getLong("agentloop.fight.seed", 20_261_130L));
    private final Map<String, String> answers = new LinkedHashMap<>();
    private final Map<String, Integer> endings = new TreeMap<>();
    private int begun;

    /** Runs the conversation more often than anybody hears of, says how each run ended, and waits to be killed. */
    static final class Child {
        public static void main(String[] arguments) throws IOException {
            FaultLog.open(); // Only what is said here belongs into the output.
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            Random random = new Random(Long.parseLong(arguments[2]));
            Chatterbox model = new Chatterbox();
            model.go.countDown();
            ConversationStore store = new FileStore(Path.of(arguments[0]));
            Conversation conversation = model.agent(store).resume(ID);
            for (int i = 0; i < MOST_RUNS; i++) {
                String text = (random.nextBoolean() ? "wait" : "say") + (Integer.parseInt(arguments[1]) * 100_000 + i);
                WhenBusy[] ways = WhenBusy.values();
                RunOptions options = RunOptions.DEFAULT.withWhenBusy(ways[random.nextInt(ways.length)]);
                String ending;
                try {
                    ending = conversation.run(text, options).getClass().getSimpleName();
                } catch (BusyException e) {
                    ending = "Busy";
                } catch (RuntimeException e) {
                    ending = "failed with " + e;
                }
                out.println(text + " " + ending);
            }
            System.in.read();
        }
    }

    private final class Fighter implements AutoCloseable {
        private final Process process;
        private final BufferedReader said;

        Fighter() throws IOException {
            begun++;
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-Xshare:auto",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Child.class.getName(),
                            folder.toString(),
                            String.valueOf(begun),
                            String.valueOf(random.nextLong()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            said = process.inputReader(StandardCharsets.UTF_8);
        }

        void hear(int lines) throws IOException {
            for (int i = 0; i < lines; i++) {
                note(said.readLine());
            }
        }

        private void note(String line) {
            String[] words = line.split(" ", 2);
            answers.put(words[0], words[1]);
            endings.merge(words[1], 1, Integer::sum);
        }

        Fighter replaced() throws IOException {
            close();
            return new Fighter();
        }

        @Override
        public void close() {
            // By its handle: Process.destroyForcibly would close the pipe and what is still in it.
            process.toHandle().destroyForcibly();
            said.lines().filter(line -> line.contains(" ")).forEach(this::note);
        }
    }

    @Test
    void killedProcesses_loseNothingThatWasTaken_andNothingIsSaidOrDoneTwice() throws Exception {
        System.err.println("-Dagentloop.fight.seed=" + Long.getLong("agentloop.fight.seed", 20_261_130L));
        try (ConversationStore store = new FileStore(folder);
                AgentLoop agent = new Chatterbox().agent(store)) {
            Conversation here = agent.newConversation(ID);
            here.append(List.of(Item.user("begun")));
            fight();
            while (!store.inbox(ID).isEmpty()) {
                here.run(RunOptions.DEFAULT);
            }
            here.run("over");
            System.err.println("endings " + endings);
            assertThat(endings.keySet()).isSubsetOf("Finished", "HandedOver", "Busy");
            check(store.read(ID, 0, Integer.MAX_VALUE));
        }
    }

    private void fight() throws IOException {
        List<Fighter> fighters = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                fighters.add(new Fighter());
            }
            for (int kill = 0; kill < KILLS; kill++) {
                int victim = random.nextInt(PROCESSES);
                fighters.get(victim).hear(1 + random.nextInt(MOST_RUNS / 4));
                fighters.set(victim, fighters.get(victim).replaced());
            }
        } finally {
            for (Fighter fighter : fighters) {
                fighter.close();
            }
        }
    }

    private void check(List<LogEntry> log) {
        LogPosition before = LogPosition.START;
        Map<String, Integer> said = new HashMap<>();
        Map<String, Integer> outputs = new HashMap<>();
        for (LogEntry entry : log) {
            assertThat(entry.follows(before)).as("entry %s follows", entry).isTrue();
            before = entry.position();
            Item item = entry.kind().startsWith(Entry.ITEM) ? Item.of(entry.content()) : null;
            if (item instanceof Item.Message message && message.role().equals("user")) {
                said.merge(message.text(), 1, Integer::sum);
            } else if (item instanceof Item.Call call) {
                outputs.putIfAbsent(call.callId(), 0);
            } else if (item instanceof Item.Output output) {
                outputs.merge(output.callId(), 1, Integer::sum);
            }
        }
        assertThat(said.values())
                .as("how often each message is in the log: %s", said)
                .allMatch(count -> count == 1);
        assertThat(outputs.values())
                .as("how many outputs each call has: %s", outputs)
                .allMatch(count -> count == 1);
        answers.forEach((text, ending) -> assertThat(said.containsKey(text))
                .as("message %s, whose run ended with %s, is in the log", text, ending)
                .isEqualTo(!ending.equals("Busy")));
    }
}
