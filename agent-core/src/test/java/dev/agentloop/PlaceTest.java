package dev.agentloop;

import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An approval holds for the place that was asked about: what would take effect elsewhere by then is not run. */
@Timeout(60)
class PlaceTest extends LoopFixture {
    private static final String MOVED = "not run: it was approved for /a, and would take effect in /b now."
            + " Call it again if it is still wanted";

    private final AtomicInteger runs = new AtomicInteger();
    private volatile String place = "/a";

    private final Tool tool = new Tool() {
        @Override
        public Specification specification() {
            return Specification.function("remove", "a tool of a test", "{\"type\":\"object\"}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("run " + runs.incrementAndGet());
        }

        @Override
        public Access access(ToolCall call) {
            return Access.UNRESTRICTED;
        }

        @Override
        public String place(ToolCall call) {
            return place;
        }
    };

    private static Item removal(String id) {
        return Item.functionCall(id, "remove", "{}");
    }

    private Outcome.Pending asked(Conversation conversation) {
        return ((Outcome.AwaitingApproval) conversation.run("x")).pending().get(0);
    }

    @Test
    void approval_holdsInAnotherProcess_whereThePlaceIsTheSame(@TempDir Path folder) {
        assertThat(afterApproval(folder, "/a")).contains("output:1:run 1");
    }

    @Test
    void approval_doesNotHoldInAnotherProcess_forAnotherPlace(@TempDir Path folder) {
        assertThat(afterApproval(folder, "/b")).contains("output:1:" + MOVED);
        assertThat(runs).hasValue(0);
    }

    @Test
    void approval_doesNotHold_whereThePlaceIsNoLongerKnown(@TempDir Path folder) {
        assertThat(afterApproval(folder, "")).contains("output:1:" + MOVED.replace("/b", "a place that is not known"));
        assertThat(runs).hasValue(0);
    }

    private List<String> afterApproval(Path folder, String later) {
        String id;
        try (ConversationStore files = new FileStore(folder);
                AgentLoop agent = agent(new Script(calls(removal("1"))), tool)
                        .store(files)
                        .build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            Outcome.Pending question = asked(conversation);
            assertThat(question.place()).isEqualTo("/a");
            assertThat(conversation.awaitingApproval()).containsExactly(question);
            conversation.approve(question);
        }
        place = later;
        Script script = new Script(says("done"));
        try (ConversationStore files = new FileStore(folder);
                AgentLoop agent = agent(script, tool).store(files).build()) {
            agent.resume(id).run(RunOptions.DEFAULT);
        }
        return script.inputs(0);
    }

    @Test
    void approval_whileThePlaceMoves_doesNotHold() {
        Script script = new Script(calls(removal("1")), says("done"));
        Approver approver = question -> {
            place = "/b";
            return Approver.Answer.approve();
        };
        try (AgentLoop agent = agent(script, tool).approver(approver).build()) {
            agent.newConversation().run("x");
        }
        assertThat(script.inputs(1)).contains("output:1:" + MOVED);
        assertThat(runs).hasValue(0);
    }

    @Test
    void approval_inALoopOfYourOwn_doesNotHoldForAnotherPlace() {
        Approver approver = question -> {
            place = question.place().equals("/a") && question.callId().equals("2") ? "/b" : place;
            return Approver.Answer.approve();
        };
        try (AgentLoop agent = agent(new Script(), tool).approver(approver).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("x")));
            conversation.append(ModelResponse.of(List.of(removal("1"), removal("2")), Usage.NONE));
            assertThat(conversation.call(ToolCall.function("1", "remove", "{}")).text())
                    .isEqualTo("run 1");
            assertThat(conversation.call(ToolCall.function("2", "remove", "{}")).text())
                    .isEqualTo(MOVED);
        }
        assertThat(runs).hasValue(1);
    }

    @Test
    void place_isInTheLog_andACallThatNobodyAskedAbout_hasNone() {
        try (AgentLoop agent = agent(new Script(calls(removal("1"))), tool).build()) {
            Conversation conversation = agent.newConversation();
            asked(conversation);
            assertThat(store.read(conversation.id(), 0, 100))
                    .filteredOn(entry -> entry.kind().equals(Entry.APPROVAL_ASKED))
                    .singleElement()
                    .satisfies(entry -> assertThat(new String(entry.content(), StandardCharsets.UTF_8))
                            .contains("\"place\":\"/a\""));
        }
        Script script = new Script(calls(removal("1")), says("done"));
        ApprovalPolicy policy = (call, access) -> {
            place = "/b";
            return ApprovalPolicy.Decision.allow();
        };
        try (AgentLoop agent = agent(script, tool).approval(policy).build()) {
            agent.newConversation().run("x");
        }
        assertThat(script.inputs(1)).contains("output:1:run 1");
    }
}
