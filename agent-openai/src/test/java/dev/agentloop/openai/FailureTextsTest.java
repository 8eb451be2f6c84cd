package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of error bodies and headers in all their forms. */
class FailureTextsTest {
    private static final URI SERVER = URI.create("http://user:pass@host:8080/v1/responses?key=secret");

    private static ModelException refused(int status, String body, Map<String, String> headers, String key) {
        Failures failures = new Failures(SERVER, Secret.of(key));
        failures.answered(status, headers(headers));
        try (ResponseBody in = new ResponseBody()) {
            in.add(List.of(ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8))));
            return failures.refused(in);
        }
    }

    private static HttpHeaders headers(Map<String, String> headers) {
        Map<String, List<String>> map = new HashMap<>();
        headers.forEach((name, value) -> map.put(name, List.of(value)));
        return HttpHeaders.of(map, (name, value) -> true);
    }

    @Test
    void refused_addressAndBodyWithCredentials_showNone() {
        String key = "Zx9-unusual-key";
        ModelException failure = refused(
                401,
                "{\"error\":{\"message\":\"Bad key " + key + ", sk-proj-abc_DEF123, Bearer abcdefghijkl,"
                        + " eyJhbGciOiJI.eyJzdWIiOiI.sig\",\"code\":\"bad_" + key + "\"}}",
                Map.of("x-request-id", "req-" + key),
                key);

        assertThat(failure)
                .hasMessage(
                        "http://host:8080/v1/responses answered HTTP 401 (bad_***): Bad key ***, ***, ***, ***. Check"
                                + " the API key (OPENAI_API_KEY), and the organisation and project if they are set. (request"
                                + " req-***)");
        assertThat(failure.code()).isEqualTo("bad_***");
        assertThat(failure.requestId()).isEqualTo("req-***");
    }

    @Test
    void masked_shortKey_isMaskedOnlyAsAWord() {
        assertThat(Secret.of("local").masked("the local model at localhost")).isEqualTo("the *** model at localhost");
        assertThat(Secret.NONE.masked("nothing")).isEqualTo("nothing");
        assertThat(Secret.of("key")).hasToString("***");
    }

    @Test
    void refused_longBody_isShortened() {
        ModelException failure = refused(400, "x".repeat(100_000), Map.of(), "k");

        assertThat(failure.getMessage()).hasSizeLessThan(700).contains("xxx…");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "400 | {\"code\":\"invalid-argument\",\"error\":\"Incorrect API key provided.\"} | AUTHENTICATION | invalid-argument",
                "400 | {\"error\":{\"message\":\"m\",\"code\":\"model_not_found\"}} | NOT_FOUND | model_not_found",
                "400 | {\"object\":\"error\",\"message\":\"This model's maximum context length is 9\",\"type\":\"BadRequestError\",\"code\":400} | CONTEXT_LENGTH | 400",
                "400 | {\"error\":{\"message\":\"The encrypted content for item rs_1 could not be verified.\",\"code\":null}} | INVALID_ENCRYPTED_CONTENT | ``",
                "422 | {\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]} | INVALID_REQUEST | ``",
                "401 | {\"statusCode\":401,\"message\":\"Access denied due to invalid subscription key.\"} | AUTHENTICATION | ``",
                "404 | {\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"m\"}} | NOT_FOUND | DeploymentNotFound",
                "429 | {\"error\":{\"code\":\"429\",\"message\":\"m\"}} | RATE_LIMIT | 429",
                "429 | {\"error\":{\"type\":\"insufficient_quota\",\"code\":null,\"message\":\"m\"}} | QUOTA | insufficient_quota",
                "429 | {\"error\":{\"type\":\"too_many_requests\",\"message\":\"m\"}} | RATE_LIMIT | too_many_requests",
                "400 | {\"error\":{\"type\":\"invalid_request\",\"message\":\"m\"}} | INVALID_REQUEST | invalid_request",
                "500 | {\"error\":{\"type\":\"model_error\",\"message\":\"m\"}} | SERVER | model_error",
                "402 | {\"error\":{\"message\":\"Insufficient credits\"}} | QUOTA | ``",
                "407 | | AUTHENTICATION | ``",
                "413 | | INVALID_REQUEST | ``",
                "503 | | OVERLOADED | ``",
                "400 | {\"error\":\"plain\"} | INVALID_REQUEST | ``",
                "400 | [1,2] | INVALID_REQUEST | ``",
            })
    void refused_formsOfServers_areUnderstood(int status, String body, Kind kind, String code) {
        ModelException failure = refused(status, body == null ? "" : body, Map.of(), "k");

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.status()).isEqualTo(status);
        assertThat(failure).hasMessageStartingWith("http://host:8080/v1/responses answered HTTP " + status);
    }
}
