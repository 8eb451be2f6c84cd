package dev.agentloop.mcp;

import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/** Connects to a server over the SDK's streamable HTTP transport, with one {@code HttpClient} for all connections. */
final class HttpTransports implements Transports {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final McpServer.Address address;
    private volatile @Nullable HttpClient client;

    HttpTransports(McpServer.Address address, ExecutorService threads) {
        this.address = address;
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(threads)
                .build();
    }

    @Override
    public McpClientTransport next() {
        HttpClient open = client;
        if (open == null) {
            throw new IllegalStateException("no connection can be made after the client was closed");
        }
        HttpRequest.Builder request = HttpRequest.newBuilder();
        address.headers().forEach(request::header);
        URI uri = address.uri();
        String query = uri.getRawQuery();
        return HttpClientStreamableHttpTransport.builder(uri.getScheme() + "://" + uri.getRawAuthority())
                .endpoint((uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()) + (query == null ? "" : "?" + query))
                .jsonMapper(JsonObject.MAPPER)
                .supportedProtocolVersions(Handshake.VERSIONS)
                .requestBuilder(request)
                .clientBuilder(builderOf(open))
                .build();
    }

    /** A builder of the one client: the SDK takes nothing else. */
    private static HttpClient.Builder builderOf(HttpClient given) {
        return (HttpClient.Builder) Proxy.newProxyInstance(
                HttpClient.Builder.class.getClassLoader(),
                new Class<?>[] {HttpClient.Builder.class},
                (builder, method, arguments) -> method.getName().equals("build") ? given : builder);
    }

    /** Ends the client's thread; before JDK 21 it ends a few seconds after the garbage collector has found the client. */
    @Override
    public void close() {
        HttpClient open = client;
        client = null;
        try {
            // Compiled for Java 17, which does not know the method.
            HttpClient.class.getMethod("shutdownNow").invoke(open);
        } catch (NoSuchMethodException e) {
            // The thread looks every few seconds whether anybody still has the client.
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("the HTTP client cannot be closed", e);
        }
    }
}
