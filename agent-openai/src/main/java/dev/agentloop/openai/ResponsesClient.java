package dev.agentloop.openai;

import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request to a Responses API for each prompt, and no second one. Thread-safe. */
final class ResponsesClient implements Model {
    private static final Logger LOG = LoggerFactory.getLogger(ResponsesClient.class);

    private final PromptSettings settings;
    private final Endpoint endpoint;
    private final Supplier<HttpClient> client;
    private final Duration idleTimeout;

    ResponsesClient(PromptSettings settings, Endpoint endpoint, Supplier<HttpClient> client, Duration idleTimeout) {
        this.settings = settings;
        this.endpoint = endpoint;
        this.client = client;
        this.idleTimeout = idleTimeout;
    }

    @Override
    public PromptSettings settings() {
        return settings;
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        Secret secret = endpoint.secret();
        Failures failures = new Failures(endpoint.uri(), secret);
        String clientId = JsonClient.clientRequestId();
        HttpRequest request = endpoint.request(secret)
                .header("Accept", settings.stream() ? "text/event-stream" : "application/json")
                .header("X-Client-Request-Id", clientId)
                .POST(new PromptBody(prompt))
                .build();
        LOG.debug("request {} of {} bytes to {}", clientId, prompt.length(), failures.server());
        try (Exchange exchange = Exchange.open(client.get(), request, idleTimeout, failures);
                Incoming in = new Incoming()) {
            LOG.debug("request {} answered {}, request id {}", clientId, failures.status(), failures.requestId());
            return new ResponseReader(exchange, in, failures, listener, prompt.length()).read();
        }
    }

    @Override
    public OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        PromptBody body = new PromptBody(HeadFields.toCount(prompt), prompt);
        return new JsonClient(endpoint.below("/input_tokens"), client, idleTimeout).post(body, (answer, failures) -> {
            long tokens = answer.number("input_tokens", -1);
            if (tokens < 0) {
                throw failures.protocol("was asked for a count of tokens and sent none");
            }
            return OptionalLong.of(tokens);
        });
    }
}
