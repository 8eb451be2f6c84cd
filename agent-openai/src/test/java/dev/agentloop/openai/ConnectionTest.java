package dev.agentloop.openai;

import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.silence;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the connections: used again, given up, closed. */
@Timeout(60)
class ConnectionTest {
    private static OpenAiModel.Builder model(RawServer server) {
        return OpenAiModel.builder("m")
                .baseUrl(server.baseUrl())
                .retries(new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofSeconds(1)));
    }

    private static Prompt prompt(Model model) {
        return Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "data: [DONE]\n\n"})
    void respond_fiftyTimes_usesOneConnection(String after) throws Exception {
        try (RawServer server = RawServer.answering(stream(saying("Hello") + after))) {
            OpenAiModel model = model(server).build();
            for (int i = 0; i < 50; i++) {
                model.respond(prompt(model), Model.Listener.NONE);
            }

            assertThat(server.requests()).hasSize(50);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void respond_endOfTheBodyInAPieceOfItsOwn_usesOneConnection() throws Exception {
        try (RawServer server = RawServer.answering(Replies.pieces(Replies.bytes(saying("Hello")), 40))) {
            OpenAiModel model = model(server).build();
            for (int i = 0; i < 20; i++) {
                model.respond(prompt(model), Model.Listener.NONE);
            }

            // On a machine that is busy the next request may overtake the end of a response.
            assertThat(server.connections()).isLessThan(10);
        }
    }

    @Test
    void respond_serverHoldsTheStreamOpen_isOver_andTheConnectionIsUsedAgainAfterThat() throws Exception {
        Semaphore returned = new Semaphore(0);
        Reply held = (connection, in, out) -> {
            out.write(Replies.bytes(Replies.STREAM_HEAD));
            out.write(Replies.chunk(Replies.bytes(saying("Hello"))));
            out.flush();
            returned.acquireUninterruptibly();
            out.write(Replies.bytes("0\r\n\r\n"));
            out.flush();
        };
        try (RawServer server = RawServer.answering(held)) {
            OpenAiModel model = model(server).build();
            await().until(() -> {
                assertThat(model.respond(prompt(model), Model.Listener.NONE).text())
                        .isEqualTo("Hello");
                // Only now does the server end its response.
                returned.release();
                return server.connections() < server.requests().size();
            });
        }
    }

    @Test
    void respond_errorsAndFailedResponses_keepTheConnection() throws Exception {
        try (RawServer server = RawServer.answering(
                error(500, "", "a"),
                stream(Events.CREATED + Events.failed("server_error", "b")),
                stream(saying("Hello")))) {
            OpenAiModel model = model(server).build();

            model.respond(prompt(model), Model.Listener.NONE);

            assertThat(server.requests()).hasSize(3);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void respond_bodyThatGoesOnAfterItsLastEvent_isClosedWithinABound() throws Exception {
        Reply goesOn = Replies.pieces(Replies.bytes(saying("Hello") + ": padding\n".repeat(200_000)), 10_000);
        try (RawServer server = RawServer.answering(goesOn, silence(saying("Hello")), stream(saying("Hello")))) {
            OpenAiModel model = model(server).build();
            for (int i = 0; i < 3; i++) {
                assertThat(model.respond(prompt(model), Model.Listener.NONE).text())
                        .isEqualTo("Hello");
            }

            assertThat(server.connections()).isEqualTo(3);
            await().until(() -> server.closedByClient() == 2);
        }
    }

    @Test
    void respond_pooledConnectionThatDied_isAskedAgainOnANewOne() throws Exception {
        Reply lastWords = (connection, in, out) -> {
            stream(saying("Hello")).write(connection, in, out);
            // Takes the next request and answers nothing, as a server does that gives up an idle connection.
            if (in.read() >= 0) {
                connection.close();
            }
        };
        try (RawServer server = RawServer.answering(lastWords, stream(saying("Again")))) {
            OpenAiModel model = model(server).build();
            model.respond(prompt(model), Model.Listener.NONE);
            Told told = new Told();

            assertThat(model.respond(prompt(model), told).text()).isEqualTo("Again");

            assertThat(told.events).startsWith("retry 1");
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "some"})
    void respond_interrupted_closesTheConnectionAtOnce(String events) throws Exception {
        String sent = events.isEmpty() ? "" : Events.CREATED + Events.delta("output_text", "Hel");
        try (RawServer server = RawServer.answering(silence(sent))) {
            OpenAiModel model = model(server).build();
            CountDownLatch begun = new CountDownLatch(1);
            AtomicReference<Throwable> ended = new AtomicReference<>();
            Thread caller = new Thread(() -> {
                try {
                    model.respond(prompt(model), new Model.Listener() {
                        @Override
                        public void onDelta(Model.DeltaKind kind, String text) {
                            begun.countDown();
                        }
                    });
                } catch (Throwable e) {
                    ended.set(e);
                }
            });
            caller.start();
            await().until(() -> !server.requests().isEmpty());
            if (!sent.isEmpty()) {
                assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            }

            caller.interrupt();

            caller.join(TimeUnit.SECONDS.toMillis(20));
            assertThat(ended.get()).isInstanceOf(InterruptedException.class);
            await().atMost(Duration.ofSeconds(20)).until(() -> server.closedByClient() == 1);
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void respond_listenerThrows_closesTheConnectionAndIsNotRetried() throws Exception {
        try (RawServer server = RawServer.answering(silence(Events.CREATED + Events.delta("output_text", "Hel")))) {
            OpenAiModel model = model(server).build();
            Model.Listener broken = new Model.Listener() {
                @Override
                public void onDelta(Model.DeltaKind kind, String text) {
                    throw new IllegalArgumentException("no room for " + text);
                }
            };

            assertThatThrownBy(() -> model.respond(prompt(model), broken))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("no room for Hel");

            await().until(() -> server.closedByClient() == 1);
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void respond_silent_closesTheConnection() throws Exception {
        try (RawServer server = RawServer.answering(silence(Events.CREATED), stream(saying("Hello")))) {
            OpenAiModel model = model(server).idleTimeout(Duration.ofSeconds(1)).build();

            assertThat(model.respond(prompt(model), Model.Listener.NONE).text()).isEqualTo("Hello");

            await().until(() -> server.closedByClient() == 1);
        }
    }

    @Test
    void respond_onlyCommentsComing_reachesTheIdleTimeout() throws Exception {
        Reply comments = (connection, in, out) -> {
            out.write(Replies.bytes(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"));
            connection.setSoTimeout(20);
            while (true) {
                out.write(Replies.chunk(Replies.bytes(": keep-alive\n\n")));
                out.flush();
                awaitCloseFor20Millis(in);
            }
        };
        try (RawServer server = RawServer.answering(comments)) {
            OpenAiModel model = model(server)
                    .idleTimeout(Duration.ofMillis(300))
                    .retries(RetryPolicy.NEVER)
                    .build();

            assertThatThrownBy(() -> model.respond(prompt(model), Model.Listener.NONE))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("sent no event for 300 ms");
        }
    }

    /** Sets the pace of a server that goes on until the client closes the connection. */
    private static void awaitCloseFor20Millis(InputStream in) throws IOException {
        try {
            Replies.awaitClose(in);
        } catch (SocketTimeoutException e) {
            assertThat(e).hasMessageContaining("timed out");
        }
    }

    @Test
    void respond_nobodyListens_saysWhatToCheck() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        OpenAiModel model = OpenAiModel.builder("m")
                .baseUrl("http://127.0.0.1:" + port + "/v1")
                .retries(RetryPolicy.NEVER)
                .build();

        assertThatThrownBy(() -> model.respond(prompt(model), Model.Listener.NONE))
                .isInstanceOfSatisfying(ModelException.class, e -> {
                    assertThat(e.kind()).isEqualTo(ModelException.Kind.TRANSPORT);
                    assertThat(e.retryable()).isTrue();
                })
                .hasMessageStartingWith("no connection to http://127.0.0.1:" + port + "/v1/responses (")
                .hasMessageEndingWith("). Check the network, the proxy and the base URL.");
    }

    @Test
    void respond_unknownHost_saysSo() {
        OpenAiModel model = OpenAiModel.builder("m")
                .baseUrl("http://no-such-host.invalid/v1")
                .retries(RetryPolicy.NEVER)
                .build();

        assertThatThrownBy(() -> model.respond(prompt(model), Model.Listener.NONE))
                .hasMessage(
                        "no connection to http://no-such-host.invalid/v1/responses (unknown host). Check the network,"
                                + " the proxy and the base URL.");
    }

    @Test
    void respond_hostsClientWithAProxy_goesThroughIt() throws Exception {
        try (RawServer proxy = RawServer.answering(stream(saying("Hello")))) {
            int port = java.net.URI.create(proxy.baseUrl()).getPort();
            HttpClient host = HttpClient.newBuilder()
                    .proxy(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)))
                    .build();
            OpenAiModel model = OpenAiModel.builder("m")
                    .baseUrl("http://models.example/v1")
                    .httpClient(host)
                    .build();

            assertThat(model.respond(prompt(model), Model.Listener.NONE).text()).isEqualTo("Hello");

            assertThat(proxy.requests().get(0).line()).isEqualTo("POST http://models.example/v1/responses HTTP/1.1");
        }
    }

    @Test
    void respond_hostsClientWithAnAuthenticator_reports401() throws Exception {
        try (RawServer server = RawServer.answering(error(401, "invalid_api_key", "No"))) {
            HttpClient host = HttpClient.newBuilder()
                    .authenticator(new java.net.Authenticator() {})
                    .build();
            OpenAiModel model = model(server).httpClient(host).build();

            assertThatThrownBy(() -> model.respond(prompt(model), Model.Listener.NONE))
                    .isInstanceOfSatisfying(
                            ModelException.class,
                            e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.AUTHENTICATION))
                    .hasMessageContaining("answered HTTP 401");
            assertThat(server.requests()).hasSize(1);
        }
    }
}
