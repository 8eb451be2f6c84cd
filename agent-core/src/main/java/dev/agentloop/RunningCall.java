package dev.agentloop;

import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A tool at work, on a thread of its own, and what it may know and say meanwhile. */
final class RunningCall implements ToolContext {
    private static final Logger LOG = LoggerFactory.getLogger(RunningCall.class);

    private final RunScope run;
    private final OpenCall call;
    private final ToolCall asked;
    private final Tool tool;
    private final Tool.Access access;
    private final long fencingToken;
    private final String tenant;
    private long begun = System.nanoTime();
    private volatile boolean over;
    private @Nullable Work work;
    private Duration timeout = Duration.ZERO;
    private long timer;

    RunningCall(RunScope run, OpenCall call, Tool tool, Tool.Access access) {
        this.run = run;
        this.call = call;
        this.asked = call.call();
        this.tool = tool;
        this.access = access;
        this.fencingToken = run.fold().turn().underWay();
        this.tenant = run.store().tenant();
    }

    /** What came of a call, what the tool threw, or null, and whether it was an interrupt. */
    record End(ToolOutput output, @Nullable Throwable failure, boolean interrupted) {
        private static final End INTERRUPTED = new End(ToolOutput.error("interrupted"), null, true);

        static End of(ToolOutput output) {
            return new End(output, null, false);
        }

        /** Runs a tool, on this thread. */
        static End of(Tool tool, ToolCall call, ToolContext context, ToolFailure hook) {
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

    OpenCall call() {
        return call;
    }

    Tool tool() {
        return tool;
    }

    Tool.Access access() {
        return access;
    }

    boolean onlyReads() {
        return access == Tool.Access.READS;
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
        timer = run.mailbox().after(most, late);
        work = run.config()
                .workers()
                .call(
                        "agentloop tool " + call.item().name() + " (call " + callId() + ")",
                        this::end,
                        run.mailbox(),
                        (end, failure) -> ended.accept(end != null ? end : failed(failure)));
    }

    // On the tool's thread, so that the hook for failures is within the tool's time.
    private End end() {
        return End.of(tool, asked, this, run.config().toolFailure());
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
    Work work() {
        Work started = work;
        if (started == null) {
            throw new IllegalStateException("call " + callId() + " was not started");
        }
        return started;
    }

    boolean ended() {
        return work().ended();
    }

    /** Nobody waits for its end any more. */
    void forgetTimeout() {
        run.mailbox().forget(timer);
    }

    /** Ends it from outside: the thread is interrupted, and what it still says is dropped. */
    void interrupt() {
        over = true;
        work().interrupt();
    }

    @Override
    public String conversation() {
        return run.log().id();
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
        return key(tenant, conversation(), call.version());
    }

    /** A call's name for those outside the log. */
    static String key(String tenant, String conversation, long call) {
        return (tenant.isEmpty() ? "" : tenant + "/") + conversation + "/" + call;
    }

    @Override
    public boolean cancelled() {
        return over || Thread.currentThread().isInterrupted();
    }

    @Override
    public void progress(String text) {
        String words = String.valueOf(text);
        if (!over) {
            run.mailbox().post(() -> run.events().tell(new AgentEvent.ToolProgress(callId(), words)));
        }
    }

    @Override
    public Map<String, String> attributes() {
        return run.options().context();
    }

    @Override
    public Optional<String> fullOutput(String callId) {
        return run.log().fullOutput(callId);
    }
}
