package dev.agentloop.testkit.oldlogs;

import static dev.agentloop.testkit.ScriptedResponse.calls;
import static dev.agentloop.testkit.ScriptedResponse.empty;
import static dev.agentloop.testkit.ScriptedResponse.reasons;
import static dev.agentloop.testkit.ScriptedResponse.says;

import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.ToolCall;
import dev.agentloop.Usage;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.testkit.ScriptedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the conversations of the corpus are about: each has some kinds of entries, all together have all. */
final class Stories {
    static final Map<String, OldLogs.Story> ALL = new LinkedHashMap<>();

    private static final String PICTURE = "data:image/png;base64,iVBORw0KGgo=";

    static {
        ALL.put("answers", Stories::answers);
        ALL.put("calls", Stories::calling);
        ALL.put("broken-responses", Stories::brokenResponses);
        ALL.put("unfinished-answer", Stories::unfinished);
        ALL.put("killed-in-an-answer", logs -> logs.killedAfter(unfinished(logs), "aside.partial"));
        ALL.put("limits", Stories::limits);
        ALL.put("approval-asked", logs -> asked(logs).close());
        ALL.put("approval-left", Stories::approvalLeft);
        ALL.put("approvals", Stories::approvals);
        ALL.put("approval-expired", Stories::expired);
        ALL.put("compactions", Stories::compactions);
        ALL.put("compaction-of-the-server", Stories::compactedByServer);
        ALL.put("compaction-begun", logs -> logs.killedAfter(compacted(logs), "compaction.begun"));
        ALL.put("redactions", logs -> redacted(logs, "item.user", "item.model", "item.output"));
        ALL.put("redaction-begun", logs -> logs.killedAfter(redacted(logs, "item.user"), "redacted"));
        ALL.put("settings", Stories::settings);
        ALL.put("forked", Stories::forked);
        ALL.put("killed-in-a-call", logs -> logs.killedAfter(calling(logs), "tool.started"));
        ALL.put("killed-in-a-response", logs -> logs.killedAfter(calling(logs), "call.renamed"));
        ALL.put("taken-over", Stories::takenOver);
        ALL.put("own-loop", Stories::ownLoop);
        ALL.put("sealed", Stories::sealed);
    }

    private Stories() {}

    private static String text(String text) {
        return "{\"text\":\"" + text + "\"}";
    }

    private static void answers(OldLogs logs) {
        try (AgentLoop agent = logs.agent(
                        reasons("I greet.").andSays("Hello, Zoë \uD83D\uDC4B"),
                        says("One more thing.").andGoesOn(),
                        says("That was it."),
                        says("Too lo").andIsIncomplete("max_output_tokens"),
                        empty().andRefuses("I cannot do that."),
                        empty().andItem("{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}")
                                .andSays("Found."))
                .build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("Hello");
            conversation.run(List.of(Item.user("Look:\n\"this\"", List.of(PICTURE))), RunOptions.DEFAULT);
            conversation.run("Tell a story");
            conversation.run("Do harm");
            conversation.run("Search");
        }
    }

    private static Conversation calling(OldLogs logs) {
        try (AgentLoop agent = logs.agent(
                        reasons("Two at once.")
                                .andCalls("call_1", "say", text("a"))
                                .andCalls("call_1", "say", text("b"))
                                .andCalls("", "fail", "{}"),
                        calls("call_2", "say", text("a long text that is cut for the model"))
                                .andCallsCustom("call_3", "patch", "abc")
                                .andCalls("call_4", "unknown", "not JSON"),
                        says("All done."))
                .build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("Work");
            return conversation;
        }
    }

    private static void brokenResponses(OldLogs logs) {
        try (AgentLoop agent = logs.agent(
                        calls("call_1", "say", text("a")).andBreaks(),
                        calls("call_2", "say", text("b")).andBreaks(),
                        calls("call_3", "say", text("c")).andBreaks(),
                        says("After all."))
                .build()) {
            Conversation conversation = logs.begin(agent);
            try {
                conversation.run("Work");
            } catch (ModelException e) {
                conversation.run(RunOptions.DEFAULT);
            }
        }
    }

    private static Conversation unfinished(OldLogs logs) {
        // So much at once is written before the next piece comes.
        try (AgentLoop agent = logs.agent(
                        says("Once upon a \"time\"… ".repeat(300)).andBreaks(), says("The end."))
                .build()) {
            Conversation conversation = logs.begin(agent);
            try {
                conversation.run("Tell a story");
            } catch (ModelException e) {
                conversation.run(RunOptions.DEFAULT);
            }
            return conversation;
        }
    }

    private static void limits(OldLogs logs) {
        try (AgentLoop agent = logs.agent(calls("call_1", "say", text("a")), says("Only said."))
                .build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("Work", RunOptions.DEFAULT.withLimits(Limits.NONE.withSteps(1)));
            conversation.run(RunOptions.DEFAULT.withAllowedTools(Set.of("say", "patch")));
        }
    }

    private static Asked asked(OldLogs logs) {
        AgentLoop agent = logs.agent(
                        calls("call_1", "ask", text("x")).andCalls("call_2", "ask", text("y")),
                        calls("call_3", "ask", text("x")),
                        calls("call_4", "ask", text("x")),
                        says("Asked enough."))
                .build();
        Conversation conversation = logs.begin(agent);
        conversation.run("Ask");
        return new Asked(agent, conversation);
    }

    /** A conversation whose calls await approval. */
    private record Asked(AgentLoop agent, Conversation conversation) implements AutoCloseable {
        Outcome.Pending question(int index) {
            return conversation.awaitingApproval().get(index);
        }

        @Override
        public void close() {
            agent.close();
        }
    }

    private static void approvalLeft(OldLogs logs) {
        try (Asked asked = asked(logs)) {
            asked.conversation().approve(asked.question(0), asked.question(0).rule());
            asked.conversation().deny("call_2", "not today");
            leave(
                    logs,
                    asked.conversation(),
                    "0-input",
                    "input",
                    "{\"items\":[" + Item.user("And more").json() + "]}");
            leave(logs, asked.conversation(), "1-cancel", "cancel", "{}");
            leave(logs, asked.conversation(), "turn.abandoned:4", "turn.abandoned", "{}");
        }
    }

    private static void leave(OldLogs logs, Conversation conversation, String id, String kind, String payload) {
        logs.store().leave(conversation.id(), InboxMessage.of(id, kind, payload.getBytes(StandardCharsets.UTF_8)));
    }

    private static void approvals(OldLogs logs) {
        try (Asked asked = asked(logs)) {
            Conversation conversation = asked.conversation();
            conversation.approve(asked.question(0), asked.question(0).rule());
            conversation.deny("call_2", "not today");
            leave(
                    logs,
                    conversation,
                    "0-input",
                    "input",
                    "{\"items\":[" + Item.user("And more").json() + "]}");
            conversation.run(RunOptions.DEFAULT);
            conversation.revoke(conversation.rules().get(0));
        }
    }

    private static void expired(OldLogs logs) {
        Conversation conversation;
        try (AgentLoop agent = logs.agent(calls("call_1", "ask", text("x")))
                .approvalsExpireAfter(Duration.ofHours(1))
                .build()) {
            conversation = logs.begin(agent);
            conversation.run("Ask");
        }
        try (AgentLoop agent = logs.agent(says("Nobody came."))
                .clock(Clock.offset(OldLogs.CLOCK, Duration.ofHours(2)))
                .build()) {
            agent.resume(conversation.id()).run(RunOptions.DEFAULT);
        }
    }

    /** Keeps what must be kept, or fails. */
    private record Shortening(boolean fails) implements Compactor {
        @Override
        public String name() {
            return fails ? "failing" : "shortening";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(new Offer(100, 50, 10));
        }

        @Override
        public Window compact(Task task) {
            if (fails) {
                throw new IllegalStateException("it always fails");
            }
            List<Item> window = new ArrayList<>(List.of(Item.user("Older messages were left out.")));
            window.addAll(task.items(task.kept()));
            return Window.built(window, Usage.reported(100, 50, 0, 10, 0));
        }
    }

    private static Conversation compacted(OldLogs logs) throws InterruptedException {
        return compacted(logs, new Shortening(false));
    }

    private static Conversation compacted(OldLogs logs, Compactor compactor) throws InterruptedException {
        try (AgentLoop agent = logs.agent(
                        says("A long answer. ".repeat(8)), calls("call_1", "say", text("a")), says("A second answer."))
                .compactor(compactor)
                .build()) {
            Conversation conversation = logs.begin(agent);
            conversation.pin("fact", Item.user("The key is under the mat."));
            conversation.run("First");
            conversation.run("Second");
            try {
                conversation.compact(RunOptions.DEFAULT);
            } catch (IllegalStateException e) {
                // The story of the compactor that fails.
            }
            return conversation;
        }
    }

    private static void compactions(OldLogs logs) throws InterruptedException {
        compacted(logs, Compactor.summary(ScriptedModel.answering(says("Handover: all is well."))));
        Conversation conversation = compacted(logs, new Shortening(true));
        try (AgentLoop agent = logs.agent(says("Third answer."), says("Fourth answer."))
                .compactor(new Shortening(false))
                .build()) {
            Conversation resumed = agent.resume(conversation.id());
            resumed.compact(RunOptions.DEFAULT);
            resumed.run("Third");
            resumed.undoCompaction();
            resumed.unpin("fact");
            resumed.run("Fourth");
            resumed.compact(RunOptions.DEFAULT);
        }
    }

    private static void compactedByServer(OldLogs logs) {
        ScriptedModel model = ScriptedModel.builder()
                .settings(OldLogs.SETTINGS)
                .answer(
                        says("Before."),
                        empty().andItem("{\"type\":\"compaction\",\"encrypted_content\":\"c2NyaXB0ZWQ=\"}")
                                .andSays("After."))
                .fail(ModelException.of(ModelException.Kind.INVALID_ENCRYPTED_CONTENT, "cannot be decrypted")
                        .build())
                .answer(says("Taken back."))
                .build();
        try (AgentLoop agent = OldLogs.agent(logs.store(), model).build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("First");
            conversation.run("Second");
            conversation.run("Third");
        }
    }

    private static Conversation redacted(OldLogs logs, String... kinds) throws InterruptedException {
        try (AgentLoop agent = logs.agent(
                        calls("call_1", "ask", text("secret")),
                        calls("call_2", "say", text("a secret that is long enough to be cut")),
                        says("Said the secret."))
                .compactor(new Shortening(false))
                .build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("A secret word");
            Outcome.Pending question = conversation.awaitingApproval().get(0);
            conversation.approve(question, question.rule());
            conversation.run(RunOptions.DEFAULT);
            conversation.compact(RunOptions.DEFAULT);
            for (String kind : kinds) {
                conversation.redact(last(logs, conversation, kind), "the user asked for it");
            }
            if (kinds.length > 1) {
                conversation.redact(question.call(), "the user asked for it");
            }
            return conversation;
        }
    }

    private static long last(OldLogs logs, Conversation conversation, String kind) {
        return logs.store().stream(conversation.id(), 0)
                .filter(entry -> entry.kind().equals(kind))
                .mapToLong(LogEntry::version)
                .max()
                .orElseThrow();
    }

    private static void settings(OldLogs logs) {
        String id;
        try (AgentLoop agent = logs.agent(says("One.")).build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("First");
            id = conversation.id();
        }
        ScriptedModel.Builder harder = ScriptedModel.builder()
                .settings(OldLogs.SETTINGS.toBuilder().effort("high").build());
        try (AgentLoop agent = OldLogs.agent(logs.store(), answering(harder, "Two.", "Three."))
                .tools(new OldTools.Says("late"))
                .instructions("You are a quick clerk.")
                .build()) {
            Conversation conversation = agent.resume(id);
            conversation.run("Second");
            conversation.repinTools();
            conversation.run("Third");
        }
        ScriptedModel.Builder other =
                ScriptedModel.builder().settings(OldLogs.settings("other").build());
        try (AgentLoop agent =
                OldLogs.agent(logs.store(), answering(other, "Four.")).build()) {
            agent.resume(id).run("Fourth");
        }
        try (AgentLoop agent = logs.agent(says("Five.")).build()) {
            agent.resume(id).run("Fifth");
        }
    }

    private static ScriptedModel answering(ScriptedModel.Builder builder, String... texts) {
        for (String text : texts) {
            builder.answer(says(text));
        }
        return builder.build();
    }

    private static void forked(OldLogs logs) throws IOException {
        Conversation source = calling(logs);
        logs.killedAfter(source, "tool.started");
        long open = last(logs, source, "tool.started");
        try (AgentLoop agent = logs.agent(says("In the fork.")).build()) {
            agent.fork(source.id(), open).run("Go another way");
        }
    }

    private static void takenOver(OldLogs logs) throws Exception {
        Conversation killed = calling(logs);
        logs.killedAfter(killed, "call.renamed");
        try (AgentLoop agent = logs.agent(says("Taken over.")).build()) {
            agent.resume(killed.id()).run(RunOptions.DEFAULT);
        }
    }

    private static void ownLoop(OldLogs logs) {
        try (AgentLoop agent = logs.agent().build()) {
            Conversation conversation = logs.begin(agent);
            conversation.append(List.of(Item.user("By hand")));
            List<ToolCall> calls = conversation.append(ModelResponse.of(
                    List.of(
                            Item.functionCall("call_1", "say", text("a text that is longer than what is kept of it")),
                            Item.functionCall("call_2", "say", text("b"))),
                    Usage.reported(10, 0, 0, 5, 0)));
            for (ToolCall call : calls) {
                conversation.append(List.of(conversation.call(call).item(call)));
            }
            byte[] answer =
                    "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}".getBytes(StandardCharsets.UTF_8);
            conversation.append(ModelResponse.of(List.of(Item.received(answer).orElseThrow()), Usage.NONE));
        }
    }

    private static void sealed(OldLogs logs) {
        try (AgentLoop agent = logs.agent(says("The end.")).build()) {
            Conversation conversation = logs.begin(agent);
            conversation.run("The last question");
            conversation.seal("the case is closed");
        }
    }
}
