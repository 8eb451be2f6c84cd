package dev.agentloop.examples.policy;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** The JDK's HTTP client, which says when a request's body is written, and when a response's bytes are taken. */
final class WatchedClient extends HttpClient {
    private final HttpClient client = HttpClient.newHttpClient();
    private final Runnable written;
    private final Runnable taken;

    /**
     * A client to watch.
     *
     * @param written runs on the thread that writes a piece of a request's body, before it is written
     * @param taken runs on the thread that takes a piece of a response's body from the list that it came in
     */
    WatchedClient(Runnable written, Runnable taken) {
        this.written = written;
        this.taken = taken;
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        return client.send(watched(request), watched(handler));
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        return client.sendAsync(watched(request), watched(handler));
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, HttpResponse.BodyHandler<T> handler, HttpResponse.PushPromiseHandler<T> pushes) {
        return client.sendAsync(watched(request), watched(handler), pushes);
    }

    private HttpRequest watched(HttpRequest request) {
        HttpRequest.BodyPublisher body = request.bodyPublisher().orElseThrow();
        return HttpRequest.newBuilder(request, (name, value) -> true)
                .method(request.method(), new Writing(body, written))
                .build();
    }

    private <T> HttpResponse.BodyHandler<T> watched(HttpResponse.BodyHandler<T> handler) {
        return info -> new Reading<>(handler.apply(info), taken);
    }

    private record Writing(HttpRequest.BodyPublisher body, Runnable written) implements HttpRequest.BodyPublisher {
        @Override
        public long contentLength() {
            return body.contentLength();
        }

        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            body.subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscriber.onSubscribe(subscription);
                }

                @Override
                public void onNext(ByteBuffer buffer) {
                    written.run();
                    subscriber.onNext(buffer);
                }

                @Override
                public void onError(Throwable failure) {
                    subscriber.onError(failure);
                }

                @Override
                public void onComplete() {
                    subscriber.onComplete();
                }
            });
        }
    }

    private record Reading<T>(HttpResponse.BodySubscriber<T> body, Runnable taken)
            implements HttpResponse.BodySubscriber<T> {
        @Override
        public CompletionStage<T> getBody() {
            return body.getBody();
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            body.onSubscribe(subscription);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            body.onNext(new AbstractList<>() {
                @Override
                public ByteBuffer get(int index) {
                    taken.run();
                    return buffers.get(index);
                }

                @Override
                public int size() {
                    return buffers.size();
                }
            });
        }

        @Override
        public void onError(Throwable failure) {
            body.onError(failure);
        }

        @Override
        public void onComplete() {
            body.onComplete();
        }
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return client.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return client.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
        return client.followRedirects();
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return client.proxy();
    }

    @Override
    public SSLContext sslContext() {
        return client.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
        return client.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return client.authenticator();
    }

    @Override
    public Version version() {
        return client.version();
    }

    @Override
    public Optional<Executor> executor() {
        return client.executor();
    }
}
