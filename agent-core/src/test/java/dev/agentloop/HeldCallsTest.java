package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.FileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** While a call is asked about, the calls after it that change things wait: what a person reads stays as it is. */
@Timeout(60)
class HeldCallsTest extends LoopFixture {
    private static final Approver NOBODY_ASKED = question -> Approver.Answer.deny("nobody was to be asked");

    private final List<String> effects = Collections.synchronizedList(new ArrayList<>());
    private final TestTool read = TestTool.reads("read", this::note);
    private final TestTool write = TestTool.writes("write", this::note);
    private final TestTool danger =
            new TestTool("danger", Tool.Access.UNRESTRICTED, Tool.AfterCrash.REPORT, this::note);

    private ToolOutput note(ToolCall call, ToolContext context) {
        effects.add(call.callId());
        return ToolOutput.text("did " + call.callId());
    }

    private AgentLoop.Builder agent(Script script) {
        return agent(script, read, write, danger);
    }

    private static List<String> pending(Outcome outcome) {
        return ((Outcome.AwaitingApproval) outcome)
                .pending().stream().map(Outcome.Pending::callId).toList();
    }

    private List<String> kinds(String id) {
        return store.read(id, 0, 1_000).stream().map(LogEntry::kind).toList();
    }

    @Nested
    class LeftInTheLog {
        @Test
        void writingCall_waits_andReadingOnesGoOn() {
            Script script = new Script(calls(call("1", "danger"), call("2", "write"), call("3", "read")), says("done"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                assertThat(pending(conversation.run("x"))).containsExactly("1");
                assertThat(effects).containsExactly("3");
                assertThat(kinds(conversation.id()))
                        .filteredOn(Entry.TOOL_STARTED::equals)
                        .hasSize(1);
                conversation.approve("1");
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("3", "1", "2");
            assertThat(script.inputs(1))
                    .containsExactly(
                            "user:x",
                            "call:1",
                            "call:2",
                            "call:3",
                            "output:1:did 1",
                            "output:2:did 2",
                            "output:3:did 3");
        }

        @Test
        void refusal_letsTheHeldOnesGoOn() {
            Script script = new Script(calls(call("1", "danger"), call("2", "write")), says("done"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x");
                assertThat(effects).isEmpty();
                conversation.deny("1", "no");
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(script.inputs(1)).contains("output:1:refused by the user: no", "output:2:did 2");
        }

        @Test
        void severalAskedCalls_areAskedTogether_andRunInTheirOrder() {
            Script script =
                    new Script(calls(call("1", "danger"), call("2", "danger"), call("3", "write")), says("done"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                assertThat(pending(conversation.run("x"))).containsExactly("1", "2");
                conversation.approve("2");
                assertThat(pending(conversation.run(RunOptions.DEFAULT))).containsExactly("1");
                assertThat(effects).isEmpty();
                conversation.approve("1");
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("1", "2", "3");
        }

        @Test
        void refusedCall_thatAWindowRestates_isNotWaitedFor() {
            Script script = new Script(says("hello"), calls(call("1", "danger"), call("2", "danger")));
            String id;
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                id = conversation.id();
                conversation.run("first");
                Conversation fork = agent.fork(id, conversation.version());
                conversation.run("x");
                conversation.deny("2", "no");
                assertThat(pending(conversation.run(RunOptions.DEFAULT))).containsExactly("1");
                fork.redact(kinds(id).indexOf(Entry.ITEM_USER) + 1L, "asked for");
                assertThat(pending(conversation.run(RunOptions.DEFAULT))).containsExactly("1");
                assertThat(kinds(id)).contains(Entry.EPOCH_WINDOW);
            }
            Script next = new Script(says("done"));
            try (AgentLoop agent =
                    agent(next).approver(question -> Approver.Answer.approve()).build()) {
                assertThat(agent.resume(id).run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("1");
        }

        @Test
        void heldCall_isJudgedByThePolicyOfTheRunThatGoesOn() {
            Script script = new Script(calls(call("1", "danger"), call("2", "write")));
            String id;
            try (AgentLoop agent = agent(script).build()) {
                id = agent.newConversation().run("x").conversation();
            }
            Script next = new Script(says("done"));
            try (AgentLoop agent = agent(next)
                    .approval(ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.READ_ONLY))
                    .build()) {
                Conversation conversation = agent.resume(id);
                conversation.approve("1");
                conversation.run(RunOptions.DEFAULT);
            }
            assertThat(effects).containsExactly("1");
            assertThat(next.inputs(0).get(4))
                    .startsWith("output:2:refused: This call of write changes things in the workspace, and the rights"
                            + " are read-only.");
        }

        @Test
        void newInput_isRefusedAsBefore_andChangesNothing() {
            Script script = new Script(calls(call("1", "danger"), call("2", "write")));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x");
                long version = conversation.version();
                assertThatThrownBy(() -> conversation.run("more")).hasMessageContaining("awaits approval of 1;");
                assertThat(conversation.version()).isEqualTo(version);
                conversation.deny("1", "");
            }
            Script next = new Script(says("done"));
            try (AgentLoop agent = agent(next).build()) {
                Conversation conversation =
                        agent.resume(store.list("", 1).get(0).conversation());
                assertThat(conversation.run("more").text()).isEqualTo("done");
            }
            assertThat(next.inputs(0)).contains("output:2:did 2", "user:more");
        }

        @Test
        void limitOfCalls_countsAHeldCallOnce() {
            Script script =
                    new Script(calls(call("1", "danger"), call("2", "write"), call("3", "write")), says("done"));
            try (AgentLoop agent = agent(script)
                    .approver(question -> Approver.Answer.approve())
                    .limits(Limits.NONE.withToolCalls(3))
                    .build()) {
                assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("1", "2", "3");
        }
    }

    @Nested
    class InProcess {
        @Test
        void writingCall_waitsUntilTheQuestionIsAnswered() {
            List<String> whileAsked = new ArrayList<>();
            Script script = new Script(calls(call("1", "danger"), call("2", "write"), call("3", "read")), says("done"));
            try (AgentLoop agent = agent(script)
                    .approver(question -> {
                        await().until(() -> effects.contains("3"));
                        whileAsked.addAll(effects);
                        return Approver.Answer.approve();
                    })
                    .build()) {
                assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
            }
            assertThat(whileAsked).containsExactly("3");
            assertThat(effects).containsExactly("3", "1", "2");
        }

        @Test
        void writingCall_waits_whileTheStreamGoesOn() {
            AtomicBoolean answered = new AtomicBoolean();
            List<Boolean> before = new ArrayList<>();
            TestTool last = TestTool.writes("last", (call, context) -> {
                before.add(answered.get());
                return note(call, context);
            });
            Item[] all = {call("1", "danger"), call("2", "last"), call("3", "read")};
            Script script = new Script(
                    (prompt, listener) -> {
                        List.of(all).forEach(listener::onItem);
                        await().until(() -> effects.contains("3"));
                        answered.set(true);
                        return ModelResponse.of(List.of(all), Usage.NONE);
                    },
                    says("done"));
            try (AgentLoop agent = agent(script, read, danger, last)
                    .approver(question -> {
                        await().untilTrue(answered);
                        return Approver.Answer.approve();
                    })
                    .build()) {
                assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
            }
            assertThat(before).containsExactly(true);
            assertThat(effects).containsExactly("3", "1", "2");
        }

        @Test
        void severalAskedCalls_areAskedInOrder_eachAfterWhatCameBeforeIt() {
            List<String> log = Collections.synchronizedList(new ArrayList<>());
            Script script = new Script(
                    calls(call("1", "danger"), call("2", "write"), call("3", "danger"), call("4", "write")),
                    says("done"));
            try (AgentLoop agent = agent(script)
                    .approver(question -> {
                        log.add("asked " + question.callId());
                        return question.callId().equals("1") ? Approver.Answer.approve() : Approver.Answer.deny("no");
                    })
                    .build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(log).containsExactly("asked 1", "asked 3");
            assertThat(effects).containsExactly("1", "2", "4");
        }

        @Test
        void cancelWhileHeld_answersTheHeldCallToo() {
            AtomicReference<Conversation> conversation = new AtomicReference<>();
            Script script = new Script(calls(call("1", "danger"), call("2", "write")), says("done"));
            try (AgentLoop agent = agent(script)
                    .approver(question -> {
                        conversation.get().cancel();
                        new CountDownLatch(1).await();
                        return Approver.Answer.approve();
                    })
                    .build()) {
                conversation.set(agent.newConversation());
                assertThat(conversation.get().run("x")).isInstanceOf(Outcome.Cancelled.class);
                assertThat(effects).isEmpty();
                assertThat(conversation.get().run("y").text()).isEqualTo("done");
            }
            assertThat(effects).isEmpty();
            assertThat(script.inputs(1))
                    .contains(
                            "output:1:interrupted: the run was cancelled, before this call was started",
                            "output:2:interrupted: the run was cancelled, before this call was started");
        }
    }

    @Nested
    class BecomingAQuestion {
        @Test
        void callThatIsAskedAboutWhenItsTurnComes_holdsThoseAfterIt() {
            AtomicBoolean linked = new AtomicBoolean();
            TestTool link = TestTool.writes("link", (call, context) -> {
                linked.set(true);
                return note(call, context);
            });
            Tool cat = new Tool() {
                @Override
                public Specification specification() {
                    return Specification.function("cat", "reads, unless a link leads out", "{\"type\":\"object\"}");
                }

                @Override
                public ToolOutput call(ToolCall call, ToolContext context) {
                    return note(call, context);
                }

                @Override
                public Access access(ToolCall call) {
                    return linked.get() ? Access.UNRESTRICTED : Access.READS;
                }
            };
            Script script = new Script(
                    calls(call("1", "link"), call("2", "cat"), call("3", "write"), call("4", "danger")), says("done"));
            try (AgentLoop agent = agent(script, link, cat, write, danger).build()) {
                Conversation conversation = agent.newConversation();
                assertThat(pending(conversation.run("x"))).containsExactlyInAnyOrder("2", "4");
                assertThat(effects).containsExactly("1");
                conversation.approve("4");
                assertThat(pending(conversation.run(RunOptions.DEFAULT))).containsExactly("2");
                conversation.approve("2");
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("1", "2", "3", "4");
        }
    }

    @Nested
    class AcrossProcesses {
        /** What the log said at some moment, as if the process had died then. */
        private void copy(String id, ConversationStore to) {
            List<LogEntry> entries = store.read(id, 0, 1_000);
            to.append(id, LogPosition.START, entries);
        }

        @Test
        void heldCall_ofAProcessThatDied_isJudgedByTheNextOne(@TempDir Path folder) {
            Script script = new Script(calls(call("1", "danger"), call("2", "write"), call("3", "read")), says("done"));
            String[] id = {""};
            try (ConversationStore kept = new FileStore(folder);
                    AgentLoop agent = agent(script)
                            .approver(question -> {
                                await().until(() -> kinds(id[0]).contains(Entry.ITEM_OUTPUT)
                                        && kinds(id[0]).contains(Entry.RESPONSE));
                                copy(id[0], kept);
                                return Approver.Answer.deny("the process has died");
                            })
                            .build()) {
                Conversation conversation = agent.newConversation();
                id[0] = conversation.id();
                conversation.run("x");
            }
            effects.clear();
            try (ConversationStore reopened = new FileStore(folder);
                    AgentLoop agent =
                            agent(new Script(says("done"))).store(reopened).build()) {
                Conversation conversation = agent.resume(id[0]);
                assertThat(pending(conversation.run(RunOptions.DEFAULT))).containsExactly("1");
                assertThat(effects).isEmpty();
                conversation.approve("1");
            }
            Script last = new Script(says("done"));
            try (ConversationStore reopened = new FileStore(folder);
                    AgentLoop agent =
                            agent(last).store(reopened).approver(NOBODY_ASKED).build()) {
                assertThat(agent.resume(id[0]).run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(effects).containsExactly("1", "2");
            assertThat(last.inputs(0)).endsWith("output:1:did 1", "output:2:did 2", "output:3:did 3");
        }
    }
}
