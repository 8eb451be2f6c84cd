package dev.agentloop.mcp;

import dev.agentloop.internal.PathText;
import dev.agentloop.internal.ProcessTree;
import io.modelcontextprotocol.client.transport.ServerParameters;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The program of a server, from its start until nothing of it is left. Thread-safe.
 *
 * <p>Reading and writing block, each on a thread of its own, and end when the processes at the other end of the pipes are
 * gone. {@link #close} sees to that: it closes the program's input, as the specification asks; half a second later it asks
 * all processes of the tree to end; and half a second later it kills them.
 */
final class ServerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);
    private static final int LONGEST_LINE = 16 << 20;
    private static final int QUEUED = 1_024;
    /** How long output is still read once the program has exited, and its exit is waited for once its output has ended. */
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private static final Duration GRACE = Duration.ofMillis(500);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(2);
    private static final byte[] END = {};

    private final McpServer server;
    private final Executor threads;
    private final ServerLog log;
    private final BlockingQueue<byte[]> outgoing = new LinkedBlockingQueue<>(QUEUED);
    private final CountDownLatch outputRead = new CountDownLatch(1);
    private final CountDownLatch errorsRead = new CountDownLatch(1);
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Started started;

    /** What there is once the program was started. */
    private record Started(Process root, ProcessTree tree) {}

    ServerProcess(McpServer server, Executor threads) {
        this.server = server;
        this.threads = threads;
        log = new ServerLog(server);
    }

    String name() {
        return server.name();
    }

    /**
     * Starts the program.
     *
     * @param lines is given each line of its output, without the line's end
     * @param gone is told, at most once, why the program is of no use any more
     */
    void start(Consumer<byte[]> lines, Consumer<ServerException> gone) {
        Process root;
        String lost = lostOnTheWay();
        if (!lost.isEmpty()) {
            gone.accept(ServerException.gone("it was not started: " + lost + " a character that " + PathText.remedy()));
            return;
        }
        String marker = ProcessTree.newMarker();
        try {
            root = builder(marker).start();
        } catch (IOException e) {
            // The message holds the command line, and that may hold a key.
            gone.accept(ServerException.gone("its program could not be started; check that it is installed"));
            return;
        }
        started = new Started(root, new ProcessTree(root.toHandle(), marker));
        threads.execute(() -> {
            String trouble = readOutput(root, lines);
            outputRead.countDown();
            end(root, trouble, gone);
        });
        threads.execute(() -> {
            log.read(root.getErrorStream());
            errorsRead.countDown();
        });
        threads.execute(() -> writeInput(root.getOutputStream()));
        CompletableFuture<Void> unused = root.toHandle().onExit().thenRunAsync(() -> end(root, "", gone), threads);
    }

    private ProcessBuilder builder(String marker) {
        McpServer.Command command = (McpServer.Command) server.target();
        ProcessBuilder builder = new ProcessBuilder(ProcessTree.inOwnSession(command.words()));
        Map<String, String> variables = ServerParameters.builder(command.words().get(0))
                .env(command.environment())
                .build()
                .getEnv();
        // Values that are no text in this JVM's encoding survive only if they are not written again.
        builder.environment().entrySet().removeIf(entry -> !entry.getValue().equals(variables.get(entry.getKey())));
        variables.forEach(builder.environment()::putIfAbsent);
        builder.environment().put(marker, "1");
        if (command.directory() != null) {
            builder.directory(command.directory().toFile());
        }
        return builder;
    }

    // Nothing is repeated, since arguments and variables may hold a key.
    private String lostOnTheWay() {
        McpServer.Command command = (McpServer.Command) server.target();
        if (!command.words().stream().allMatch(PathText::reachesPrograms)) {
            return "its command line has";
        }
        if (command.directory() != null
                && !PathText.reachesPrograms(command.directory().toString())) {
            return "its folder has";
        }
        return command.environment().entrySet().stream()
                .filter(entry -> !PathText.reachesPrograms(entry.getKey() + entry.getValue()))
                .findFirst()
                .map(entry -> "its variable " + entry.getKey() + " has")
                .orElse("");
    }

    private static String readOutput(Process root, Consumer<byte[]> lines) {
        try (LineInput input = new LineInput(root.getInputStream(), LONGEST_LINE)) {
            for (byte[] line = input.next(); line != null; line = input.next()) {
                if (input.cut()) {
                    return "it wrote a message of more than " + LONGEST_LINE + " bytes";
                }
                lines.accept(line);
            }
            return "it closed its standard output";
        } catch (IOException e) {
            return "its standard output broke: " + e.getMessage();
        }
    }

    private void writeInput(OutputStream input) {
        try (input) {
            for (byte[] message = outgoing.take(); message != END; message = outgoing.take()) {
                input.write(message);
                input.write('\n');
                input.flush();
            }
        } catch (IOException e) {
            LOG.debug("MCP server {} does not read its input any more: {}", server.name(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Hands a message to the thread that writes. */
    void write(byte[] message) throws ServerException {
        if (!outgoing.offer(message)) {
            throw ServerException.gone("it has left " + QUEUED + " messages unread");
        }
    }

    private void end(Process root, String trouble, Consumer<ServerException> gone) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        boolean exited = exits(root, LAST_WORDS);
        await(outputRead, LAST_WORDS);
        await(errorsRead, LAST_WORDS);
        String what = exited && !trouble.startsWith("it wrote") ? "it exited with code " + root.exitValue() : trouble;
        gone.accept(ServerException.gone(what + log.lastWords()));
    }

    /** Ends the program and all that it has started; returns when they are gone, after four seconds at most. */
    void close() {
        ended.set(true);
        Started running = started;
        if (running == null) {
            return;
        }
        if (!outgoing.offer(END)) {
            LOG.debug("MCP server {} has left {} messages unread and is not asked politely", server.name(), QUEUED);
        }
        exits(running.root(), GRACE);
        int survivors = endTree(running.tree());
        if (survivors > 0) {
            LOG.warn("{} processes of MCP server {} could not be ended", survivors, server.name());
        }
        await(outputRead, LAST_WORDS);
        await(errorsRead, LAST_WORDS);
    }

    private static int endTree(ProcessTree tree) {
        long begun = System.nanoTime();
        while (true) {
            int running = tree.signal(past(begun, GRACE));
            if (running == 0 || past(begun, KILL_LIMIT)) {
                return running;
            }
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    private static boolean past(long begun, Duration limit) {
        return System.nanoTime() - begun > limit.toNanos();
    }

    private static boolean exits(Process process, Duration limit) {
        try {
            return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    private static void await(CountDownLatch latch, Duration limit) {
        try {
            if (!latch.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.trace("the output is still open");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
