package dev.agentloop.testkit;

import dev.agentloop.AgentListener;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The moments at which a process can be killed, counted from 1 as they come: around each append to a store and each
 * erasure in it, at each event, around each call of a tool, and wherever {@link #reach} is called.
 *
 * <p>Used in the process that is to die. Each moment is said in a line on standard output; at the chosen one, the thread
 * that reached it goes no further, and waits for the kill by {@link CrashHarness}. Other threads go on. Thread-safe.
 */
public final class CrashPoints {
    static final String STOP_PROPERTY = "agentloop.crash.stop";
    static final String REACHED = "crash-point ";
    static final String STOPPED = "crash-stop ";

    private final int stopAt;
    private final PrintStream out;
    private int count;

    private CrashPoints(int stopAt, PrintStream out) {
        this.stopAt = stopAt;
        this.out = out;
    }

    /** The points of this process, which stops where the harness that started it said; nowhere without one. */
    public static CrashPoints ofThisProcess() {
        return new CrashPoints(
                Integer.getInteger(STOP_PROPERTY, 0),
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    }

    /** A point with a name of the caller's; may never return. */
    public void reach(String name) {
        synchronized (this) {
            count++;
            boolean stop = count == stopAt;
            out.println((stop ? STOPPED : REACHED) + count + " " + name.replaceAll("[\\r\\n]+", " "));
            if (!stop) {
                return;
            }
        }
        waitForTheKill();
    }

    private static void waitForTheKill() {
        while (true) {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                // The kill comes in spite of it.
            }
        }
    }

    /**
     * A listener with a point before each event is passed on. Give it with {@code RunOptions.Delivery.DIRECT}, or the run is
     * elsewhere by the time.
     */
    public AgentListener around(AgentListener listener) {
        return event -> {
            reach("event " + event.getClass().getSimpleName());
            listener.onEvent(event);
        };
    }

    /** A store with a point before and after each append, named by the kinds of its entries, and around each erasure. */
    public ConversationStore around(ConversationStore store) {
        return new PointedStore(store);
    }

    /** A tool with a point before and after each call. */
    public Tool around(Tool tool) {
        return new PointedTool(tool);
    }

    private final class PointedStore extends ForwardingStore {
        PointedStore(ConversationStore store) {
            super(store);
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            String kinds = entries.stream().map(LogEntry::kind).collect(Collectors.joining("+"));
            reach("before append " + kinds);
            LogPosition position = super.append(conversation, expected, entries);
            reach("after append " + kinds);
            return position;
        }

        @Override
        public void erase(String conversation, Map<Long, byte[]> marks) {
            String versions = new TreeSet<>(marks.keySet()).toString();
            reach("before erase " + versions);
            super.erase(conversation, marks);
            reach("after erase " + versions);
        }
    }

    private final class PointedTool implements Tool {
        private final Tool tool;

        PointedTool(Tool tool) {
            this.tool = tool;
        }

        @Override
        public Specification specification() {
            return tool.specification();
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            reach("before call " + call.name() + " " + call.callId());
            ToolOutput output = tool.call(call, context);
            reach("after call " + call.name() + " " + call.callId());
            return output;
        }

        @Override
        public Access access(ToolCall call) {
            return tool.access(call);
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return tool.afterCrash(call);
        }

        @Override
        public boolean honoursFencing() {
            return tool.honoursFencing();
        }

        @Override
        public String place(ToolCall call) {
            return tool.place(call);
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            return tool.rule(call);
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            return tool.allowedBy(rules, call);
        }

        @Override
        public @Nullable Duration timeout() {
            return tool.timeout();
        }

        @Override
        public boolean keptInCompaction() {
            return tool.keptInCompaction();
        }

        @Override
        public int outputTokens() {
            return tool.outputTokens();
        }
    }
}
