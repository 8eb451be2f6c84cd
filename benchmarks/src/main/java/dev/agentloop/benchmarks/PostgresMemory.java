package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.testkit.ScriptedModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How much heap loaded conversations take, in a JVM that has nothing else. */
final class PostgresMemory {
    private static final int ITEMS = 20;
    private static final int ITEM_BYTES = 1_024;
    private static final List<String> JVM = List.of("-Xmx2g", "-XX:+UseSerialGC");
    /** Room enough that no log has to go. */
    private static final long CACHE = 2L * 1024 * 1024 * 1024;

    private PostgresMemory() {}

    static void print(PostgresTarget target, int conversations) throws IOException, InterruptedException {
        Process process = ChildJvm.of(
                        PostgresMemory.class,
                        JVM,
                        target.url(),
                        target.user(),
                        target.password(),
                        Integer.toString(conversations))
                .start();
        String rows = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("the run in a JVM of its own failed");
        }
        System.out.printf(
                Locale.ROOT,
                "%n%,d conversations of %d items of 1 KiB:%n%n| items | handle, KiB | with log and prompt, KiB |%n|---|---|---|%n%s",
                conversations,
                ITEMS,
                rows);
    }

    /** URL, user, password, number of conversations; prints the rows. */
    public static void main(String[] arguments) {
        int count = Integer.parseInt(arguments[3]);
        try (PgConversationStore store = PgConversationStore.builder(arguments[0], arguments[1], arguments[2])
                        .allowDataLoss()
                        .open();
                AgentLoop writer = agent(store, 0);
                AgentLoop agent = agent(store, CACHE)) {
            measure(agent, "messages of the user's", written(writer, count, users()));
            measure(agent, "questions, calls and outputs", written(writer, count, calls()));
        }
    }

    private static AgentLoop agent(PgConversationStore store, long cache) {
        return AgentLoop.builder()
                .model(ScriptedModel.builder().build())
                .store(store)
                .conversationCache(cache)
                .build();
    }

    private static void measure(AgentLoop agent, String what, List<String> ids) {
        long before = used();
        List<Conversation> conversations = new ArrayList<>();
        ids.forEach(id -> conversations.add(agent.resume(id)));
        long idle = used();
        List<Prompt> prompts = new ArrayList<>();
        conversations.forEach(conversation -> prompts.add(conversation.prompt()));
        long loaded = used();
        System.out.printf(
                Locale.ROOT,
                "| %s | %.1f | %.1f |%n",
                what,
                (idle - before) / 1024.0 / ids.size(),
                (loaded - before) / 1024.0 / ids.size());
        if (prompts.stream().anyMatch(prompt -> prompt.size() < ITEMS)) {
            throw new IllegalStateException("items are missing");
        }
    }

    private static String text(int number) {
        return (number + "x".repeat(ITEM_BYTES)).substring(0, ITEM_BYTES);
    }

    private static List<Item> users() {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < ITEMS; i++) {
            items.add(Item.user(text(i)));
        }
        return items;
    }

    /** Responses of one call each, and the calls' outputs. */
    private static List<Item> calls() {
        List<Item> items = new ArrayList<>(List.of(Item.user(text(0)), Item.user(text(1))));
        for (int i = 2; i < ITEMS; i += 2) {
            Item.Call call = (Item.Call) Item.functionCall("call_" + i, "read", "{\"a\":\"" + text(i) + "\"}");
            items.add(call);
            items.add(ToolOutput.text(text(i + 1)).item(ToolCall.of(call)));
        }
        return items;
    }

    private static List<String> written(AgentLoop agent, int count, List<Item> items) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Conversation conversation = agent.newConversation();
            conversation.append(items);
            ids.add(conversation.id());
        }
        return ids;
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
