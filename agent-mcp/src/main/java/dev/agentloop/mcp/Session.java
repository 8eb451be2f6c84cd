package dev.agentloop.mcp;

import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests and answers between this client and one running server, over a transport of the SDK. Thread-safe.
 *
 * <p>The SDK has a client of its own on top of its transports, which does not fit here for four reasons. It has no way to
 * name the request that is to be cancelled. Its timeouts run on threads that the whole JVM shares and nobody may end, so
 * that threads would be left after {@code close}. It reads a result as a whole, so that one kind of content that it does
 * not know loses all others. And it connects again by itself, behind the back of whoever counts attempts.
 */
final class Session implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final String CANCELLED = "notifications/cancelled";

    private final McpClientTransport transport;
    private final Peer peer;
    private final AtomicLong ids = new AtomicLong();
    private final Map<String, PendingRequest> pending = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable ServerException> failure = new AtomicReference<>();
    private volatile String protocol = "";

    /** What a server may ask of this client, or tell it. Called on the transport's threads; must not block. */
    interface Peer {
        /** A request that is to be answered with {@link Session#answer} or {@link Session#refuse}. */
        void asked(Session session, JSONRPCRequest request);

        /** The server takes a request of its back. */
        void withdrawn(String requestId);

        /** The list of tools is another one now. */
        void toolsChanged();

        /** The server is gone; called once. */
        void gone();
    }

    Session(McpClientTransport transport, Peer peer) {
        this.transport = transport;
        this.peer = peer;
    }

    /** Opens the transport: starts the program, or nothing at all. */
    void open() {
        transport.setExceptionHandler(thrown -> broken(Failures.of(thrown)));
        transport
                .connect(incoming -> incoming.doOnNext(this::receive))
                .doOnError(thrown -> fail(Failures.of(thrown)))
                .onErrorComplete()
                .subscribe();
    }

    /** Says which version of the protocol both sides agreed on. */
    void agree(String version) {
        protocol = version;
    }

    /** Why the server is gone, or null while it is not. */
    @Nullable
    ServerException failure() {
        return failure.get();
    }

    /** Sends a request and waits for its answer. */
    Object request(String method, Map<String, Object> params, Duration timeout)
            throws ServerException, InterruptedException {
        PendingRequest request = begin(method, params, nothing -> {});
        try {
            return request.await(timeout);
        } catch (TimeoutException e) {
            throw ServerException.refused("it did not answer " + method + " within " + timeout.toMillis() + " ms");
        } finally {
            forget(request);
        }
    }

    /** Sends a request that reports progress; {@link #forget} ends it, whatever came of it. */
    PendingRequest begin(String method, Map<String, Object> params, Consumer<String> progress) {
        PendingRequest request = new PendingRequest(Long.toString(ids.incrementAndGet()), progress);
        pending.put(request.id(), request);
        Map<String, Object> tokened = new LinkedHashMap<>(params);
        if (method.equals(McpSchema.METHOD_TOOLS_CALL)) {
            tokened.put("_meta", Map.of("progressToken", request.id()));
        }
        send(new JSONRPCRequest(method, request.id(), tokened), request::failed);
        ServerException gone = failure.get();
        if (gone != null) {
            request.failed(gone);
        }
        return request;
    }

    /** Nobody waits for this request any more. */
    void forget(PendingRequest request) {
        pending.remove(request.id());
    }

    /** Tells the server that nobody waits for a request any more, so that it can stop working on it. */
    void cancel(PendingRequest request, String reason) {
        tell(CANCELLED, Map.of("requestId", request.id(), "reason", reason));
    }

    /** Tells the server something, and waits until it has taken that: what follows may depend on it. */
    void confirm(String method, Map<String, Object> params, Duration timeout)
            throws ServerException, InterruptedException {
        PendingRequest taken = new PendingRequest("", nothing -> {});
        pending.put(taken.id(), taken);
        send(new JSONRPCNotification(method, params), taken::failed, () -> taken.answered(Map.of()));
        try {
            taken.await(timeout);
        } catch (TimeoutException e) {
            throw ServerException.refused("it did not take " + method + " within " + timeout.toMillis() + " ms");
        } finally {
            forget(taken);
        }
    }

    void tell(String method, Map<String, Object> params) {
        send(new JSONRPCNotification(method, params), ignored -> {});
    }

    /** Sends a request whose answer does not matter: what matters is whether it can be sent. */
    void probe() {
        send(new JSONRPCRequest(McpSchema.METHOD_PING, "ping-" + ids.incrementAndGet()), ignored -> {});
    }

    void answer(JSONRPCRequest request, Map<String, Object> result) {
        send(JSONRPCResponse.result(request.id(), result), ignored -> {});
    }

    void refuse(JSONRPCRequest request, int code, String message) {
        send(JSONRPCResponse.error(request.id(), new JSONRPCResponse.JSONRPCError(code, message)), ignored -> {});
    }

    private void send(JSONRPCMessage message, Consumer<ServerException> failed) {
        send(message, failed, () -> {});
    }

    private void send(JSONRPCMessage message, Consumer<ServerException> failed, Runnable sent) {
        transport
                .sendMessage(message)
                .contextWrite(context -> protocol.isEmpty()
                        ? context
                        : context.put(McpAsyncClient.NEGOTIATED_PROTOCOL_VERSION, protocol))
                .doOnSuccess(nothing -> sent.run())
                .doOnError(thrown -> {
                    ServerException known = Failures.of(thrown);
                    failed.accept(known);
                    broken(known);
                })
                .onErrorComplete()
                .subscribe();
    }

    private void receive(JSONRPCMessage message) {
        if (message instanceof JSONRPCResponse response) {
            answered(response);
        } else if (message instanceof JSONRPCRequest request) {
            asked(request);
        } else if (message instanceof JSONRPCNotification notification) {
            told(notification.method(), JsonObject.of(notification.params()));
        }
    }

    private void answered(JSONRPCResponse response) {
        PendingRequest request = pending.get(String.valueOf(response.id()));
        if (request == null) {
            LOG.debug("an answer to request {} came when nobody waited for it any more", response.id());
        } else if (response.error() != null) {
            request.failed(ServerException.refused("it answered with error "
                    + response.error().code() + ": " + response.error().message()));
        } else {
            request.answered(response.result() == null ? Map.of() : response.result());
        }
    }

    private void asked(JSONRPCRequest request) {
        if (request.method().equals(McpSchema.METHOD_PING)) {
            answer(request, Map.of());
        } else {
            peer.asked(this, request);
        }
    }

    private void told(String method, JsonObject params) {
        switch (method) {
            case McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED -> peer.toolsChanged();
            case McpSchema.METHOD_NOTIFICATION_PROGRESS -> progress(params);
            case CANCELLED -> peer.withdrawn(params.word("requestId"));
            default -> LOG.trace("a notification {} was left alone", method);
        }
    }

    private void progress(JsonObject params) {
        PendingRequest request = pending.get(params.word("progressToken"));
        if (request != null) {
            String total = params.word("total");
            String text = params.text("message");
            request.progress(params.word("progress")
                    + (total.isEmpty() ? "" : "/" + total)
                    + (text.isEmpty() ? "" : ": " + text));
        }
    }

    private void broken(ServerException thrown) {
        if (thrown.gone()) {
            fail(thrown);
        }
    }

    /** Ends every request: the server is gone. */
    private void fail(ServerException reason) {
        if (failure.compareAndSet(null, reason)) {
            pending.values().forEach(request -> request.failed(reason));
            peer.gone();
        }
    }

    /** Ends every request: this client does not want an answer any more. */
    void abandon() {
        fail(ServerException.gone("the connection was closed"));
    }

    /** Closes the transport: ends the program and its processes, or the session of the HTTP server. */
    @Override
    public void close() {
        abandon();
        try {
            transport.closeGracefully().toFuture().get(CLOSE_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("a connection did not close in an orderly way: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
