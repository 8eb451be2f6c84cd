package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.FaultCell.Behaviour;
import dev.agentloop.FaultTable.Expected;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Runs one cell of the matrix: arms the fault, ends what blocks, and compares what came of it with what is expected. */
final class FaultRun {
    /** How long anything may take before it counts as never. */
    private static final Duration NEVER = Duration.ofSeconds(30);

    // The run looks at its time only now and then.
    private static final long LATE = Duration.ofSeconds(2).toNanos();

    /** What ends a run that is blocked. */
    enum Trigger {
        CANCEL,
        CLOSE,
        TIME
    }

    private final FaultTable.Case what;
    private final Expected expected;
    private final Trigger trigger;
    private final ConversationStore store;
    private final FaultLog log;
    private final String id = UUID.randomUUID().toString();
    private final FaultCell cell;
    private final FaultHost host;
    private final AgentLoop agent;
    private final Conversation conversation;
    private @Nullable Outcome outcome;
    private @Nullable Throwable failure;
    private boolean leftInterrupted;
    private long deadline;

    private FaultRun(
            FaultTable.Case what, Trigger trigger, ConversationStore store, List<LogEntry> seed, FaultLog log) {
        this.what = what;
        this.expected = what.expected();
        this.trigger = trigger;
        this.store = store;
        this.log = log;
        this.cell = new FaultCell(what.callback(), what.behaviour(), what.moment());
        this.host = new FaultHost(cell, store, id);
        store.append(id, LogPosition.START, seed);
        store.leave(id, FaultHost.left("by the way"));
        this.agent = host.agent("here");
        this.conversation = agent.resume(id);
    }

    /** The conversation of a cell, and how its run ended. */
    record Result(String conversation, String ending) {}

    /**
     * Runs it.
     *
     * @throws AssertionError if something is not as expected
     */
    static Result run(
            FaultTable.Case what, Trigger trigger, ConversationStore store, List<LogEntry> seed, FaultLog log) {
        // A limit of time may be up before the fault is reached on a machine that has much to do.
        Duration limit = Duration.ofSeconds(3);
        while (true) {
            FaultRun run = new FaultRun(what, trigger, store, seed, log);
            if (run.fires(limit)) {
                return new Result(run.id, run.ending());
            }
            assertThat(what.behaviour().blocking() && trigger == Trigger.TIME && limit.compareTo(NEVER) < 0)
                    .as("%s: the fault did not fire; the run ended with %s", what, run.end())
                    .isTrue();
            limit = limit.multipliedBy(2);
        }
    }

    private boolean fires(Duration limit) {
        boolean blocks = what.behaviour().blocking();
        RunOptions options = blocks && trigger == Trigger.TIME
                ? host.options().withLimits(Limits.NONE.withTime(limit))
                : host.options();
        Thread caller = new Thread(() -> call(options), "caller of " + what);
        caller.setDaemon(true);
        cell.stage(FaultCell.Moment.REQUEST);
        caller.start();
        try {
            if (blocks) {
                await().atMost(NEVER).until(() -> cell.fired() || !caller.isAlive());
                deadline = System.nanoTime() + limit.toNanos();
                end(caller);
            }
            awaitEnd(caller);
            if (cell.fired()) {
                check();
                goOn();
            }
            return cell.fired();
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what + " (" + trigger + "): " + e.getMessage() + "\n" + dump(caller), e);
        } finally {
            cell.heal();
            cell.release();
            agent.close();
        }
    }

    private void call(RunOptions options) {
        try {
            outcome = conversation.run("go on", options);
        } catch (Throwable e) {
            // Whatever it is, it is compared with what is expected.
            failure = e;
        }
        leftInterrupted = Thread.currentThread().isInterrupted();
    }

    private void end(Thread caller) {
        if (!cell.fired()) {
            return;
        }
        switch (trigger) {
            case CANCEL -> conversation.cancel();
            case CLOSE -> agent.close();
            default -> await().atMost(NEVER).until(() -> System.nanoTime() - deadline > LATE);
        }
        if (!expected.named().isEmpty()) {
            awaitLog(expected.named() + ".* has not returned for 2 seconds; the run waits for it on thread caller of");
        } else if (!expected.held().isEmpty()) {
            agent.close();
            awaitLog(id + " \\(in " + expected.held() + "\\)");
        } else {
            return;
        }
        assertThat(caller.isAlive()).as("the run stays where its thread is").isTrue();
        cell.release();
    }

    private void awaitEnd(Thread caller) {
        await().alias("the end of the run").atMost(NEVER).until(() -> !caller.isAlive());
    }

    private void check() {
        assertThat(expected.endings()).as("ways to end; this was " + end()).contains(ending());
        assertThat(leftInterrupted)
                .as("the caller's thread was interrupted by nobody but the run")
                .isFalse();
        checkWhatIsLeft();
        expected.logs().forEach(line -> awaitLog(java.util.regex.Pattern.quote(line)));
        cell.heal();
        checkLog();
    }

    /** The same handle goes on, unless its agent is closed. */
    private void goOn() {
        boolean closed = what.behaviour().blocking()
                && (trigger == Trigger.CLOSE || !expected.held().isEmpty());
        if (!closed) {
            assertThat(conversation.run("more")).as("the next run").isInstanceOf(Outcome.Finished.class);
        }
    }

    private void checkWhatIsLeft() {
        boolean buffered = what.callback().equals("listener") || what.callback().equals("listener last");
        boolean closedListener = buffered && what.behaviour() == Behaviour.BLOCKS && trigger == Trigger.CLOSE;
        if (!expected.left().isEmpty() && !closedListener) {
            await().alias("what is left of " + host.atWork())
                    .atMost(NEVER)
                    .until(() ->
                            host.atWork().size() == 1 && host.atWork().get(0).startsWith(expected.left()));
            awaitLog(
                    buffered
                            ? "its listener has not taken [0-9]+ of its events yet"
                            : java.util.regex.Pattern.quote(host.atWork().get(0))
                                    + " ignores its interrupt and was left running; its output is dropped, and 1 such");
        }
        cell.release();
        await().alias("the end of all threads, of which there are " + host.atWork())
                .atMost(NEVER)
                .until(() -> host.atWork().isEmpty());
    }

    private void awaitLog(String pattern) {
        java.util.regex.Pattern line = java.util.regex.Pattern.compile(pattern);
        await().alias("a line of the log with " + pattern)
                .atMost(NEVER)
                .until(() ->
                        log.of(id).stream().anyMatch(text -> line.matcher(text).find()));
    }

    private String end() {
        return outcome != null ? outcome.describe() : String.valueOf(failure);
    }

    private String ending() {
        if (outcome instanceof Outcome.Finished) {
            return "finished";
        }
        if (outcome instanceof Outcome.Stopped stopped) {
            return stopped.reason().name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
        }
        if (outcome != null) {
            boolean right = trigger == Trigger.TIME
                    ? outcome instanceof Outcome.LimitReached reached && reached.limit() == Limits.Kind.TIME
                    : outcome instanceof Outcome.Cancelled;
            return what.behaviour().blocking() && right ? "ended" : outcome.toString();
        }
        return failure instanceof StoreException store
                ? store.kind() == StoreException.Kind.OUTCOME_UNKNOWN
                        ? "unknown"
                        : store.kind().name().toLowerCase(java.util.Locale.ROOT)
                : thrown();
    }

    private String thrown() {
        Throwable went = failure;
        Throwable fault = cell.thrown();
        if (went instanceof ModelException model && model.kind() == ModelException.Kind.PROTOCOL) {
            return "protocol";
        }
        if (went instanceof NullPointerException) {
            return "null pointer";
        }
        if (went instanceof IllegalStateException && went.getMessage().startsWith("no thread could be started for")) {
            return "no thread";
        }
        if (went instanceof IllegalStateException
                && went.getMessage().endsWith("must not be null; nothing was changed")) {
            return "no value";
        }
        boolean wrapped = what.behaviour() == Behaviour.CHECKED
                && went instanceof IllegalStateException
                && went.getMessage().contains(" threw ")
                && went.getCause() == fault;
        return went == fault || wrapped ? "as thrown" : String.valueOf(went);
    }

    /** Holds the log to its rules: a chain without gaps, and no call has two outputs. */
    private void checkLog() {
        LogPosition before = LogPosition.START;
        Map<String, Integer> outputs = new HashMap<>();
        List<String> texts = new ArrayList<>();
        for (LogEntry entry : store.read(id, 0, 10_000)) {
            assertThat(entry.follows(before)).as("entry %s follows", entry).isTrue();
            before = entry.position();
            if (entry.kind().startsWith(Entry.ITEM_OUTPUT) && Item.of(entry.content()) instanceof Item.Output output) {
                texts.add(output.text());
                outputs.merge(output.callId(), 1, Integer::sum);
            }
        }
        assertThat(outputs.values()).as("outputs of %s", outputs).allMatch(count -> count == 1);
        if (!expected.output().isEmpty()) {
            String fragment = expected.output().replace("{thrown}", words());
            assertThat(texts).as("outputs").anyMatch(text -> text.contains(fragment));
        }
    }

    private String words() {
        Throwable fault = cell.thrown();
        return fault == null ? "" : fault.getClass().getName() + ": " + fault.getMessage();
    }

    private String dump(Thread caller) {
        StringBuilder text = new StringBuilder("ended with " + end() + "; threads at work " + host.atWork());
        for (StackTraceElement frame : caller.getStackTrace()) {
            text.append("\n    ").append(frame);
        }
        log.of(id).stream()
                .filter(line -> line.contains(id))
                .forEach(line -> text.append("\n  ").append(line));
        return text.toString();
    }
}
