package dev.agentloop.openai;

import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.internal.JsonFields;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request to a Responses API for each prompt, and no second one. Thread-safe. */
record ResponsesClient(PromptSettings settings, Endpoint endpoint, Supplier<HttpClient> client, Duration idleTimeout)
        implements Model {
    private static final Logger LOG = LoggerFactory.getLogger(ResponsesClient.class);
    private static final String JSON = "application/json";

    /** Takes from an answer what is wanted, before the bytes that it stands in are used for something else. */
    interface Reader<T> {
        T read(JsonFields answer, Failures failures);
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        String accept = settings.stream() ? "text/event-stream" : JSON;
        try (Exchange exchange = open(endpoint, accept, new RequestBody(prompt))) {
            return new ResponseReader(exchange, listener, prompt.length()).read();
        }
    }

    @Override
    public OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        return post("/input_tokens", RequestBody.toCount(prompt), (answer, failures) -> {
            long tokens = answer.number("input_tokens", -1);
            if (tokens < 0) {
                throw failures.protocol("was asked for a count of tokens and sent none");
            }
            return OptionalLong.of(tokens);
        });
    }

    /**
     * Sends the body to an address below that of an inference, and reads the answer.
     *
     * @throws dev.agentloop.ModelException if there is none, or if it is an error or no JSON object
     */
    <T> T post(String path, RequestBody body, Reader<T> reader) throws InterruptedException {
        try (Exchange exchange = open(endpoint.below(path), JSON, body)) {
            Failures failures = exchange.failures();
            exchange.readAll();
            if (failures.status() / 100 != 2) {
                throw failures.refused(exchange.body());
            }
            if (exchange.broke()) {
                throw exchange.failure();
            }
            return reader.read(object(exchange.body(), failures), failures);
        }
    }

    private static JsonFields object(ResponseBody body, Failures failures) {
        try {
            return body.json();
        } catch (IllegalArgumentException e) {
            throw failures.protocol("sent no JSON object: " + body.error().message());
        }
    }

    private Exchange open(Endpoint to, String accept, RequestBody body) throws InterruptedException {
        Secret secret = to.secret();
        Failures failures = new Failures(to.uri(), secret);
        // An id to find the request by, no secret: not worth the slow start of a SecureRandom.
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String clientId = new UUID(random.nextLong(), random.nextLong()).toString();
        HttpRequest request = to.request(secret)
                .header("Accept", accept)
                .header("X-Client-Request-Id", clientId)
                .POST(body)
                .build();
        LOG.debug("request {} of {} bytes to {}", clientId, body.contentLength(), failures.server());
        Exchange exchange = Exchange.open(client.get(), request, idleTimeout, failures);
        LOG.debug("request {} answered {}, request id {}", clientId, failures.status(), failures.requestId());
        return exchange;
    }
}
