package dev.agentloop;

import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a person allows for the rest of a conversation is not asked about again, and nothing else is allowed by it. */
@Timeout(60)
class RuleTest extends LoopFixture {
    private static final String WORD = "those that begin with ";

    private final List<String> effects = Collections.synchronizedList(new ArrayList<>());
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final Runner runner = new Runner();

    /** A tool whose rules go by the first word. */
    private final class Runner implements Tool {
        private boolean broken;
        private boolean closed;

        @Override
        public Specification specification() {
            return Specification.function("runner", "a tool of a test", "{\"type\":\"object\"}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            effects.add(words(call));
            closed |= words(call).contains("close");
            return ToolOutput.text("ran " + words(call));
        }

        private String words(ToolCall call) {
            return call.argument("words").orElse("");
        }

        @Override
        public Access access(ToolCall call) {
            return Access.UNRESTRICTED;
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            String first = words(call).split(" ")[0];
            return first.equals("sh") ? Optional.empty() : Optional.of(WORD + first);
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            if (broken) {
                throw new IllegalStateException("broken");
            }
            return !closed && rules.contains(WORD + words(call).split(" ")[0]);
        }
    }

    private static Item call(String id, String words) {
        return Item.functionCall(id, "runner", "{\"words\":\"" + words + "\"}");
    }

    private static ToolCall ownCall(String id) {
        return ToolCall.function(id, "runner", "{}");
    }

    private AgentLoop.Builder agent(Script script) {
        return agent(script, runner);
    }

    private static List<Outcome.Pending> pending(Outcome outcome) {
        return ((Outcome.AwaitingApproval) outcome).pending();
    }

    private Approver always() {
        return question -> {
            asked.add(question.callId());
            return Approver.Answer.always(question.rule());
        };
    }

    private List<LogEntry> holding(String id, String text) {
        return store.read(id, 0, 1_000).stream()
                .filter(entry ->
                        entry.payload() != null && new String(entry.content(), StandardCharsets.UTF_8).contains(text))
                .toList();
    }

    @Test
    void rule_isProposed_heldInTheLog_andHoldsInLaterProcesses(@TempDir Path folder) {
        String id;
        try (ConversationStore files = new FileStore(folder);
                AgentLoop agent = agent(new Script(calls(call("1", "test a"))))
                        .store(files)
                        .build()) {
            Outcome.Pending question = pending(agent.newConversation().run("x")).get(0);
            assertThat(question.rule()).isEqualTo(WORD + "test");
            id = files.list("", 1).get(0).conversation();
            Conversation conversation = agent.resume(id);
            assertThat(conversation.awaitingApproval()).containsExactly(question);
            conversation.approve(question, question.rule());
        }
        Script next = new Script(calls(call("2", "test b"), call("3", "other")), says("done"));
        try (ConversationStore files = new FileStore(folder);
                AgentLoop agent = agent(next).store(files).build()) {
            Conversation conversation = agent.resume(id);
            assertThat(pending(conversation.run(RunOptions.DEFAULT)))
                    .extracting(Outcome.Pending::callId)
                    .containsExactly("3");
            assertThat(effects).containsExactly("test a", "test b");
            assertThat(conversation.rules())
                    .extracting(Approver.Rule::tool, Approver.Rule::text)
                    .containsExactly(tuple("runner", WORD + "test"));
            assertThat(files.read(id, 0, 1_000))
                    .filteredOn(entry -> entry.kind().equals(Entry.APPROVAL_DECIDED))
                    .singleElement()
                    .satisfies(entry -> assertThat(new String(entry.content(), StandardCharsets.UTF_8))
                            .endsWith("\"approved\":true,\"reason\":\"\",\"rule\":\"" + WORD + "test\"}"));
        }
    }

    @Test
    void rule_isOfItsConversationAlone_andNotOfAFork() {
        Script script = new Script(
                calls(call("1", "test a")), says("done"), calls(call("2", "test b")), calls(call("3", "test c")));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            Outcome.Pending question = pending(conversation.run("x")).get(0);
            conversation.approve(question, question.rule());
            conversation.run(RunOptions.DEFAULT);
            Conversation fork = agent.fork(conversation.id(), conversation.version());
            assertThat(fork.rules()).isEmpty();
            assertThat(pending(fork.run("y"))).hasSize(1);
            assertThat(pending(agent.newConversation().run("z"))).hasSize(1);
            assertThat(conversation.rules()).hasSize(1);
        }
        assertThat(effects).containsExactly("test a");
    }

    @Test
    void ruleGivenInProcess_letsWhatWaitsRunUnasked() {
        Script script = new Script(
                calls(call("1", "test a"), call("2", "test b"), call("3", "other"), call("4", "test c")), says("done"));
        try (AgentLoop agent = agent(script).approver(always()).build()) {
            assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
        }
        assertThat(asked).containsExactly("1", "3");
        assertThat(effects).containsExactly("test a", "test b", "other", "test c");
    }

    @Test
    void ruleGivenForOneOfTwoQuestions_answersTheOtherToo() {
        Script script = new Script(calls(call("1", "test a"), call("2", "test b")), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            List<Outcome.Pending> questions = pending(conversation.run("x"));
            assertThat(questions).hasSize(2);
            conversation.approve(questions.get(0), questions.get(0).rule());
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
        }
        assertThat(effects).containsExactly("test a", "test b");
    }

    @Test
    void refusalsOfThePolicy_standAgainstEveryRule() {
        Script script = new Script(calls(call("1", "test a")), says("done"));
        String id;
        try (AgentLoop agent = agent(script).approver(always()).build()) {
            id = agent.newConversation().run("x").conversation();
        }
        List<ApprovalPolicy> refusing = List.of(
                ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.READ_ONLY),
                ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.WORKSPACE_WRITE),
                (call, access) -> ApprovalPolicy.Decision.deny("not on Sundays"));
        for (ApprovalPolicy policy : refusing) {
            Script next = new Script(calls(call("2", "test b")), says("done"));
            try (AgentLoop agent =
                    agent(next).approval(policy).approver(always()).build()) {
                agent.resume(id).run("y");
            }
            assertThat(next.inputs(1)).anyMatch(text -> text.startsWith("output:2:refused: "));
        }
        assertThat(effects).containsExactly("test a");
        assertThat(asked).containsExactly("1");
    }

    @Test
    void ruleThatDoesNotAllowItsOwnCall_isDropped_andSaidSo() {
        Script script = new Script(calls(call("1", "test a")), calls(call("2", "other")), says("done"));
        try (AgentLoop agent = agent(script)
                .approver(question -> {
                    asked.add(question.callId());
                    return Approver.Answer.always("everything");
                })
                .build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(conversation.rules()).isEmpty();
            assertThat(holding(conversation.id(), "everything")).isEmpty();
        }
        assertThat(asked).containsExactly("1", "2");
        assertThat(effects).containsExactly("test a", "other");
        assertThat(events(AgentEvent.Warning.class))
                .extracting(AgentEvent.Warning::text)
                .first()
                .isEqualTo(
                        "the rule \"everything\" that was given with the approval of call 1 does not allow that call of"
                                + " runner, and is dropped; the call itself is approved");
    }

    @Test
    void durableRuleThatDoesNotAllowItsOwnCall_isDropped() {
        Script script = new Script(calls(call("1", "test a")), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            conversation.approve(pending(conversation.run("x")).get(0), "everything");
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            assertThat(conversation.rules()).isEmpty();
        }
        assertThat(effects).containsExactly("test a");
    }

    @Test
    void noRule_isSaid_andNothingIsDecided() {
        Script script = new Script(calls(call("1", "sh -c x")));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            Outcome.Pending question = pending(conversation.run("x")).get(0);
            assertThat(question.rule()).isEmpty();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> conversation.approve(question, question.rule()))
                    .withMessage("there is no rule for this call: it can only be approved by itself");
            assertThat(store.inbox(conversation.id())).isEmpty();
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Approver.Answer(false, "no", "all"))
                .withMessage("a refusal cannot allow others: it has the rule \"all\"");
    }

    @Test
    void revokedRule_isAskedAboutAgain() {
        Script script = new Script(calls(call("1", "test a")), says("done"), calls(call("2", "test b")), says("done"));
        try (AgentLoop agent = agent(script).approver(always()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("x");
            Approver.Rule rule = conversation.rules().get(0);
            conversation.revoke(rule);
            assertThat(agent.resume(conversation.id()).rules()).isEmpty();
            assertThatIllegalStateException()
                    .isThrownBy(() -> conversation.revoke(rule))
                    .withMessage("there is no rule \"" + WORD + "test\" for runner to revoke; those in force are []");
            conversation.run("y");
        }
        assertThat(asked).containsExactly("1", "2");
    }

    @Test
    void rule_survivesAPromptThatIsRestated_andGoesWithItsCall() {
        Script script = new Script(calls(call("1", "secretive a")), says("done"));
        try (AgentLoop agent = agent(script).approver(always()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("x");
            conversation.redact(holding(conversation.id(), "\"user\"").get(0).version(), "");
            assertThat(agent.resume(conversation.id()).rules()).hasSize(1);
            long called = holding(conversation.id(), "function_call\"").get(0).version();
            conversation.redact(called, "");
            conversation.redact(
                    holding(conversation.id(), "ran secretive").get(0).version(), "");
            assertThat(conversation.rules()).isEmpty();
            assertThat(holding(conversation.id(), "secretive")).isEmpty();
        }
    }

    @Test
    void toolThatCannotSay_isAskedAbout() {
        Script script = new Script(calls(call("1", "test a")), says("done"), calls(call("2", "test b")));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            conversation.approve(pending(conversation.run("x")).get(0), WORD + "test");
            conversation.run(RunOptions.DEFAULT);
            runner.broken = true;
            assertThat(pending(conversation.run("y")))
                    .extracting(Outcome.Pending::callId, Outcome.Pending::rule)
                    .containsExactly(tuple("2", ""));
        }
    }

    @Test
    void ruleThatDoesNotHoldAnyMoreWhenTheCallsTurnComes_isAskedAbout() {
        Script script = new Script(
                calls(call("1", "test a")), calls(call("2", "test close"), call("3", "test b")), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            conversation.approve(pending(conversation.run("x")).get(0), WORD + "test");
            assertThat(pending(conversation.run(RunOptions.DEFAULT)))
                    .extracting(Outcome.Pending::callId)
                    .containsExactly("3");
        }
        assertThat(effects).containsExactly("test a", "test close");
    }

    @Test
    void loopOfTheHostsOwn_givesRulesAndKeepsToThem() {
        try (AgentLoop agent = agent(new Script()).approver(always()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("x")));
            conversation.append(ModelResponse.of(List.of(call("1", "test a"), call("2", "test b")), Usage.NONE));
            assertThat(conversation.call(ownCall("1")).text()).isEqualTo("ran test a");
            assertThat(conversation.call(ownCall("2")).text()).isEqualTo("ran test b");
            assertThat(conversation.rules()).hasSize(1);
        }
        assertThat(asked).containsExactly("1");
    }
}
