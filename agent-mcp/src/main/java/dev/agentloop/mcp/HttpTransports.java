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

/** Connects to a server over the SDK's streamable HTTP transport, with one {@code HttpClient} for all connections. */
final class HttpTransports implements Transports {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final McpServer.Address address;
    private final HttpClient client;

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
        HttpRequest.Builder request = HttpRequest.newBuilder();
        address.headers().forEach(request::header);
        URI uri = address.uri();
        String query = uri.getRawQuery();
        return HttpClientStreamableHttpTransport.builder(uri.getScheme() + "://" + uri.getRawAuthority())
                .endpoint((uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()) + (query == null ? "" : "?" + query))
                .jsonMapper(JsonObject.MAPPER)
                .supportedProtocolVersions(Handshake.VERSIONS)
                .requestBuilder(request)
                .clientBuilder(given())
                .build();
    }

    /** A builder of the one client: the SDK takes nothing else. */
    private HttpClient.Builder given() {
        return (HttpClient.Builder) Proxy.newProxyInstance(
                HttpClient.Builder.class.getClassLoader(),
                new Class<?>[] {HttpClient.Builder.class},
                (builder, method, arguments) -> method.getName().equals("build") ? client : builder);
    }

    /** Ends the client's threads; before JDK 21 they end when the garbage collector finds the client. */
    @Override
    public void close() {
        try {
            // Compiled for Java 17, which does not know the method.
            HttpClient.class.getMethod("shutdownNow").invoke(client);
        } catch (NoSuchMethodException e) {
            // Its one thread looks every few seconds whether anybody still has the client.
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("the HTTP client cannot be closed", e);
        }
    }
}
