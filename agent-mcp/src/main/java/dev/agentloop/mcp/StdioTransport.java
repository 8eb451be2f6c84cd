package dev.agentloop.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Messages to and from a program, one in a line.
 *
 * <p>The SDK's own transport is not used: it does not notice that its program has ended, so that calls wait for their
 * timeout; it waits without bound for a program that does not want to end, and leaves that program's children; it hands
 * all of this process's environment on; and it reads in the encoding of the platform instead of UTF-8.
 */
final class StdioTransport implements McpClientTransport {
    private static final Logger LOG = LoggerFactory.getLogger(StdioTransport.class);

    private final ServerProcess process;
    private final Executor threads;
    private volatile Consumer<Throwable> failed = thrown -> {};

    StdioTransport(ServerProcess process, Executor threads) {
        this.process = process;
        this.threads = threads;
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        failed = handler;
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return Mono.fromRunnable(() ->
                process.start(line -> receive(line, handler), reason -> threads.execute(() -> failed.accept(reason))));
    }

    private void receive(byte[] line, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        String text = new String(line, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            return;
        }
        JSONRPCMessage message;
        try {
            message = McpSchema.deserializeJsonRpcMessage(JsonObject.MAPPER, text);
        } catch (IOException | IllegalArgumentException e) {
            // Many a program greets the world before it speaks the protocol.
            LOG.debug("MCP server {} wrote a line of {} bytes that is no message", process.name(), line.length);
            return;
        }
        handler.apply(Mono.just(message)).subscribe();
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        return Mono.fromRunnable(() -> {
            try {
                process.write(JsonObject.MAPPER.writeValueAsBytes(message));
            } catch (ServerException | IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromRunnable(process::close);
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        return JsonObject.MAPPER.convertValue(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return Handshake.VERSIONS;
    }
}
