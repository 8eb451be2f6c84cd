package dev.agentloop.openai;

import dev.agentloop.ModelException;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/*
 * Why a queue and an alarm of its own. The client's timeout of a request ends with its headers on some JDKs and covers the
 * body on others, and its body handlers wait for bytes without any bound. Here bytes, end and failure arrive in one queue,
 * where the calling thread waits with a time limit and can be interrupted; until the head has come in, an alarm
 * interrupts it. The asynchronous way to send needs no alarm, but hands each request over between threads so often that
 * it takes twice the processor time.
 */
/**
 * One request and its response, whose bytes come in on the HTTP client's threads and are taken by the calling thread into
 * {@link #body}.
 *
 * <p>Closing it before the response has ended closes the connection.
 */
final class Exchange implements HttpResponse.BodySubscriber<Exchange>, AutoCloseable {
    /** How many batches of bytes may wait; the client reads no further until one is taken. */
    private static final int WINDOW = 16;

    /** How long the caller waits for the end of a response behind its last event: it mostly comes in the next packet. */
    private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** How long and how far a response is read on after that, while nobody waits, so that its connection can be used again. */
    private static final long DRAIN_MILLIS = 2_000;

    private static final int DRAIN_BYTES = 64 * 1024;

    private static final AtomicInteger UNDER_WAY = new AtomicInteger();

    private sealed interface Signal {
        record Bytes(List<ByteBuffer> buffers) implements Signal {}

        record End(@Nullable Throwable failure) implements Signal {}
    }

    // The window, the end of the body and that of the request: nothing is ever refused.
    private final BlockingQueue<Signal> signals = new ArrayBlockingQueue<>(WINDOW + 2);
    private final Duration idleTimeout;
    private final Failures failures;
    private final ResponseBody body = new ResponseBody();
    private volatile HttpResponse.@Nullable ResponseInfo head;
    private Flow.@Nullable Subscription subscription;
    private boolean closed;
    private boolean draining;
    private long mayDrain = DRAIN_BYTES;
    private long aliveAt;
    private Signal.@Nullable End end;

    private Exchange(Duration idleTimeout, Failures failures) {
        this.idleTimeout = idleTimeout;
        this.failures = failures;
        UNDER_WAY.incrementAndGet();
    }

    /** How many requests of this process are under way, from before they are sent until they are closed. */
    static int underWay() {
        return UNDER_WAY.get();
    }

    /**
     * Sends the request and waits for the head of its response, which {@code failures} is told.
     *
     * @throws ModelException if there is none within the idle timeout
     */
    static Exchange open(HttpClient client, HttpRequest request, Duration idleTimeout, Failures failures)
            throws InterruptedException {
        Exchange exchange = new Exchange(idleTimeout, failures);
        try {
            exchange.send(client, request);
            return exchange;
        } catch (Throwable e) {
            exchange.close();
            throw e;
        }
    }

    private void send(HttpClient client, HttpRequest request) throws InterruptedException {
        Alarm alarm = Alarm.in(idleTimeout);
        try {
            client.send(request, this::begin);
        } catch (IOException e) {
            // A connection that breaks soon after the head may fail the request though some of the body has come in.
            signals.add(new Signal.End(e));
        } catch (InterruptedException e) {
            if (alarm.turnOff()) {
                throw failures.silent(idleTimeout);
            }
            throw e;
        } finally {
            alarm.turnOff();
        }
        HttpResponse.ResponseInfo begun = head;
        if (begun == null) {
            take();
            throw failure();
        }
        failures.answered(begun.statusCode(), begun.headers());
        alive();
    }

    private Exchange begin(HttpResponse.ResponseInfo info) {
        head = info;
        return this;
    }

    /** What has come in of the response. */
    ResponseBody body() {
        return body;
    }

    /** What can be said of the response where it fails. */
    Failures failures() {
        return failures;
    }

    /** Says that the response makes progress: the idle timeout begins again. */
    void alive() {
        aliveAt = System.nanoTime();
    }

    /**
     * Waits for more of the body.
     *
     * @return false if there is no more of it, because it ended or because the connection broke
     * @throws ModelException if nothing comes in for so long that the idle timeout is reached
     */
    boolean read() throws InterruptedException {
        if (end == null && take() instanceof Signal.Bytes bytes) {
            body.add(bytes.buffers());
            more();
            return true;
        }
        return false;
    }

    /** Waits for all the rest of the body, as far as it can be held and the connection does not break. */
    void readAll() throws InterruptedException {
        while (!body.full() && read()) {
            alive();
        }
    }

    /** Whether the connection broke before the end of the body. */
    boolean broke() {
        return end != null && end.failure() != null;
    }

    /** Why the body ended before its time. */
    ModelException failure() {
        Throwable cause = end == null ? null : end.failure();
        return cause == null ? failures.cut() : failures.transport(cause);
    }

    /**
     * Has the rest of a body read from which nothing more is wanted, so that its connection can be used again. A server may hold it
     * open for long: then it is read on while nobody waits, for a bounded while, and this exchange may be closed meanwhile.
     */
    void drain() throws InterruptedException {
        long deadline = System.nanoTime() + GRACE_NANOS;
        while (end == null && mayDrain >= 0) {
            Signal signal = signals.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (signal == null) {
                drainUnattended();
                return;
            }
            drained(signal);
        }
    }

    private synchronized void drainUnattended() {
        draining = true;
        for (Signal signal = signals.poll(); signal != null; signal = signals.poll()) {
            drained(signal);
        }
        Flow.Subscription bytes = subscription;
        if (end == null && bytes != null) {
            CompletableFuture.delayedExecutor(DRAIN_MILLIS, TimeUnit.MILLISECONDS, Runnable::run)
                    .execute(bytes::cancel);
        }
    }

    private void drained(Signal signal) {
        if (signal instanceof Signal.End last) {
            end = last;
        } else if (signal instanceof Signal.Bytes bytes) {
            mayDrain -=
                    bytes.buffers().stream().mapToLong(ByteBuffer::remaining).sum();
            more();
        }
    }

    private Signal take() throws InterruptedException {
        long left = aliveAt + idleTimeout.toNanos() - System.nanoTime();
        Signal signal = signals.poll(Math.max(0, left), TimeUnit.NANOSECONDS);
        if (signal == null) {
            throw failures.silent(idleTimeout);
        }
        if (signal instanceof Signal.End last) {
            end = last;
        }
        return signal;
    }

    private synchronized void more() {
        if (subscription != null) {
            subscription.request(1);
        }
    }

    /** Closes the connection, unless the response has come in to its end. Called once. */
    @Override
    public void close() {
        UNDER_WAY.decrementAndGet();
        body.close();
        Flow.Subscription bytes;
        synchronized (this) {
            if (end != null || draining && mayDrain >= 0) {
                return;
            }
            closed = true;
            bytes = subscription;
        }
        if (bytes != null) {
            bytes.cancel();
        }
    }

    @Override
    public CompletionStage<Exchange> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription bytes) {
        boolean wanted;
        synchronized (this) {
            wanted = !closed && subscription == null;
            subscription = wanted ? bytes : subscription;
        }
        if (wanted) {
            bytes.request(WINDOW);
        } else {
            bytes.cancel();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        came(new Signal.Bytes(buffers));
    }

    @Override
    public void onError(Throwable failure) {
        came(new Signal.End(failure));
    }

    @Override
    public void onComplete() {
        came(new Signal.End(null));
    }

    private synchronized void came(Signal signal) {
        if (!draining) {
            signals.add(signal);
            return;
        }
        drained(signal);
        if (mayDrain < 0 && end == null && subscription != null) {
            subscription.cancel();
        }
    }
}
