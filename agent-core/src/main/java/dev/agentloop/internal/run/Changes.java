package dev.agentloop.internal.run;

import dev.agentloop.Approver;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.compact.UndoneCompaction;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.tool.Execution;
import dev.agentloop.internal.tool.OwnCalls;
import dev.agentloop.internal.turn.HostAppend;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.internal.turn.Redaction;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a host changes in a conversation while no run is under way: one thing at a time, each durable when it returns. */
public record Changes(Agent agent, String id, LogHandle handle) {
    private static final Logger LOG = LoggerFactory.getLogger(Changes.class);

    private void make(Consumer<Run> change) {
        made(run -> {
            change.accept(run);
            return true;
        });
    }

    private <T> T made(Function<Run, T> change) {
        return handle.changing(log -> {
            RunControl control = new RunControl(id, agent.parts().workers());
            RunOptions options = RunOptions.DEFAULT;
            Run run = Run.of(agent, control, new Events(control, options), log, options);
            agent.ownership().refuseOther(run.log());
            Inbox inbox = new Inbox(
                    run.log(), run.events(), run.tools(), agent.parts().clock(), control.steering());
            inbox.read();
            inbox.learnRedactions();
            T result = change.apply(run);
            run.log().commit();
            return result;
        });
    }

    /** Appends what the host has; gives the calls among it, as they are in the log. */
    public List<ToolCall> append(HostAppend appended) {
        make(run -> appended.addTo(run.log(), run.turnStart(), agent.parts().clock()));
        return appended.calls();
    }

    /** Runs a call for a loop of the host's own, on its thread. */
    public ToolOutput call(ToolCall call) {
        OwnCalls.Judged judged = made(run -> {
            OwnCalls.Judged found = ownCalls(run).judge(call.callId());
            if (found.refused() == null && !found.call().started()) {
                run.log().add(Entry.toolStarted(found.call().version(), call.callId()));
            }
            return found;
        });
        Tool tool = judged.tool();
        ToolOutput refused = judged.refused();
        if (refused != null || tool == null) {
            return Objects.requireNonNull(refused);
        }
        Execution.End end = Execution.End.of(
                tool,
                judged.call().call(),
                context(judged.call()),
                agent.parts().toolFailure());
        if (end.failure() != null) {
            LOG.warn("conversation {}: tool {} failed in call {}", id, call.name(), call.callId(), end.failure());
        }
        if (end.interrupted()) {
            Thread.currentThread().interrupt();
        }
        return made(run -> ownCalls(run).cut(judged.call(), tool, end.output()));
    }

    private static OwnCalls ownCalls(Run run) {
        return new OwnCalls(run.log(), run.tools(), run.parts().approvals().approver());
    }

    /** What the tool of a call may know that a loop of the host's own runs by itself. */
    public ToolContext context(String callId) {
        return context(
                handle.reading(log -> Optional.ofNullable(log.fold().open().get(callId)))
                        .orElseThrow(() -> new IllegalStateException(
                                "no call " + callId + " of conversation " + id + " awaits an output")));
    }

    private ToolContext context(Call call) {
        return new OwnCalls.Context(
                id,
                call,
                agent.store().tenant(),
                Thread.currentThread(),
                other -> handle.reading(log -> log.fullOutput(other)));
    }

    /** Adds an entry that needs no other before it. */
    public void add(Entry entry) {
        make(run -> run.log().add(entry));
    }

    public void pin(String name, Item item) {
        make(run -> {
            run.log().fold().refuseWhileOpen();
            run.turnStart().prepare();
            run.log().add(Entry.item(Entry.ITEM_PIN + name, item));
        });
    }

    public void redact(long version, String reason) {
        try {
            make(run -> {
                run.log().fold().refuseWhileOpen();
                new Redaction(run.log(), run.events()).redact(version, reason);
            });
        } finally {
            // What was folded before says still what is erased.
            agent.parts().logs().drop(agent.store(), id);
        }
    }

    public void revoke(Approver.Rule rule) {
        make(run -> {
            run.log().fold().rules().check(rule);
            run.log().add(Entry.ruleRevoked(rule.call()));
        });
    }

    public void repinTools() {
        make(run -> run.turnStart().repinTools());
    }

    /** Takes the newest compaction back that still holds. */
    public void undoCompaction() {
        make(run -> {
            run.log().fold().refuseWhileOpen();
            Redaction.finish(run.log());
            List<Compactor.Completed> all = run.log().compactions();
            for (int i = all.size() - 1; i >= 0; i--) {
                UndoneCompaction undone = new UndoneCompaction(run.log(), all.get(i));
                if (undone.stands()) {
                    run.log().add(undone.entry(Entry.COMPACTION_UNDONE, undone.items()));
                    return;
                }
            }
            throw new IllegalStateException(
                    all.isEmpty()
                            ? "conversation " + id + " was never compacted"
                            : "no compaction of conversation " + id
                                    + " holds any more: they were taken back, or the prompt was begun again since");
        });
    }
}
