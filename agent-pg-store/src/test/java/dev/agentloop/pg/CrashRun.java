package dev.agentloop.pg;

import dev.agentloop.AgentListener;
import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.CrashPoints;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs the scripted conversation to its end, from wherever it stands, and decides what it asks as a person would. */
final class CrashRun {
    private static final Item GO = Item.user("go");

    private final Acknowledging store;
    private final CrashFolder folder;
    private final String id;
    private final @Nullable CrashPoints points;
    private ReadWriteLock working = new ReentrantReadWriteLock();
    private Consumer<String> watcher = place -> {};

    /** @param points where this process can be killed; null where it is not */
    CrashRun(ConversationStore store, CrashFolder folder, String id, @Nullable CrashPoints points) {
        this.store = new Acknowledging(store);
        this.folder = folder;
        this.id = id;
        this.points = points;
    }

    /**
     * Has somebody told where the run is, on the thread that is there, which goes on when that returns: "durable tool.started
     * c1", "before effect c1", "after effect c1".
     */
    CrashRun watchedBy(Consumer<String> other) {
        watcher = other;
        return this;
    }

    /** Notes what is acknowledged, before the loop knows. */
    private final class Acknowledging extends ForwardingStore {
        private volatile long version;

        Acknowledging(ConversationStore store) {
            super(store);
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            LogPosition position = super.append(conversation, expected, entries);
            folder.acknowledge(position);
            version = position.version();
            CrashCheck.started(entries).forEach(call -> watcher.accept("durable tool.started " + call));
            return position;
        }
    }

    /** Gives what the model said last. */
    String toEnd(Path workspace) {
        try (AgentLoop agent = agent(workspace)) {
            boolean begun = store.head(id).isPresent();
            Conversation conversation = begun ? agent.resume(id) : agent.newConversation(id);
            boolean heard = begun && conversation.prompt().items().contains(GO);
            RunOptions options = RunOptions.listeningWith(
                            points == null ? AgentListener.NONE : points.around(AgentListener.NONE))
                    .withDelivery(RunOptions.Delivery.DIRECT);
            Outcome outcome = conversation.run(heard ? List.of() : List.of(GO), options);
            while (outcome instanceof Outcome.AwaitingApproval awaiting) {
                awaiting.pending().forEach(question -> decide(conversation, question));
                outcome = conversation.run(options);
            }
            return outcome.text();
        } finally {
            awaitTools();
        }
    }

    // Of a run that failed, a tool may still be at work; what it does is done before the next run begins.
    private void awaitTools() {
        Lock over = working.writeLock();
        over.lock();
        try {
            working = new ReentrantReadWriteLock();
        } finally {
            over.unlock();
        }
    }

    private AgentLoop agent(Path workspace) {
        Tool[] tools = Arrays.stream(CrashTool.Kind.values())
                .map(kind -> new CrashTool(kind, folder, working, watcher))
                .map(tool -> points == null ? tool : points.around(tool))
                .toArray(Tool[]::new);
        return AgentLoop.builder()
                .model(new CrashModel(folder, () -> store.version))
                .instructions("A scripted model answers.")
                .workspace(workspace)
                .clock(Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC))
                .approval((call, access) -> call.name().equals("deploy")
                        ? ApprovalPolicy.Decision.ask("Deploy it?")
                        : ApprovalPolicy.Decision.allow())
                .tools(tools)
                .store(points == null ? store : points.around(store))
                .build();
    }

    /** Somebody looks whether it was done, and has it done if not. */
    private void decide(Conversation conversation, Outcome.Pending question) {
        reach("before decision");
        folder.add("asked", question.callId() + " " + question.question());
        if (folder.effects(question.callId()).isEmpty()) {
            conversation.approve(question.callId());
        } else {
            conversation.deny(question.callId(), "it was done already");
        }
        reach("after decision");
    }

    private void reach(String name) {
        if (points != null) {
            points.reach(name);
        }
    }
}
