package dev.agentloop;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A tool at work, on a thread of its own, and what it may know and say meanwhile. */
final class RunningCall implements ToolContext {
    private static final Logger LOG = LoggerFactory.getLogger(RunningCall.class);

    private final RunScope run;
    private final ToolCall call;
    private final Tool tool;
    private final Tool.Access access;
    private final long fencingToken;
    private final long begun = System.nanoTime();
    private volatile boolean over;
    private @Nullable Future<?> task;
    private long timer;

    RunningCall(RunScope run, ToolCall call, Tool tool, Tool.Access access) {
        this.run = run;
        this.call = call;
        this.tool = tool;
        this.access = access;
        this.fencingToken = run.fold().turn().underWay();
    }

    ToolCall call() {
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
        Duration own = tool.timeout();
        return own == null ? run.limits().toolTimeout() : own;
    }

    /** Starts the tool; on the loop's thread, {@code ended} is given its output, or {@code late} runs when its time is up. */
    void start(Consumer<ToolOutput> ended, Runnable late) {
        timer = run.mailbox().after(timeout(), late);
        task = run.config().executor().submit(() -> {
            ToolOutput output = output();
            run.mailbox().post(() -> ended.accept(output));
        });
    }

    private ToolOutput output() {
        try {
            return tool.call(call, this);
        } catch (InterruptedException e) {
            return ToolOutput.error("interrupted");
        } catch (Exception e) {
            String message = e.getMessage();
            return ToolOutput.error(
                    message == null || message.isBlank() ? e.getClass().getName() : message);
        } catch (LinkageError | AssertionError | StackOverflowError | OutOfMemoryError e) {
            LOG.warn("conversation {}: tool {} failed in call {}", conversation(), call.name(), callId(), e);
            return ToolOutput.error(e.toString());
        }
    }

    /** Nobody waits for its end any more. */
    void forgetTimeout() {
        run.mailbox().forget(timer);
    }

    /** Ends it from outside: the thread is interrupted, and what it still says is dropped. */
    void interrupt() {
        over = true;
        Future<?> running = task;
        if (running != null) {
            running.cancel(true);
        }
    }

    @Override
    public String conversation() {
        return run.log().id();
    }

    @Override
    public String callId() {
        return call.callId();
    }

    @Override
    public long fencingToken() {
        return fencingToken;
    }

    @Override
    public String idempotencyKey() {
        String tenant = run.config().store().tenant();
        return (tenant.isEmpty() ? "" : tenant + "/") + conversation() + "/" + callId();
    }

    @Override
    public boolean cancelled() {
        return over || Thread.currentThread().isInterrupted();
    }

    @Override
    public void progress(String text) {
        if (!over) {
            run.mailbox().post(() -> run.events().tell(new AgentEvent.ToolProgress(callId(), text)));
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
