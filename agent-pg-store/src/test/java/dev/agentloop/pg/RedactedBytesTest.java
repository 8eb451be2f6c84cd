package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each place of a conversation that has words has a word of its own here, in a source and in a fork, both compacted. When the items that
 * say them are redacted, from either side, no row has one of the words, and in the end no file.
 */
class RedactedBytesTest {
    private static final String WORD = "c4n4ry";
    private static final Set<String> PLACES = Set.of(
            "input", "reasoning", "argument", "output", "steered", "denial", "refusal", "pin", "answer", "summary");
    private static final int LONG = 1_500;

    private int said;

    /** A word that stands in no other place. */
    private String word(String place) {
        return WORD + place + said++;
    }

    /** Tells a long story that the model sees cut, while somebody says more from elsewhere. */
    private final class Tell implements Tool {
        private final AgentLoop elsewhere;

        Tell(AgentLoop elsewhere) {
            this.elsewhere = elsewhere;
        }

        @Override
        public Specification specification() {
            return Specification.function("tell", "tells it", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            elsewhere.resume(context.conversation()).steer("and also " + word("steered"));
            return ToolOutput.text((word("output") + " is what it is\n").repeat(LONG));
        }
    }

    private ScriptedResponse answer(Prompt prompt) {
        Item last = prompt.item(prompt.size() - 1);
        String text = last instanceof Item.Message message ? message.text() : "";
        if (text.contains("Write a handover")) {
            return ScriptedResponse.says("This was before: " + word("summary"));
        }
        if (text.contains("tell")) {
            return ScriptedResponse.reasons(word("reasoning"))
                    .andCalls("call_" + said, "tell", "{\"of\":\"" + word("argument") + "\"}");
        }
        if (text.contains("refuse")) {
            return ScriptedResponse.empty().andRefuses(word("refusal"));
        }
        return ScriptedResponse.says(word("answer"));
    }

    private AgentLoop agent(PgConversationStore store, AgentLoop elsewhere) {
        ScriptedModel model = ScriptedModel.builder().otherwise(this::answer).build();
        return AgentLoop.builder()
                .model(model)
                .tools(new Tell(elsewhere))
                .approval(ApprovalPolicy.of(ApprovalPolicy.Mode.ON_REQUEST, ApprovalPolicy.Rights.READ_ONLY))
                .compactor(Compactor.summary(model))
                .store(store)
                .build();
    }

    private void talk(Conversation conversation) {
        conversation.run("please tell " + word("input"));
        Outcome.Pending question = conversation.awaitingApproval().get(0);
        conversation.approve(question);
        conversation.run(RunOptions.DEFAULT);
        conversation.run("tell more of " + word("input"));
        conversation.deny(conversation.awaitingApproval().get(0), "no: " + word("denial"));
        conversation.run(RunOptions.DEFAULT);
        conversation.run("now refuse " + word("input"));
        conversation.pin("pin", Item.user("remember " + word("pin")));
        conversation.run("go on " + word("input"));
    }

    private static boolean says(LogEntry entry) {
        byte[] payload = entry.payload();
        return payload != null && new String(payload, StandardCharsets.UTF_8).contains(WORD);
    }

    private static Set<String> places(PgConversationStore store, String id) {
        Set<String> places = new TreeSet<>();
        for (LogEntry entry : saying(store, id)) {
            Pattern.compile(WORD + "([a-z]+)[0-9]")
                    .matcher(new String(entry.content(), StandardCharsets.UTF_8))
                    .results()
                    .forEach(found -> places.add(found.group(1)));
        }
        return places;
    }

    private static List<LogEntry> saying(PgConversationStore store, String id) {
        return store.read(id, 0, Integer.MAX_VALUE).stream()
                .filter(RedactedBytesTest::says)
                .toList();
    }

    /** An entry with what is around its word. */
    private static String told(LogEntry entry) {
        String text = new String(entry.content(), StandardCharsets.UTF_8);
        int at = text.indexOf(WORD);
        return entry + ": …" + text.substring(Math.max(0, at - 60), Math.min(text.length(), at + 30));
    }

    /**
     * Redacts, now on this side and now on that, until nothing says a word: items in random order, then what was born in windows,
     * which is what summaries are.
     */
    private void redactAll(AgentLoop agent, PgConversationStore store, List<String> ids, Random random) {
        for (int round = 0; round < 500; round++) {
            List<String> order = new ArrayList<>(ids);
            Collections.shuffle(order, random);
            List<LogEntry> first = saying(store, order.get(0));
            String id = first.isEmpty() ? order.get(1) : order.get(0);
            List<LogEntry> all = saying(store, id);
            if (all.isEmpty()) {
                return;
            }
            List<LogEntry> items = all.stream()
                    .filter(entry -> entry.kind().startsWith("item."))
                    .toList();
            Conversation conversation = agent.resume(id);
            if (items.isEmpty()) {
                redactFirst(conversation, all);
            } else {
                conversation.redact(items.get(random.nextInt(items.size())).version(), "asked for");
            }
        }
        throw new AssertionError("there is no end to it: " + saying(store, ids.get(0)));
    }

    /** The first of these that says something of its own; a window may only restate. */
    private static void redactFirst(Conversation conversation, List<LogEntry> entries) {
        for (LogEntry entry : entries) {
            try {
                conversation.redact(entry.version(), "asked for");
                return;
            } catch (IllegalArgumentException e) {
                assertThat(entry.kind()).isEqualTo("epoch.window");
            }
        }
        throw new AssertionError("nothing to redact in "
                + entries.stream().map(RedactedBytesTest::told).toList());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void redacted_isInNoRowAtOnce_andInNoFileInTheEnd(long seed) throws Exception {
        try (EmbeddedPostgres server = Servers.newest();
                PgConversationStore store =
                        Servers.store(server).activity(Duration.ZERO).open();
                PgConversationStore another =
                        Servers.store(server).activity(Duration.ZERO).open();
                AgentLoop elsewhere = AgentLoop.builder()
                        .model(ScriptedModel.answering())
                        .store(another)
                        .build();
                AgentLoop agent = agent(store, elsewhere)) {
            Conversation source = agent.newConversation();
            talk(source);
            assertThat(source.compact(RunOptions.DEFAULT)).isPresent();
            Conversation fork = agent.fork(source.id(), source.version());
            talk(source);
            talk(fork);
            assertThat(source.compact(RunOptions.DEFAULT)).isPresent();
            assertThat(fork.compact(RunOptions.DEFAULT)).isPresent();
            fork.undoCompaction();
            List<String> ids = List.of(source.id(), fork.id());
            ids.forEach(store::refresh);
            ids.forEach(id -> assertThat(places(store, id)).isEqualTo(PLACES));
            Logs.run(server, "ANALYZE");
            Logs.run(server, "CHECKPOINT");
            Traces traces = new Traces(server);
            assertThat(traces.inRows(WORD)).contains("agent_entry: " + WORD, "agent_text: " + WORD);
            assertThat(traces.inFiles(WORD)).contains("agent_entry: " + WORD, "agent_text: " + WORD);
            redactAll(agent, store, ids, new Random(seed));
            assertThat(ids.stream().flatMap(id -> saying(store, id).stream()).map(RedactedBytesTest::told))
                    .isEmpty();
            assertThat(traces.inRows(WORD)).isEmpty();
            assertNotShown(agent, ids);
            Conversation later = agent.fork(fork.id(), fork.version());
            assertThat(later.prompt().items()).noneMatch(item -> item.json().contains(WORD));
            ErasedBytesTest.vacuumAsThePageSays(server);
            assertThat(traces.inFiles(WORD)).isEmpty();
            assertGoOn(List.of(agent.resume(source.id()), agent.resume(fork.id()), later));
        }
    }

    private static void assertNotShown(AgentLoop agent, List<String> ids) {
        for (String id : ids) {
            assertThat(agent.resume(id).prompt().items())
                    .noneMatch(item -> item.json().contains(WORD));
        }
    }

    private static void assertGoOn(List<Conversation> conversations) {
        for (Conversation each : conversations) {
            assertThat(each.run("and now?").text()).as("it goes on").contains(WORD);
        }
    }
}
