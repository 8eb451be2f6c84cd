package dev.agentloop.mcp;

import dev.agentloop.Tool;
import dev.agentloop.internal.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * MCP servers that run for a host, and their tools.
 *
 * <p>A server that cannot be started is a warning and a state, never an exception. One that ends is started again, at
 * longer and longer intervals, and its tools stay: a call meanwhile is answered with an error that the model can read. What
 * was sent to a model never changes, whatever servers do: see {@link #tools}.
 *
 * <p>Thread-safe. Each server has threads of its own, which are daemons.
 */
public final class McpServers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(McpServers.class);
    private static final Duration LIST_LIMIT = Duration.ofSeconds(5);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final List<SupervisedServer> servers;
    private final ToolNames names;
    private final ExecutorService threads;

    private McpServers(List<McpServer> descriptions, SupervisedServer.Settings settings) {
        threads = Executors.newCachedThreadPool(McpServers.daemons());
        servers = descriptions.stream()
                .map(server -> new SupervisedServer(server, settings, threads))
                .toList();
        names = new ToolNames(descriptions.stream().map(McpServer::name).toList());
    }

    /** A builder with no server. */
    public static Builder builder() {
        return new Builder();
    }

    private static java.util.concurrent.ThreadFactory daemons() {
        AtomicLong count = new AtomicLong();
        return task -> {
            Thread thread = new Thread(task, "agentloop-mcp-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * The tools that there are now, in the order of their servers' names and their own, as the servers spell them.
     *
     * <p>The same answers of the servers give the same names, descriptions and schemas, in the same characters and order,
     * whichever server was up first. A server that is down keeps the tools that it had; one that has never answered has none
     * yet. Where a server has just said that its list changed, this waits for the new list, for 5 seconds at most.
     *
     * <p>A tool is called {@code mcp__server__tool}, with {@code _} for each character that is not one of
     * {@code a-z A-Z 0-9 _ -}; a name that would be longer than 64 characters, or could be another tool's as well, ends in
     * 12 hexadecimal digits of a hash.
     */
    public List<Tool> tools() {
        long end = System.nanoTime() + LIST_LIMIT.toNanos();
        List<Tool> tools = new ArrayList<>();
        for (SupervisedServer server : servers) {
            List<RemoteTool> listed = server.tools(end);
            Map<String, String> named = names.of(
                    server.description().name(),
                    listed.stream().map(RemoteTool::name).toList());
            listed.forEach(tool -> tools.add(new McpTool(server, tool, named.getOrDefault(tool.name(), tool.name()))));
        }
        return List.copyOf(tools);
    }

    /** How each server is doing, in the order of their names. */
    public List<McpStatus> status() {
        return servers.stream().map(SupervisedServer::status).toList();
    }

    /**
     * Ends the servers and their threads: a program's input is closed, and the program and all that it has started is
     * asked to end and killed if it does not. Returns when that is done, after ten seconds at most. Calls that still wait are
     * answered with an error. Calling it again does nothing.
     */
    @Override
    public void close() {
        servers.forEach(SupervisedServer::close);
        long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
        boolean interrupted = false;
        try {
            for (SupervisedServer server : servers) {
                if (!server.awaitEnd(end)) {
                    LOG.warn(
                            "MCP server {} has not ended within {} ms",
                            server.description().name(),
                            CLOSE_LIMIT.toMillis());
                }
            }
            threads.shutdownNow();
            if (!threads.awaitTermination(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                LOG.warn("threads of MCP servers have not ended within {} ms", CLOSE_LIMIT.toMillis());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            threads.shutdownNow();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Collects servers; not thread-safe. */
    public static final class Builder {
        private static final Duration START_TIMEOUT = Duration.ofSeconds(30);

        private final List<McpServer> servers = new ArrayList<>();
        private Duration startTimeout = START_TIMEOUT;
        private Backoff backoff = Backoff.USUAL;
        private @Nullable McpElicitation elicitation;

        private Builder() {}

        /**
         * Adds a server.
         *
         * @throws IllegalArgumentException if there is one of that name already
         */
        public Builder server(McpServer server) {
            if (servers.stream().anyMatch(other -> other.name().equals(server.name()))) {
                throw new IllegalArgumentException(
                        "two MCP servers are named \"" + server.name() + "\"; give each a name of its own");
            }
            servers.add(server);
            return this;
        }

        /**
         * How long {@link #start} waits for all servers together, 30 seconds if never said. A server that is slower comes
         * later.
         *
         * @param timeout 1 ms to 365 days
         */
        public Builder startTimeout(Duration timeout) {
            startTimeout = Durations.checked("McpServers.startTimeout", timeout, Durations.MILLISECOND, Durations.YEAR);
            return this;
        }

        /** Who answers what servers ask the user; without one, servers are told that nobody does. */
        public Builder elicitation(McpElicitation value) {
            elicitation = value;
            return this;
        }

        Builder backoff(Backoff value) {
            backoff = value;
            return this;
        }

        /**
         * Starts all servers at once, and waits until each of them answers or has failed, or the time for that is over.
         *
         * <p>An interrupt of the calling thread ends the waiting, not the servers; the thread is interrupted again when
         * this returns.
         */
        public McpServers start() {
            List<McpServer> sorted = servers.stream()
                    .sorted(Comparator.comparing(McpServer::name))
                    .toList();
            McpServers started =
                    new McpServers(sorted, new SupervisedServer.Settings(startTimeout, backoff, elicitation));
            started.servers.forEach(SupervisedServer::start);
            long end = System.nanoTime() + startTimeout.toNanos();
            try {
                for (SupervisedServer server : started.servers) {
                    server.awaitFirstAttempt(end);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            started.warnOfSlowServers(startTimeout);
            return started;
        }
    }

    private void warnOfSlowServers(Duration waited) {
        status().stream()
                .filter(status -> status.state() == McpStatus.State.STARTING)
                .forEach(status -> LOG.warn(
                        "MCP server {} has not answered within {} ms; its tools come when it does",
                        status.server(),
                        waited.toMillis()));
    }
}
