package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server writes the events of a run to a browser that has stopped to read, and the run is cancelled. */
class SlowReaderTest extends LoopFixture {
    private static final Duration NEVER = Duration.ofSeconds(30);
    private static final String TEXT = "x".repeat(8_192);

    private static final int COPIES = 32;

    private final AtomicLong streamed = new AtomicLong();
    private final AtomicBoolean talkative = new AtomicBoolean(true);
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final ExecutorService handlers = Executors.newCachedThreadPool();
    private final CountDownLatch over = new CountDownLatch(1);
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final FaultLog log = FaultLog.open();
    private final AgentLoop agent = agent(model())
            .threads(work -> {
                Thread thread = new Thread(work, "idle");
                thread.setDaemon(true);
                threads.add(thread);
                return thread;
            })
            .build();
    private final Conversation conversation = agent.newConversation();
    private volatile Thread runner = Thread.currentThread();
    private HttpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(handlers);
        server.createContext("/buffered", exchange -> handle(exchange, RunOptions.Delivery.BUFFERED));
        server.createContext("/direct", exchange -> handle(exchange, RunOptions.Delivery.DIRECT));
        server.start();
    }

    @AfterEach
    void end() {
        over.countDown();
        server.stop(0);
        handlers.shutdownNow();
        agent.close();
        log.close();
    }

    /** Talks until nobody wants to hear it any more; the next time it only says one word. */
    private Model model() {
        return new Model() {
            @Override
            public PromptSettings settings() {
                return PromptSettings.of("talkative").build();
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) {
                while (talkative.get()) {
                    listener.onDelta(DeltaKind.TEXT, TEXT);
                    streamed.addAndGet(TEXT.length());
                }
                return ModelResponse.of(List.of(Script.message("done")), Usage.NONE);
            }
        };
    }

    private void handle(HttpExchange exchange, RunOptions.Delivery delivery) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        run(exchange.getResponseBody(), delivery);
    }

    private void run(OutputStream out, RunOptions.Delivery delivery) {
        runner = Thread.currentThread();
        try {
            outcome.complete(conversation.run(
                    "talk", RunOptions.listeningWith(event -> write(out, event)).withDelivery(delivery)));
            // What is sent to the browser after that is the listener's: the exchange stays open.
            over.await();
        } catch (Throwable e) {
            outcome.completeExceptionally(e);
        }
    }

    // So often that what the event buffer holds is more than the system lets a socket's buffers grow to.
    private static void write(OutputStream out, AgentEvent event) {
        byte[] line = (event + "\n").getBytes(UTF_8);
        try {
            for (int i = 0; i < COPIES; i++) {
                out.write(line);
                out.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Socket ask(int port, String path) throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(4_096);
        client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        client.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8));
        return client;
    }

    private static boolean isIn(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> (frame.getClassName() + "." + frame.getMethodName()).endsWith(method));
    }

    /** Where the model can say nothing more, the run waits, and so does what writes. */
    private void awaitBlocked(String where) {
        AtomicLong before = new AtomicLong();
        await().during(Duration.ofMillis(500)).atMost(NEVER).until(() -> {
            boolean still = before.getAndSet(streamed.get()) == streamed.get();
            boolean modelWaits = threads.stream().anyMatch(thread -> isIn(thread, "Mailbox.post"));
            return still && modelWaits && isIn(runner, where);
        });
        System.err.println("blocked in " + where + " after " + before + " characters");
    }

    private Outcome cancelled(String what) throws Exception {
        talkative.set(false);
        long begun = System.nanoTime();
        conversation.cancel();
        Outcome ended = outcome.get(NEVER.toSeconds(), java.util.concurrent.TimeUnit.SECONDS);
        System.err.println(
                what + ": run() returned " + (System.nanoTime() - begun) / 1_000_000 + " milliseconds after cancel()");
        return ended;
    }

    private List<String> atWork() {
        return threads.stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("agentloop "))
                .toList();
    }

    private void awaitLine(String part) {
        await().atMost(NEVER)
                .untilAsserted(() -> assertThat(log.of(conversation.id())).anyMatch(line -> line.contains(part)));
    }

    @Test
    void cancel_endsTheRun_whileItsBufferedListenerWaitsForTheReader() throws Exception {
        try (Socket client = ask(server.getAddress().getPort(), "/buffered")) {
            awaitBlocked("EventBuffer.awaitRoom");
            assertThat(cancelled("buffered")).isInstanceOf(Outcome.Cancelled.class);
            awaitLine("of its events yet; run() returns without it");
            assertThat(conversation.run("again").text()).isEqualTo("done");
            await().atMost(NEVER)
                    .untilAsserted(
                            () -> assertThat(atWork()).containsExactly("agentloop listener of " + conversation.id()));
            assertThat(client.isClosed()).isFalse();
        }
        await().atMost(NEVER).untilAsserted(() -> assertThat(atWork()).isEmpty());
        awaitLine("the listener failed at Delta");
    }

    @Test
    void cancel_interruptsADirectListener_whichClosesAChannel() throws Exception {
        try (Socket client = ask(server.getAddress().getPort(), "/direct")) {
            awaitBlocked("SlowReaderTest.write");
            assertThat(cancelled("direct, in a channel")).isInstanceOf(Outcome.Cancelled.class);
            awaitLine("the listener failed at Delta");
            assertThat(conversation.run("again").text()).isEqualTo("done");
            await().atMost(NEVER).untilAsserted(() -> assertThat(atWork()).isEmpty());
            // The JDK closes a channel whose writer is interrupted: the reader hears that there is no more.
            client.setSoTimeout((int) NEVER.toMillis());
            assertThat(end(client)).isTrue();
        }
    }

    private static void close(Socket client) throws IOException {
        client.close();
    }

    private static boolean end(Socket client) throws IOException {
        byte[] buffer = new byte[65_536];
        int read = 0;
        while (read >= 0) {
            read = client.getInputStream().read(buffer);
        }
        return true;
    }

    @Test
    void cancel_waitsForADirectListener_thatIsInASocketWhichHearsNoInterrupt() throws Exception {
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = ask(plain.getLocalPort(), "/");
                Socket accepted = plain.accept()) {
            handlers.execute(() -> {
                try {
                    run(accepted.getOutputStream(), RunOptions.Delivery.DIRECT);
                } catch (IOException e) {
                    outcome.completeExceptionally(e);
                }
            });
            awaitBlocked("SlowReaderTest.write");
            talkative.set(false);
            conversation.cancel();
            awaitLine("the listener, told of Delta, has not returned for 2 seconds; the run waits for it on thread");
            assertThat(outcome).isNotDone();
            close(client);
            assertThat(outcome.get(NEVER.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
                    .isInstanceOf(Outcome.Cancelled.class);
            assertThat(conversation.run("again").text()).isEqualTo("done");
        }
    }
}
