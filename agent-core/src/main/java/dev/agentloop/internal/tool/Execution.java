package dev.agentloop.internal.tool;

import dev.agentloop.AgentEvent;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolFailure;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.log.Log;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A tool at work, on a thread of its own, and what it may know and say meanwhile. */
public final class Execution implements ToolContext {
    private static final Logger LOG = LoggerFactory.getLogger(Execution.class);

    private final Log log;
    private final RunControl control;
    private final Events events;
    private final CallRules rules;
    private final Call call;
    private final ToolCall asked;
    private final long fencingToken;
    private final String tenant;
    private long begun = System.nanoTime();
    private volatile boolean over;
    private @Nullable Work work;
    private Duration timeout = Duration.ZERO;
    private long timer;

    Execution(Log log, RunControl control, Events events, CallRules rules, Call call) {
        this.log = log;
        this.control = control;
        this.events = events;
        this.rules = rules;
        this.call = call;
        this.asked = call.call();
        this.fencingToken = log.fold().turn().underWay();
        this.tenant = log.store().tenant();
    }

    /** What came of a call, what the tool threw, or null, and whether it was an interrupt. */
    public record End(ToolOutput output, @Nullable Throwable failure, boolean interrupted) {
        private static final End INTERRUPTED = new End(ToolOutput.error("interrupted"), null, true);

        static End of(ToolOutput output) {
            return new End(output, null, false);
        }

        /** Runs a tool, on this thread. */
        public static End of(Tool tool, ToolCall call, ToolContext context, ToolFailure hook) {
            try {
                ToolOutput output = tool.call(call, context);
                return of(output != null ? output : ToolOutput.error(call.name() + " failed: it gave no output"));
            } catch (InterruptedException | ClosedByInterruptException e) {
                return INTERRUPTED;
            } catch (Throwable e) {
                // A tool throws whatever it likes, Errors and what it does not declare included.
                return new End(told(call, e, hook), e, false);
            }
        }

        private static ToolOutput told(ToolCall call, Throwable failure, ToolFailure hook) {
            try {
                ToolOutput output = hook.output(call, failure);
                if (output != null) {
                    return output;
                }
                LOG.warn("the hook for failed tools answered null about call {} of {}", call.callId(), call.name());
            } catch (Throwable e) {
                LOG.warn("the hook for failed tools failed at call {} of {}", call.callId(), call.name(), e);
            }
            return ToolFailure.WITHOUT_MESSAGE.output(call, failure);
        }
    }

    Call call() {
        return call;
    }

    Duration time() {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    Duration timeout() {
        return timeout;
    }

    /** Starts the tool; on the loop's thread, {@code ended} is given what came of it, or {@code late} runs when its time is up. */
    void start(Duration most, Consumer<End> ended, Runnable late) {
        begun = System.nanoTime();
        timeout = most;
        timer = control.mailbox().after(most, late);
        // The hook for failures is within the tool's time.
        work = control.work(
                "agentloop tool " + call.item().name() + " (call " + callId() + ")",
                () -> End.of(call.tool(), asked, this, rules.failure()),
                (end, failure) -> ended.accept(end != null ? end : failed(failure)));
    }

    private End failed(@Nullable Throwable failure) {
        return failure instanceof InterruptedException
                ? End.INTERRUPTED
                : new End(
                        ToolOutput.error(call.item().name() + " was not run: no thread could be started for it"),
                        failure,
                        false);
    }

    /** Its work; there is some once it was started. */
    private Work work() {
        return Objects.requireNonNull(work, "a call that was started has its work");
    }

    /** Ends it from outside, and waits for it no longer: what it still says is dropped. */
    void leave() {
        interrupt();
        control.leave(work(), !call.onlyReads());
    }

    boolean ended() {
        return work().ended();
    }

    /** Nobody waits for its end any more. */
    void forgetTimeout() {
        control.mailbox().forget(timer);
    }

    /** Ends it from outside: the thread is interrupted, and what it still says is dropped. */
    void interrupt() {
        over = true;
        work().interrupt();
    }

    @Override
    public String conversation() {
        return log.id();
    }

    @Override
    public String callId() {
        return call.item().callId();
    }

    @Override
    public long fencingToken() {
        return fencingToken;
    }

    @Override
    public String idempotencyKey() {
        return call.key(tenant, conversation());
    }

    @Override
    public boolean cancelled() {
        return over || Thread.currentThread().isInterrupted();
    }

    @Override
    public void progress(String text) {
        String words = String.valueOf(text);
        if (!over) {
            control.mailbox().post(() -> events.tell(new AgentEvent.ToolProgress(callId(), words)));
        }
    }

    @Override
    public Map<String, String> attributes() {
        return rules.attributes();
    }

    @Override
    public Optional<String> fullOutput(String callId) {
        return log.fullOutput(callId);
    }
}
