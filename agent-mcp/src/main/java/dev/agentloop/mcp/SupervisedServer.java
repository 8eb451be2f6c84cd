package dev.agentloop.mcp;

import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.mcp.McpStatus.State;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that is started, watched, and started again when it ends, on a thread of its own. Thread-safe.
 *
 * <p>It remembers the tools of the last time that it answered: they stay the same for the model while it is down.
 */
final class SupervisedServer {
    private static final Logger LOG = LoggerFactory.getLogger(SupervisedServer.class);
    /** Once a server has answered for so long, its next end counts as the first one. */
    private static final Duration STEADY = Duration.ofMinutes(1);
    /** How often a call that waits looks whether its server is still there. */
    private static final Duration PROBE = Duration.ofSeconds(15);

    private final McpServer description;
    private final Settings settings;
    private final ExecutorService threads;
    private final Transports transports;

    private State state = State.STARTING;
    private String detail = "";
    private List<RemoteTool> tools = List.of();
    private @Nullable Connection connection;
    private boolean tried;
    private boolean closed;
    private boolean over;

    /**
     * What all servers have in common.
     *
     * @param startTimeout how long the answers to the handshake may take
     */
    record Settings(
            Duration startTimeout,
            Backoff backoff,
            @Nullable McpElicitation elicitation) {}

    /** One attempt: a session, and what its server has said of itself since. */
    private final class Connection implements Session.Peer {
        private final Session session = new Session(transports.next(), this);
        private final Elicitations elicitations = new Elicitations(description.name(), settings.elicitation(), threads);
        private boolean answers;
        private boolean stale;
        private boolean listing;

        @Override
        public void asked(Session asking, JSONRPCRequest request) {
            elicitations.asked(asking, request);
        }

        @Override
        public void withdrawn(String requestId) {
            elicitations.withdrawn(requestId);
        }

        @Override
        public void toolsChanged() {
            synchronized (SupervisedServer.this) {
                stale = true;
                SupervisedServer.this.notifyAll();
            }
        }

        @Override
        public void gone() {
            elicitations.close();
            synchronized (SupervisedServer.this) {
                SupervisedServer.this.notifyAll();
            }
        }
    }

    SupervisedServer(McpServer description, Settings settings, ExecutorService threads) {
        this.description = description;
        this.settings = settings;
        this.threads = threads;
        transports = description.target() instanceof McpServer.Address address
                ? new HttpTransports(address, threads)
                : new StdioTransports(description, threads);
    }

    McpServer description() {
        return description;
    }

    /** Begins to run the server; returns at once. */
    void start() {
        threads.execute(this::supervise);
    }

    private void supervise() {
        int failures = 0;
        try (transports) {
            while (!isClosed()) {
                long begun = System.nanoTime();
                String reason = attempt();
                failures = System.nanoTime() - begun > STEADY.toNanos() ? 1 : failures + 1;
                pause(reason, settings.backoff().after(failures));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (this) {
                state = State.CLOSED;
                detail = "the host closed it";
                tried = true;
                over = true;
                notifyAll();
            }
        }
    }

    /** Runs the server until it ends; why it did is the answer. */
    private String attempt() throws InterruptedException {
        try {
            Connection attempt = new Connection();
            try (Session session = attempt.session) {
                run(attempt, session);
                ServerException failure = session.failure();
                return failure == null ? "" : String.valueOf(failure.getMessage());
            } finally {
                attempt.elicitations.close();
            }
        } catch (ServerException e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException e) {
            return "this client failed: " + e;
        }
    }

    private void run(Connection attempt, Session session) throws ServerException, InterruptedException {
        synchronized (this) {
            if (closed) {
                return;
            }
            connection = attempt;
        }
        session.open();
        boolean hasTools = Handshake.with(session, settings.elicitation() != null, settings.startTimeout());
        list(attempt, hasTools);
        while (awaitChange(attempt)) {
            try {
                list(attempt, hasTools);
            } catch (ServerException e) {
                // What it said before still holds, and calls may be under way.
                LOG.warn(
                        "MCP server {} said that its tools changed, but did not list them: {}",
                        description.name(),
                        words(e));
            }
        }
    }

    private void list(Connection attempt, boolean hasTools) throws ServerException, InterruptedException {
        synchronized (this) {
            attempt.stale = false;
            attempt.listing = true;
        }
        try {
            answered(
                    attempt, hasTools ? ToolList.of(description, attempt.session, settings.startTimeout()) : List.of());
        } finally {
            synchronized (this) {
                attempt.listing = false;
                notifyAll();
            }
        }
    }

    private synchronized void answered(Connection attempt, List<RemoteTool> listed) {
        if (!attempt.answers) {
            LOG.info("MCP server {} answers; it has {} tools", description.name(), listed.size());
        }
        attempt.answers = true;
        tools = listed;
        state = State.RUNNING;
        detail = "";
        tried = true;
    }

    /** Waits until there is something to do; false if that is not to list the tools again. */
    private synchronized boolean awaitChange(Connection attempt) throws InterruptedException {
        while (!closed && attempt.session.failure() == null && !attempt.stale) {
            wait();
        }
        return !closed && attempt.session.failure() == null;
    }

    private synchronized void pause(String reason, Duration delay) throws InterruptedException {
        connection = null;
        if (closed) {
            return;
        }
        detail = description.secrets().hide(reason);
        state = State.RESTARTING;
        tried = true;
        notifyAll();
        LOG.warn(
                "MCP server {} is not running: {}; it is tried again in {} ms",
                description.name(),
                detail,
                delay.toMillis());
        long end = System.nanoTime() + delay.toNanos();
        while (!closed && System.nanoTime() - end < 0) {
            waitUntil(end);
        }
    }

    private void waitUntil(long end) throws InterruptedException {
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, end - System.nanoTime()));
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Waits until the first attempt has succeeded or failed. */
    synchronized void awaitFirstAttempt(long end) throws InterruptedException {
        while (!tried && System.nanoTime() - end < 0) {
            waitUntil(end);
        }
    }

    synchronized McpStatus status() {
        ServerException failure = connection == null ? null : connection.session.failure();
        // It takes a moment to clear up behind a server that has ended.
        return state == State.RUNNING && failure != null
                ? new McpStatus(description.name(), State.RESTARTING, tools.size(), words(failure))
                : new McpStatus(description.name(), state, tools.size(), detail);
    }

    /** The tools as the server last named them; waits for it where it has just said that they are others now. */
    synchronized List<RemoteTool> tools(long end) {
        try {
            while (isChanging() && System.nanoTime() - end < 0) {
                waitUntil(end);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return tools;
    }

    private synchronized boolean isChanging() {
        return connection != null
                && (connection.stale || connection.listing)
                && connection.answers
                && connection.session.failure() == null
                && !closed;
    }

    /** Has the server run a tool. */
    ToolOutput call(String tool, String arguments, ToolContext context) throws InterruptedException {
        Map<?, ?> fields;
        try {
            fields = JsonObject.parse(arguments);
        } catch (IllegalArgumentException e) {
            return ToolOutput.error(String.valueOf(e.getMessage()));
        }
        Session session = answering();
        if (session == null) {
            return ToolOutput.error(notRunning());
        }
        PendingRequest request = session.begin(
                McpSchema.METHOD_TOOLS_CALL, Map.of("name", tool, "arguments", fields), context::progress);
        try {
            return ToolResult.of(await(session, request));
        } catch (InterruptedException e) {
            session.cancel(request, "the call was cancelled");
            throw e;
        } catch (TimeoutException e) {
            session.cancel(request, "the call took too long");
            return ToolOutput.error("MCP server " + description.name() + " did not answer this call within "
                    + description.toolTimeout().toMillis() + " ms and was told to stop it;"
                    + " it may have had its effect or not");
        } catch (ServerException e) {
            return ToolOutput.error(failed(e));
        } finally {
            session.forget(request);
        }
    }

    private synchronized @Nullable Session answering() {
        Connection running = connection;
        return running != null && running.answers && running.session.failure() == null && !closed
                ? running.session
                : null;
    }

    private Object await(Session session, PendingRequest request)
            throws ServerException, TimeoutException, InterruptedException {
        long end = System.nanoTime() + description.toolTimeout().toNanos();
        while (true) {
            Duration left = Duration.ofNanos(end - System.nanoTime());
            if (left.compareTo(PROBE) <= 0) {
                return request.await(left);
            }
            try {
                return request.await(PROBE);
            } catch (TimeoutException e) {
                // An HTTP server can end without a word to those who wait.
                session.probe();
            }
        }
    }

    private synchronized String notRunning() {
        if (closed) {
            return "MCP server " + description.name() + " was closed by the host";
        }
        Connection running = connection;
        ServerException failure = running == null ? null : running.session.failure();
        String reason = failure == null ? detail : words(failure);
        return "MCP server " + description.name() + " is not running" + (reason.isEmpty() ? "" : ": " + reason)
                + "; it is being restarted, try again";
    }

    private String failed(ServerException e) {
        if (!e.gone()) {
            return "MCP server " + description.name() + " refused this call: " + words(e);
        }
        return isClosed()
                ? notRunning()
                : "MCP server " + description.name() + " ended during this call: " + words(e)
                        + "; the call may have had its effect or not. The server is being restarted, try again";
    }

    private String words(ServerException e) {
        return description.secrets().hide(String.valueOf(e.getMessage()));
    }

    /** Begins to end the server and everything of it; returns at once. */
    synchronized void close() {
        closed = true;
        if (connection != null) {
            connection.session.abandon();
        }
        notifyAll();
    }

    /** Waits until the server has ended; false if it has not by then. */
    synchronized boolean awaitEnd(long end) throws InterruptedException {
        while (!over && System.nanoTime() - end < 0) {
            waitUntil(end);
        }
        return over;
    }
}
