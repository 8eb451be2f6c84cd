package dev.agentloop.pg;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.Usage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.sql.DataSource;
import org.awaitility.Awaitility;

/**
 * A JVM whose run calls one tool, and that says {@code paused} and waits for a line at one of two places: when the call's
 * start is durable and its effect is not checked for yet, or in the tool, just before the effect. Arguments: the folder, its
 * name, the server's URL, user and password, the conversation, the tool, the place.
 */
final class FightPausedChild {
    static final String CALL = "call-1";

    private FightPausedChild() {}

    /** Where the process waits. */
    enum Place {
        STARTED,
        INSIDE,
        NOWHERE
    }

    public static void main(String[] args) {
        FightChild.beQuiet();
        FightTool tool = FightTool.valueOf(args[6]);
        Place place = Place.valueOf(args[7]);
        try (PgConversationStore store = FightChild.store(args[2], args[3], args[4]);
                HikariDataSource resource = Pool.of(Pool.unpooled(args[2], args[3], args[4]), 2, false);
                FightRecord record = new FightRecord(FightAccounts.file(Path.of(args[0]), args[1]))) {
            record.process(store.leases().process());
            FightStore own = new WaitingStore(store, record, args[1], place);
            try {
                System.out.println("ended "
                        + run(own, args[5], tool(own, resource, tool, () -> waitAt(Place.INSIDE, place))));
            } catch (StoreException e) {
                System.out.println("ended " + e.kind() + ": " + e.getMessage());
            }
        }
    }

    private static Tool tool(FightStore store, DataSource resource, FightTool wanted, Runnable before) {
        return FightTool.all(store.record(), resource, before).stream()
                .filter(tool -> tool.specification().name().equals(wanted.title()))
                .findFirst()
                .orElseThrow();
    }

    /** Runs the conversation to its end in this process, without a pause; gives the answer. */
    static String runThrough(FightStore store, DataSource resource, String conversation, FightTool tool) {
        return run(store, conversation, tool(store, resource, tool, () -> {}));
    }

    private static String run(FightStore store, String conversation, Tool tool) {
        try (AgentLoop agent = AgentLoop.builder()
                .model(new CallOnce(tool.specification().name()))
                .tools(tool)
                .store(store)
                .build()) {
            boolean begun = store.head(conversation).isPresent();
            Conversation opened = begun ? agent.resume(conversation) : agent.newConversation(conversation);
            RunOptions options = RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.QUEUE);
            Outcome outcome = begun ? opened.run(options) : opened.run("go", options);
            return outcome.text();
        }
    }

    private static void waitAt(Place here, Place wanted) {
        if (here != wanted) {
            return;
        }
        System.out.println("paused");
        try {
            int read = System.in.read();
            if (read < 0) {
                Runtime.getRuntime().halt(1);
            }
        } catch (IOException e) {
            Runtime.getRuntime().halt(2);
        }
    }

    /** Waits where a call's start is durable. */
    private static final class WaitingStore extends FightStore {
        private final Place place;

        WaitingStore(PgConversationStore store, FightRecord record, String writer, Place place) {
            super(store, record, writer);
            this.place = place;
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            LogPosition end = super.append(conversation, expected, entries);
            if (entries.stream().anyMatch(entry -> entry.kind().equals("tool.started"))) {
                waitAt(Place.STARTED, place);
                // A heart that beats again must not make anybody believe that it never stood still.
                Awaitility.await().until(() -> leases().held(System.nanoTime()));
            }
            return end;
        }
    }

    /** Calls the tool once, and says what it gave. */
    private record CallOnce(String tool) implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            Item item = prompt.items().stream()
                    .filter(Item.Output.class::isInstance)
                    .map(output -> answer((Item.Output) output))
                    .findFirst()
                    .orElseGet(() -> Item.functionCall(CALL, tool, "{}"));
            listener.onItem(item);
            return ModelResponse.of(List.of(item), Usage.reported(prompt.length() / 4, 0, 0, 10, 0));
        }

        private static Item answer(Item.Output output) {
            return Item.received(("{\"type\":\"message\",\"id\":\"msg\",\"role\":\"assistant\",\"content\":[{\"type\":"
                                    + "\"output_text\",\"text\":\"it "
                                    + (output.json().contains("unknown") ? "is unknown" : "is done")
                                    + "\"}]}")
                            .getBytes(StandardCharsets.UTF_8))
                    .orElseThrow();
        }
    }
}
