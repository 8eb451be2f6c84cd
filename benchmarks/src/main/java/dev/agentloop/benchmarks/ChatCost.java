package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Usage;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a message of a long chat costs when each comes with a request of its own, which resumes the conversation by its id: the
 * hundredth beside the last. The model answers at once and reads no prompt, so all of the time is the loop's and the store's.
 */
final class ChatCost {
    private static final String USAGE =
            "usage: benchmarks/run chat [--messages 1000 --runs 5 --window 50 --stores memory,files,postgres"
                    + " --with cache,compaction,nothing --fsync on ]";
    private static final int EARLY = 100;
    private static final long CACHE = 64L * 1024 * 1024;
    private static final String WORDS = "what a person says and what a model answers, ";

    private final int messages;
    private final int window;
    private final List<Row> rows = new ArrayList<>();

    private ChatCost(int messages, int window) {
        this.messages = messages;
        this.window = window;
    }

    /** What is told apart: the store, and what a run need not read. */
    private record Row(
            String name, String what, ConversationStore store, long cache, boolean compacted, List<Chat> chats) {}

    /** One chat: the time of each message, and how long the prompt was. */
    private record Chat(long[] nanos, long[] bytes) {}

    /** Answers each prompt with a few words, without a look at it. */
    private static final class Answering implements Model {
        private static final Item ANSWER = Item.received(("{\"type\":\"message\",\"role\":\"assistant\",\"content\":"
                                + "[{\"type\":\"output_text\",\"text\":\"" + WORDS.repeat(8) + "\"}]}")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .orElseThrow();

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            long tokens = prompt.length() / 4;
            return ModelResponse.of(List.of(ANSWER), Usage.reported(tokens, tokens, 0, 100, 0));
        }
    }

    /** Leaves out all but what must be kept. */
    private record Forgetting() implements Compactor {
        @Override
        public String name() {
            return "forgetting";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(Offer.FREE);
        }

        @Override
        public Window compact(Task task) {
            List<Item> items = new ArrayList<>(List.of(Item.user("What came before was left out.")));
            items.addAll(task.items(task.kept()));
            return Window.built(items, Usage.NONE);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Options options = Options.parse(USAGE, arguments);
        ChatCost cost = new ChatCost(options.number("messages", "1000"), options.number("window", "50"));
        List<String> stores =
                List.of(options.text("stores", "memory,files,postgres").split(",", -1));
        List<String> with =
                List.of(options.text("with", "cache,compaction,nothing").split(",", -1));
        Path folder = Files.createTempDirectory("chat");
        try (EmbeddedPostgres server = stores.contains("postgres")
                        ? EmbeddedPostgres.temporary()
                                .option("fsync", options.text("fsync", "on"))
                                .start()
                        : null;
                PgConversationStore postgres = server == null ? null : open(PostgresTarget.of(server));
                ConversationStore memory = new MemoryStore();
                ConversationStore files = new FileStore(folder)) {
            for (String store : stores) {
                ConversationStore other = store.equals("memory") ? memory : files;
                cost.add(store, store.equals("postgres") && postgres != null ? postgres : other, with);
            }
            cost.measure(options.number("runs", "5"));
            cost.print();
        } finally {
            delete(folder);
        }
    }

    private static PgConversationStore open(PostgresTarget target) {
        return PgConversationStore.builder(target.url(), target.user(), target.password())
                .allowDataLoss()
                .open();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void add(String name, ConversationStore store, List<String> with) {
        if (with.contains("cache")) {
            rows.add(new Row(name, "the cache", store, CACHE, false, new ArrayList<>()));
        }
        if (with.contains("compaction")) {
            String what = "no cache, a compaction each " + window + " messages";
            rows.add(new Row(name, what, store, 0, true, new ArrayList<>()));
        }
        if (with.contains("nothing")) {
            rows.add(new Row(name, "no cache", store, 0, false, new ArrayList<>()));
        }
    }

    // The first round warms up.
    private void measure(int runs) throws InterruptedException {
        for (int run = 0; run <= runs; run++) {
            for (Row row : rows) {
                Chat chat = chat(row);
                if (run > 0) {
                    row.chats().add(chat);
                }
            }
        }
    }

    private Chat chat(Row row) throws InterruptedException {
        long[] nanos = new long[messages];
        long[] bytes = new long[messages];
        try (AgentLoop agent = AgentLoop.builder()
                .model(new Answering())
                .compactor(row.compacted() ? new Forgetting() : Compactor.NEVER)
                .store(row.store())
                .conversationCache(row.cache())
                .build()) {
            Conversation first = agent.newConversation();
            String id = first.id();
            first.append(List.of(Item.user("hello")));
            for (int i = 0; i < messages; i++) {
                if (row.compacted() && i > 0 && i % window == 0) {
                    agent.resume(id).compact(RunOptions.DEFAULT);
                }
                String input = i + ": " + WORDS.repeat(4);
                long begun = System.nanoTime();
                agent.resume(id).run(input);
                nanos[i] = System.nanoTime() - begun;
                bytes[i] = i % (window / 2) == 0 ? agent.resume(id).prompt().length() : 0;
            }
            row.store().delete(id);
        }
        return new Chat(nanos, bytes);
    }

    private void print() {
        System.out.printf(
                Locale.ROOT,
                "Java %s, %d processors, %,d messages, medians of %d around each and of %d chats, load of the machine %.1f%n%n",
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                messages,
                window,
                rows.get(0).chats().size(),
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage());
        System.out.printf(
                Locale.ROOT,
                "| store | with | message %,d, ms | message %,d, ms | ratio | prompt, KiB |%n|---|---|---|---|---|---|%n",
                EARLY,
                messages);
        for (Row row : rows) {
            double early = millis(row, EARLY - window / 2);
            double late = millis(row, messages - window);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %.2f | %.2f | %.2f | %,d, %,d |%n",
                    row.name(),
                    row.what(),
                    early,
                    late,
                    late / early,
                    kibibytes(row, EARLY - window / 2),
                    kibibytes(row, messages - window));
        }
    }

    private double millis(Row row, int from) {
        return row.chats().stream()
                        .mapToLong(chat -> median(Arrays.copyOfRange(chat.nanos(), from, from + window)))
                        .sorted()
                        .skip((row.chats().size() - 1) / 2)
                        .findFirst()
                        .orElse(0)
                / 1e6;
    }

    private static long median(long[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private long kibibytes(Row row, int from) {
        return Arrays.stream(row.chats().get(0).bytes(), from, from + window)
                        .max()
                        .orElse(0)
                / 1024;
    }
}
