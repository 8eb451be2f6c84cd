package dev.agentloop.openai;

import dev.agentloop.internal.JsonFields;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request for one JSON object, at one address of the API. Thread-safe. */
record JsonClient(Endpoint endpoint, Supplier<HttpClient> client, Duration idleTimeout) {
    private static final Logger LOG = LoggerFactory.getLogger(JsonClient.class);

    /** Takes from an answer what is wanted, before the bytes that it stands in are used for something else. */
    interface Reader<T> {
        T read(JsonFields answer, Failures failures);
    }

    /**
     * Sends the body and reads the answer.
     *
     * @throws dev.agentloop.ModelException if there is none, or if it is an error or no JSON object
     */
    <T> T post(HttpRequest.BodyPublisher body, Reader<T> reader) throws InterruptedException {
        Secret secret = endpoint.secret();
        Failures failures = new Failures(endpoint.uri(), secret);
        String clientId = clientRequestId();
        HttpRequest request = endpoint.request(secret)
                .header("Accept", "application/json")
                .header("X-Client-Request-Id", clientId)
                .POST(body)
                .build();
        LOG.debug("request {} of {} bytes to {}", clientId, body.contentLength(), failures.server());
        try (Exchange exchange = Exchange.open(client.get(), request, idleTimeout, failures);
                Incoming in = new Incoming()) {
            LOG.debug("request {} answered {}, request id {}", clientId, failures.status(), failures.requestId());
            exchange.readAll(in);
            if (failures.status() / 100 != 2) {
                throw failures.refused(in);
            }
            if (exchange.broke()) {
                throw exchange.failure();
            }
            return reader.read(object(in, failures), failures);
        }
    }

    private static JsonFields object(Incoming in, Failures failures) {
        try {
            return JsonFields.of(in.bytes(), in.from(), in.to());
        } catch (IllegalArgumentException e) {
            throw failures.protocol("sent no JSON object: "
                    + ApiError.ofBody(in.bytes(), in.from(), in.to()).message());
        }
    }

    // An id to find the request by, no secret: not worth the slow start of a SecureRandom.
    static String clientRequestId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }
}
