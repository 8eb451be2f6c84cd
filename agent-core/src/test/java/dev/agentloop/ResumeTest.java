package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.ConversationId;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a run does with a log that another process has left in the middle of something. */
class ResumeTest {
    private final ConversationStore store = new MemoryStore();
    private final String id = ConversationId.next(Clock.systemUTC());
    private final AtomicInteger runs = new AtomicInteger();

    /** The version of the first of the entries with which {@link #left} ends. */
    private static final long FIRST = 5;

    /** A log whose process ended behind these entries. */
    private void left(Entry... entries) {
        Log log = Log.begin(new HostStore(store), id);
        List<Entry> all = new ArrayList<>();
        all.add(Entry.conversation(id, "2026-01-01T00:00:00Z"));
        String head = new Script().settings().toBuilder().cacheKey(id).build().head("");
        all.add(Entry.epoch("conversation_started", head, null));
        all.add(Entry.turnBegun("somebody", null, Instant.EPOCH));
        all.add(Entry.item(Entry.ITEM_USER, Item.user("x")));
        all.addAll(Arrays.asList(entries));
        all.forEach(log::add);
        log.commit();
    }

    private static Entry model(Item item) {
        return Entry.item(Entry.ITEM_MODEL, item);
    }

    private LoopFixture.TestTool tool(Tool.AfterCrash policy) {
        return new LoopFixture.TestTool(
                "tool",
                Tool.Access.WRITES,
                policy,
                (call, context) -> ToolOutput.text("run " + runs.incrementAndGet()));
    }

    private AgentLoop agent(Script script, Tool tool) {
        return AgentLoop.builder().model(script).tools(tool).store(store).build();
    }

    @ParameterizedTest
    @EnumSource(Tool.AfterCrash.class)
    void startedCall_isSettledByItsTool(Tool.AfterCrash policy) {
        left(model(call("1", "tool")), Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(policy))) {
            Outcome outcome = agent.resume(id).run(RunOptions.DEFAULT);
            switch (policy) {
                case RUN_AGAIN -> assertThat(script.inputs(0)).contains("output:1:run 1");
                case REPORT -> {
                    assertThat(runs).hasValue(0);
                    assertThat(script.inputs(0))
                            .contains(
                                    "output:1:The result of this call is unknown: the process that ran it ended before it"
                                            + " had an output. It may have had its effect or not. Check before you repeat it.");
                }
                case ASK -> {
                    assertThat(runs).hasValue(0);
                    assertThat(((Outcome.AwaitingApproval) outcome)
                                    .pending()
                                    .get(0)
                                    .question())
                            .isEqualTo(
                                    "This call was under way when its process ended, so its effect is unknown. Run it"
                                            + " again?");
                    Conversation conversation = agent.resume(id);
                    conversation.approve("1");
                    conversation.run(RunOptions.DEFAULT);
                    assertThat(script.inputs(0)).contains("output:1:run 1");
                }
            }
        }
    }

    private AgentLoop agent(Script script, Tool.AfterCrash afterCrash, ApprovalPolicy policy) {
        return AgentLoop.builder()
                .model(script)
                .tools(tool(afterCrash))
                .store(store)
                .approval(policy)
                .build();
    }

    @ParameterizedTest
    @EnumSource(names = "REPORT", mode = EnumSource.Mode.EXCLUDE)
    void startedCall_thatThePresentPolicyRefuses_isNotRunAgain(Tool.AfterCrash afterCrash) {
        left(model(call("1", "tool")), Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        ApprovalPolicy policy = ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.READ_ONLY);
        try (AgentLoop agent = agent(script, afterCrash, policy)) {
            assertThat(agent.resume(id).run(RunOptions.DEFAULT)).isInstanceOf(Outcome.Finished.class);
        }
        assertThat(runs).hasValue(0);
        assertThat(script.inputs(0))
                .contains(
                        "output:1:not run again, refused: This call of tool changes things in the workspace, and the rights"
                                + " are read-only. The approval mode is never, so nobody is asked. Use a call that stays within"
                                + " these rights. It was under way when its process ended, and may have had its effect or not.");
    }

    @Test
    void startedCall_thatThePresentPolicyAsksAbout_isAskedAbout_andRunOnceApproved() {
        left(model(call("1", "tool")), Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        ApprovalPolicy policy = ApprovalPolicy.of(ApprovalPolicy.Mode.UNTRUSTED, ApprovalPolicy.Rights.FULL_ACCESS);
        try (AgentLoop agent = agent(script, Tool.AfterCrash.RUN_AGAIN, policy)) {
            Conversation conversation = agent.resume(id);
            Outcome outcome = conversation.run(RunOptions.DEFAULT);
            assertThat(((Outcome.AwaitingApproval) outcome).pending().get(0).question())
                    .isEqualTo("This call was under way when its process ended, so its effect is unknown. Run it again?"
                            + " This call of tool changes things in the workspace, and the rights are full-access.");
            assertThat(runs).hasValue(0);
            conversation.approve("1");
            conversation.run(RunOptions.DEFAULT);
        }
        assertThat(script.inputs(0)).contains("output:1:run 1");
    }

    @ParameterizedTest
    @EnumSource
    void startedCall_thatWasApproved_isRunAgainWithoutAsking(ApprovalPolicy.Mode mode) {
        Call approved = new Call((Item.Call) call("1", "tool"), FIRST);
        Outcome.Pending question = new Outcome.Pending("1", FIRST, "tool", "{}", "?", null, "", "");
        left(
                model(call("1", "tool")),
                Entry.approvalAsked(question, Call.hash(approved.call())),
                Entry.approvalDecided(approved, Approver.Answer.approve()),
                Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        try (AgentLoop agent =
                agent(script, Tool.AfterCrash.RUN_AGAIN, ApprovalPolicy.of(mode, ApprovalPolicy.Rights.READ_ONLY))) {
            assertThat(agent.resume(id).run(RunOptions.DEFAULT)).isInstanceOf(Outcome.Finished.class);
        }
        assertThat(script.inputs(0)).contains("output:1:run 1");
    }

    @Test
    void startedCall_approvedForOtherArguments_isDecidedAboutAgain() {
        Call other = new Call((Item.Call) Item.functionCall("1", "tool", "{\"a\":1}"), FIRST);
        left(
                model(call("1", "tool")),
                Entry.approvalDecided(other, Approver.Answer.approve()),
                Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        ApprovalPolicy policy = ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.READ_ONLY);
        try (AgentLoop agent = agent(script, Tool.AfterCrash.RUN_AGAIN, policy)) {
            agent.resume(id).run(RunOptions.DEFAULT);
        }
        assertThat(runs).hasValue(0);
    }

    @Test
    void approval_isKeptInTheState_alsoOnceTheCallIsStarted() {
        Call call = new Call((Item.Call) call("1", "tool"), FIRST);
        call.decide(Call.hash(call.call()), Approver.Answer.approve());
        call.start();
        ItemTable items = ItemTable.of(List.of(new NamedItem(call.item(), FIRST)));
        byte[] state = Json.object(out -> call.write(out, items));
        Call read = Objects.requireNonNull(Call.read(JsonFields.of(state), items));
        assertThat(new String(state, StandardCharsets.UTF_8)).contains("\"item\":0");
        assertThat(read.approved()).isTrue();
        assertThat(read.answer()).isNull();
        assertThat(read.started()).isTrue();
        // What was written before approvals were kept.
        String older = new String(state, StandardCharsets.UTF_8).replace(",\"was_approved\":true", "");
        assertThat(Objects.requireNonNull(Call.read(JsonFields.of(older.getBytes(StandardCharsets.UTF_8)), items))
                        .approved())
                .isFalse();
    }

    @Test
    void callThatWasNotStarted_isRun() {
        left(model(call("1", "tool")), model(call("2", "tool")), Entry.toolStarted(FIRST, "1"), outputOf("1"));
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.REPORT))) {
            agent.resume(id).run("y");
        }
        assertThat(script.inputs(0))
                .containsExactly("user:x", "call:1", "call:2", "output:1:out", "output:2:run 1", "user:y");
    }

    private static Entry outputOf(String callId) {
        return Entry.item(Entry.ITEM_OUTPUT, ToolOutput.text("out").item(ToolCall.function(callId, "tool", "{}")));
    }

    @Test
    void approvedCall_isRun_onlyAsTheVeryCallThatWasAskedAbout() {
        Item call = call("1", "tool");
        String asked = Call.hash(ToolCall.function("1", "tool", "{}"));
        Call about = new Call((Item.Call) call, FIRST);
        Call other = new Call((Item.Call) Item.functionCall("1", "tool", "{\"a\":1}"), FIRST);
        Call later = new Call((Item.Call) call, FIRST + 50);
        Outcome.Pending question = new Outcome.Pending("1", FIRST, "tool", "{}", "?", null, "", "");
        left(
                model(call),
                Entry.approvalAsked(question, asked),
                Entry.approvalDecided(other, Approver.Answer.approve()),
                Entry.approvalDecided(later, Approver.Answer.approve()),
                Entry.approvalDecided(about, Approver.Answer.deny("no")),
                Entry.approvalDecided(about, Approver.Answer.approve()));
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.REPORT))) {
            agent.resume(id).run(RunOptions.DEFAULT);
        }
        assertThat(runs).hasValue(0);
        assertThat(script.inputs(0)).contains("output:1:refused by the user: no");
    }

    @Test
    void fork_doesNotRunTheCallsOfItsTrunk() {
        left(model(call("1", "tool")), model(call("2", "tool")), Entry.toolStarted(FIRST, "1"));
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.RUN_AGAIN))) {
            Conversation fork = agent.fork(id, 7);
            fork.run(RunOptions.DEFAULT);
            assertThatThrownBy(() -> agent.fork(id, 99))
                    .hasMessage("conversation " + id + " has no version 99 to fork from");
        }
        assertThat(runs).hasValue(0);
        String output = "not run here: this conversation was forked before the call had its output";
        assertThat(script.inputs(0)).endsWith("output:1:" + output, "output:2:" + output);
    }

    @Test
    void fork_behindReasoning_isWithoutIt() {
        left(model(call("1", "tool")), model(reasoning("why")), model(call("2", "tool")));
        long version = store.head(id).orElseThrow().version();
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.RUN_AGAIN))) {
            agent.fork(id, version - 1).run(RunOptions.DEFAULT);
        }
        assertThat(script.prompts.get(0).items()).noneMatch(item -> item instanceof Item.Reasoning);
    }

    @Test
    void brokenResponse_isClosed_andItsUsageEstimated() {
        left(model(call("1", "tool")), Entry.toolStarted(FIRST, "1"), outputOf("1"));
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.REPORT))) {
            agent.resume(id).run(RunOptions.DEFAULT);
        }
        assertThat(store.read(id, 0, 100))
                .extracting(LogEntry::kind)
                .containsExactly(
                        "conversation",
                        "epoch",
                        "turn.begun",
                        "item.user",
                        "item.model",
                        "tool.started",
                        "item.output",
                        "turn.begun",
                        "response.broken",
                        "item.model",
                        "response",
                        "turn.ended");
    }

    @Test
    void durableAnswer_endsTheNextRun_withoutPayingAgain() {
        left(
                model(Script.message("the answer")),
                Entry.response(ModelResponse.of(List.of(), Usage.NONE), java.time.Instant.EPOCH));
        Script script = new Script(says("more"));
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.REPORT))) {
            Conversation conversation = agent.resume(id);
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("the answer");
            assertThat(script.prompts).isEmpty();
            assertThat(conversation.run("go on").text()).isEqualTo("more");
        }
    }

    @Test
    void unknownEntry_isRead_andRefusedToRun() {
        left(new Entry("hologram", "{}".getBytes(StandardCharsets.UTF_8)));
        try (AgentLoop agent = agent(new Script(), tool(Tool.AfterCrash.REPORT))) {
            Conversation conversation = agent.resume(id);
            assertThat(conversation.prompt().items()).hasSize(1);
            assertThatThrownBy(() -> conversation.run("y"))
                    .isInstanceOfSatisfying(
                            StoreException.class,
                            e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.UNKNOWN_FORMAT))
                    .hasMessage("conversation " + id
                            + " has an entry of kind \"hologram\", written by a newer version of this"
                            + " library; update to run it. Nothing was changed");
            assertThat(conversation.version()).isEqualTo(5);
        }
    }

    @Test
    void brokenChain_isRefused() {
        left();
        List<LogEntry> entries = new ArrayList<>(store.read(id, 0, 10));
        LogEntry forged = entries.get(3);
        entries.set(
                3,
                new LogEntry(
                        forged.version(),
                        forged.kind(),
                        forged.turn(),
                        forged.base(),
                        forged.salt(),
                        forged.digest(),
                        forged.hash(),
                        Item.user("forged").json().getBytes(StandardCharsets.UTF_8)));
        assertThat(entries.get(3).follows(entries.get(2).position())).isFalse();
        assertThat(entries.get(3)
                        .erased("{}".getBytes(StandardCharsets.UTF_8))
                        .follows(entries.get(2).position()))
                .isTrue();
    }

    @Test
    void writerWhoLost_learnsItAtItsNextAppend() {
        Script script = new Script((prompt, listener) -> {
            // Somebody else takes the conversation over while this run waits for its model.
            Log log = Log.load(new HostStore(store), id);
            log.add(Entry.turnBegun("other", null, Instant.EPOCH));
            log.commit();
            return ModelResponse.of(List.of(call("1", "tool")), Usage.NONE);
        });
        left();
        try (AgentLoop agent = agent(script, tool(Tool.AfterCrash.REPORT))) {
            Conversation conversation = agent.resume(id);
            assertThatThrownBy(() -> conversation.run(RunOptions.DEFAULT))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.CONFLICT));
        }
        assertThat(runs).hasValue(0);
    }

    @Test
    void unknownOutcome_isSettledBySendingTheSameAgain() {
        AtomicInteger appends = new AtomicInteger();
        ConversationStore flaky = new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                LogPosition done = super.append(conversation, expected, entries);
                if (appends.incrementAndGet() % 2 == 1) {
                    throw new StoreException(StoreException.Kind.OUTCOME_UNKNOWN, "the connection broke in the commit");
                }
                return done;
            }
        };
        Script script = new Script(Script.calls(call("1", "tool")), says("done"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(script)
                .tools(tool(Tool.AfterCrash.REPORT))
                .store(flaky)
                .build()) {
            Conversation conversation = agent.newConversation();
            assertThat(conversation.run("x").text()).isEqualTo("done");
            assertThat(runs).hasValue(1);
            assertThat(agent.resume(conversation.id()).prompt().items()).hasSize(4);
        }
    }

    @Test
    void unknownOutcome_staysUnknownWhereTheStoreCannotBeReachedAnyMore() {
        AtomicInteger appends = new AtomicInteger();
        ConversationStore breaking = new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                if (appends.incrementAndGet() == 2) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, "the server is away");
                }
                super.append(conversation, expected, entries);
                throw new StoreException(StoreException.Kind.OUTCOME_UNKNOWN, "the connection broke in the commit");
            }
        };
        try (AgentLoop agent = AgentLoop.builder()
                .model(new Script(says("never")))
                .store(breaking)
                .build()) {
            Conversation conversation = agent.newConversation();
            assertThatThrownBy(() -> conversation.run("x")).isInstanceOfSatisfying(StoreException.class, e -> {
                assertThat(e.kind()).isEqualTo(StoreException.Kind.OUTCOME_UNKNOWN);
                assertThat(e.getSuppressed()[0]).hasMessage("the server is away");
            });
            assertThat(appends).hasValue(2);
            assertThat(store.head(conversation.id())).as("it was made").isPresent();
        }
    }
}
