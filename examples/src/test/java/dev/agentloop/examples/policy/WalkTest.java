package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.examples.policy.RunStacks.Point;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.MemoryStore;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Who reads CONTRIBUTING.md follows a call through the classes that it really passes, and through no more of them than can
 * be kept in mind: they are those on the stacks of a real run's threads.
 */
class WalkTest {
    private static final int MOST_IN_CORE = 22;
    private static final int MOST_IN_OPENAI = 8;
    private static final Pattern WALK =
            Pattern.compile("(?ms)^### A call, from its bytes to the next request$(.*?)^##");
    private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w*)`");

    private static final PublicApi CORE = PublicApi.of(Repository.root().resolve("agent-core"));
    private static final PublicApi OPENAI = PublicApi.of(Repository.root().resolve("agent-openai"));

    private static final RunStacks STACKS = new RunStacks(CORE, OPENAI);

    private record Watched(Model model) implements Model {
        @Override
        public PromptSettings settings() {
            return model.settings();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            return model.respond(prompt, new Listener() {
                @Override
                public void onItem(Item item) {
                    STACKS.at(Point.ITEM_MADE);
                    listener.onItem(item);
                }

                @Override
                public void onDelta(DeltaKind kind, String text) {
                    listener.onDelta(kind, text);
                }

                @Override
                public void onRetry(int attempt, Duration wait, ModelException cause) {
                    listener.onRetry(attempt, wait, cause);
                }
            });
        }
    }

    private static final class WatchedStore extends ForwardingStore {
        WatchedStore(ConversationStore store) {
            super(store);
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            boolean output = entries.stream().anyMatch(entry -> entry.kind().startsWith("item.output"));
            STACKS.at(output ? Point.OUTPUT_APPENDED : Point.ENTRY_APPENDED);
            return super.append(conversation, expected, entries);
        }
    }

    private static final class Stock implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(
                    "stock",
                    "How many there are.",
                    "{\"type\":\"object\",\"properties\":{\"part\":{\"type\":\"string\"}}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            STACKS.at(Point.TOOL_STARTED);
            return ToolOutput.text("17");
        }
    }

    @BeforeAll
    static void run() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.reasons("The stock knows.")
                                .andSays("I look it up.")
                                .andCalls("call_1", "stock", "{\"part\":\"bolt\"}"),
                        ScriptedResponse.says("There are 17."));
                AgentLoop agent = AgentLoop.builder()
                        .model(new Watched(model(server)))
                        .tools(new Stock())
                        .approval((call, access) -> {
                            STACKS.at(Point.POLICY_ASKED);
                            return ApprovalPolicy.Decision.allow();
                        })
                        .store(new WatchedStore(new MemoryStore()))
                        .threads(WalkTest::platformThread)
                        .build()) {
            Outcome outcome = agent.newConversation().run("How many bolts are there?", listening());
            assertThat(outcome.text()).isEqualTo("There are 17.");
            assertThat(server.problems()).isEmpty();
        }
    }

    private static Model model(ScriptedServer server) {
        WatchedClient client = new WatchedClient(
                () -> {
                    if (!server.requests().isEmpty()) {
                        STACKS.at(Point.NEXT_BODY_WRITTEN);
                    }
                },
                () -> STACKS.at(Point.BYTES_OF_AN_EVENT_READ));
        return OpenAiModel.builder("scripted")
                .baseUrl(server.url().toString())
                .settings(settings -> settings.reasoning(true))
                .httpClient(client)
                .build();
    }

    // Virtual ones are on no list of all threads.
    private static Thread platformThread(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    }

    private static RunOptions listening() {
        return RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.RunEnded) {
                        STACKS.at(Point.RUN_ENDED);
                    }
                })
                .withDelivery(RunOptions.Delivery.DIRECT);
    }

    @Test
    void run_comesByAllPoints() {
        assertThat(STACKS.points()).containsExactly(Point.values());
    }

    @Test
    void call_passesFewHiddenClasses() {
        assertThat(STACKS.hiddenOf(CORE)).as("in agent-core").hasSizeLessThanOrEqualTo(MOST_IN_CORE);
        assertThat(STACKS.hiddenOf(OPENAI)).as("in agent-openai").hasSizeLessThanOrEqualTo(MOST_IN_OPENAI);
    }

    @Test
    void walk_namesEachClassOfItOnce() {
        Map<String, List<Point>> seen = new TreeMap<>(STACKS.hiddenOf(CORE));
        seen.putAll(STACKS.hiddenOf(OPENAI));
        assertThat(named())
                .as("the classes that the walk in CONTRIBUTING.md names; seen were %s", seen)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(seen.keySet());
    }

    private static List<String> named() {
        Matcher walk = WALK.matcher(Repository.read(Repository.root().resolve("CONTRIBUTING.md")));
        assertThat(walk.find()).as("CONTRIBUTING.md has the walk").isTrue();
        return CLASS.matcher(walk.group(1)).results().map(name -> name.group(1)).toList();
    }
}
