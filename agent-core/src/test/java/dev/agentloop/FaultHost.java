package dev.agentloop;

import static dev.agentloop.Script.message;
import static dev.agentloop.Script.reasoning;

import dev.agentloop.FaultCell.Moment;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A host whose every callback can show the fault of a cell. Its run passes through all moments: two calls that a crash left
 * open, a streamed response with calls that read and one that is asked about, a compaction, a final answer.
 */
final class FaultHost {
    /** The settings of all models here, so that no conversation begins an epoch. */
    static final PromptSettings SETTINGS =
            PromptSettings.of("faulty").reasoning(true).contextWindow(10_000).build();

    private static final int TOOLS_FOR_THREADS = 6;

    private final FaultCell cell;
    private final ConversationStore store;
    private final String conversation;
    private final String tag;
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

    /**
     * A host.
     *
     * @param store that works
     * @param conversation the only one that it runs; the end of its id ends the ids of the calls
     */
    FaultHost(FaultCell cell, ConversationStore store, String conversation) {
        this.cell = cell;
        this.store = store;
        this.conversation = conversation;
        this.tag = conversation.substring(24);
    }

    AgentLoop agent(String process) {
        return AgentLoop.builder()
                .model(new FaultModel())
                .tools(() -> cell.quietly("tools.source", this::tools))
                .approval((call, access) -> cell.quietly(
                        "policy.decide",
                        () -> call.name().equals("edit")
                                ? ApprovalPolicy.Decision.ask("may it?")
                                : ApprovalPolicy.Decision.allow()))
                .approver(question -> later(
                        "approver.decide",
                        () -> cell.armed("tool.allowedBy")
                                ? Approver.Answer.always(question.rule())
                                : Approver.Answer.approve()))
                .compactor(new FaultCompactor())
                .prefixCache(() -> cell.quietly("cache.supplier", () -> new FaultCache(PrefixCache.hashChain())))
                .toolFailure(
                        (call, failure) -> later("toolFailure", () -> ToolFailure.WITH_MESSAGE.output(call, failure)))
                .store(new FaultStore(store, cell, process))
                .threads(work -> cell.quietly("threads.listener", () -> cell.at("threads.tool", () -> thread(work))))
                .brokenResponses(new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofMillis(5)))
                .build();
    }

    private List<Tool> tools() {
        return List.of(new FaultTool("note"), new FaultTool("read"), new FaultTool("edit"));
    }

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work, "idle " + tag);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    /** The names of this host's threads that have work of the agent's. */
    List<String> atWork() {
        return threads.stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("agentloop "))
                .toList();
    }

    /** What the run of a cell listens with: on its own thread where the fault is to be there. */
    RunOptions options() {
        boolean direct = cell.callback.startsWith("listener direct") || cell.armed("threads.tool");
        AgentListener listener = event -> {
            String last = event instanceof AgentEvent.RunEnded && cell.callback.endsWith(" last") ? " last" : "";
            if (direct) {
                cell.quietly("listener direct" + last, () -> true);
            } else {
                later("listener" + last, () -> true);
            }
        };
        return RunOptions.listeningWith(listener)
                .withDelivery(direct ? RunOptions.Delivery.DIRECT : RunOptions.Delivery.BUFFERED);
    }

    private <T> T later(String name, java.util.concurrent.Callable<T> healthy) {
        try {
            return cell.later(name, healthy);
        } catch (Exception e) {
            throw LoopFixture.<RuntimeException>sneak(e);
        }
    }

    /** A user's message, left for a conversation. */
    static InboxMessage left(String text) {
        byte[] payload = Json.object(w -> w.raws("items", Entry.json(List.of(Item.user(text)))));
        return InboxMessage.of("left:" + text, "input", payload);
    }

    private final class FaultModel implements Model {
        private final AtomicInteger step = new AtomicInteger();

        @Override
        public PromptSettings settings() {
            return cell.quietly("model.settings", () -> SETTINGS);
        }

        @Override
        public OptionalLong countTokens(Prompt prompt) {
            return cell.quietly("model.countTokens", () -> OptionalLong.of(5_100));
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            cell.stage(Moment.STREAM);
            boolean calls = step.incrementAndGet() == 1 && !cell.armed("");
            try {
                return calls ? calls(listener) : answer(listener);
            } finally {
                cell.stage(calls ? null : Moment.END);
            }
        }

        @SuppressWarnings("NullAway")
        private ModelResponse calls(Listener listener) {
            List<Item> items = new ArrayList<>();
            listener.onDelta(DeltaKind.REASONING, "thinking");
            listener.onDelta(DeltaKind.TEXT, "part");
            listener.onDelta(DeltaKind.ARGUMENTS, "{");
            say(reasoning("r"), items, listener);
            say(Script.call("r1-" + tag, "read"), items, listener);
            boolean inTool = cell.moment == Moment.TOOL;
            if (inTool) {
                cell.awaitTool();
            } else if (cell.moment == Moment.APPEND && (cell.armed("tool.call") || cell.armed("toolFailure"))) {
                cell.awaitPending();
            }
            cell.pend("model.respond");
            say(Script.call("r2-" + tag, "read"), items, listener);
            if (later("model.respond", () -> true) == null) {
                return null;
            }
            for (int i = 0; cell.armed("threads.tool") && i < TOOLS_FOR_THREADS; i++) {
                say(Script.call("t" + i + "-" + tag, "read"), items, listener);
            }
            say(Script.call("e1-" + tag, "edit"), items, listener);
            if (cell.moment == Moment.APPEND && cell.armed("approver.decide")) {
                cell.awaitPending();
            }
            say(Script.call("r3-" + tag, "read"), items, listener);
            cell.hold(Moment.STREAM);
            return ModelResponse.of(items, Usage.reported(9_400, 0, 0, 100, 0));
        }

        private void say(Item item, List<Item> items, Listener listener) {
            items.add(item);
            listener.onItem(item);
        }

        private ModelResponse answer(Listener listener) {
            if (cell.armed("store.removeMessages") && step.get() == 2) {
                store.leave(conversation, left("at the end"));
            }
            Item answer = message("done");
            listener.onDelta(DeltaKind.TEXT, "done");
            listener.onItem(answer);
            return ModelResponse.of(List.of(answer), Usage.reported(200, 0, 0, 10, 0));
        }
    }

    private final class FaultTool implements Tool {
        private final String name;

        FaultTool(String name) {
            this.name = name;
        }

        @Override
        public Specification specification() {
            return cell.quietly(
                    "tool.specification",
                    () -> Specification.function(name, "a tool", "{\"type\":\"object\",\"properties\":{}}"));
        }

        @Override
        public Access access(ToolCall call) {
            return cell.quietly("tool.access", () -> name.equals("read") ? Access.READS : Access.WRITES);
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return cell.quietly("tool.afterCrash", () -> AfterCrash.RUN_AGAIN);
        }

        @Override
        public String place(ToolCall call) {
            return cell.quietly("tool.place", () -> "");
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            return cell.quietly("tool.rule", () -> Optional.of("all of " + name));
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            return cell.quietly("tool.allowedBy", () -> rules.contains("all of " + name));
        }

        @Override
        public boolean honoursFencing() {
            return cell.quietly("tool.honoursFencing", () -> true);
        }

        @Override
        public @Nullable Duration timeout() {
            return cell.quietly("tool.timeout", () -> Duration.ofMinutes(2));
        }

        @Override
        public boolean keptInCompaction() {
            cell.compacting();
            return cell.quietly("tool.keptInCompaction", () -> false);
        }

        @Override
        public int outputTokens() {
            return cell.quietly("tool.outputTokens", () -> 1_000);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            cell.tool(1);
            try {
                return work(call);
            } finally {
                cell.tool(-1);
            }
        }

        private ToolOutput work(ToolCall call) throws Exception {
            ToolOutput healthy = ToolOutput.text("<" + call.callId() + ">");
            boolean holds = call.callId().startsWith("r1") && cell.moment == Moment.TOOL;
            if (cell.near() && (holds || cell.armed("threads.tool") && name.equals("read"))) {
                cell.holdUntilFired();
            } else if (cell.armed("listener") && cell.moment == Moment.REQUEST) {
                cell.holdUntilFired();
            }
            if (holds || !cell.near()) {
                return healthy;
            }
            if (cell.armed("toolFailure") && !cell.fired()) {
                throw new IllegalStateException("the tool broke");
            }
            return cell.later("tool.call", () -> healthy);
        }
    }

    private final class FaultCompactor implements Compactor {
        private final Compactor healthy = new Shortening(() -> true);

        @Override
        public String name() {
            return cell.quietly("compactor.name", healthy::name);
        }

        @Override
        public List<Compactor> inOrder(Task task) {
            cell.compacting();
            return cell.quietly(
                    "compactor.inOrder",
                    () -> cell.callback.endsWith(" first") ? List.of(this, healthy) : List.of(this));
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return cell.quietly("compactor.offer", () -> cell.at("compactor.offer first", () -> healthy.offer(task)));
        }

        @Override
        public Window compact(Task task) {
            if (cell.armed("listener") || cell.armed("store.inbox") || cell.armed("store.waiting")) {
                cell.hold(Moment.COMPACTION);
            }
            return cell.quietly(
                    "compactor.compact", () -> cell.at("compactor.compact first", () -> healthy.compact(task)));
        }
    }

    private final class FaultCache implements PrefixCache {
        private final PrefixCache healthy;

        FaultCache(PrefixCache healthy) {
            this.healthy = healthy;
        }

        @Override
        public void resume(Prompt lastSent, Usage usage, @Nullable Instant at) {
            cell.quietlyDo("cache.resume", () -> healthy.resume(lastSent, usage, at));
        }

        @Override
        public Report check(Prompt next, @Nullable String epoch) {
            return cell.quietly("cache.check", () -> healthy.check(next, epoch));
        }

        @Override
        public Reuse settle(Usage usage) {
            return cell.quietly("cache.settle", () -> healthy.settle(usage));
        }
    }
}
