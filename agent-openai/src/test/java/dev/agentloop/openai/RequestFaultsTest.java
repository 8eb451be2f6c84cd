package dev.agentloop.openai;

import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.json;
import static dev.agentloop.openai.Replies.nothing;
import static dev.agentloop.openai.Replies.of;
import static dev.agentloop.openai.Replies.raw;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Faults of requests that bring no response, by status and code. */
class RequestFaultsTest extends FaultTable {
    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>();
        requestFaults(rows);
        return rows.stream();
    }

    private static void requestFaults(List<Row> rows) {
        rows.add(heals("500 once", error(500, "server_error", "Oops")));
        rows.add(new Row(
                "500 for ever",
                List.of(error(500, "server_error", "Oops")),
                3,
                "",
                "SERVER server_error 500",
                "SERVER answered HTTP 500 (server_error): Oops. The server failed; trying again later may help."
                        + " (request req_1) Given up after 3 tries."));
        for (int status : new int[] {408, 409, 500, 502, 503, 504, 529}) {
            rows.add(heals(status + " without a code", of(status, "text/plain", "try later")));
        }
        rows.add(heals("429 with retry-after-ms", error(429, "rate_limit_exceeded", "Slow", "retry-after-ms: 3")));
        rows.add(heals("429 with retry-after", error(429, "rate_limit_exceeded", "Slow", "Retry-After: 0.01")));
        rows.add(heals("429 slow_down", error(429, "slow_down", "Slow down")));
        rows.add(heals("503 server_is_overloaded", error(503, "server_is_overloaded", "Busy")));
        rows.add(heals("400 with x-should-retry", error(400, "", "Odd", "x-should-retry: true")));
        rows.add(fails(
                "500 with x-should-retry false",
                error(500, "", "No", "x-should-retry: false"),
                "SERVER invalid_request_error 500",
                "SERVER answered HTTP 500 (invalid_request_error): No. The server failed; trying again later may help."
                        + " (request req_1)"));
        rows.add(fails(
                "429 that asks for a longer wait than the policy has",
                error(429, "rate_limit_exceeded", "Slow", "retry-after: 121"),
                "RATE_LIMIT rate_limit_exceeded 429",
                "SERVER answered HTTP 429 (rate_limit_exceeded): Slow. Send fewer requests and tokens a minute, or have"
                        + " the limit raised. (request req_1) The server asks for a wait of 121 s, but"
                        + " RetryPolicy.maxAskedDelay allows 120 s: not tried again."));
        rows.add(fails(
                "429 for a request that is too large by itself",
                error(429, "rate_limit_exceeded", "Request too large for gpt-4o: Limit 1, Requested 30."),
                "RATE_LIMIT rate_limit_exceeded 429",
                "SERVER answered HTTP 429 (rate_limit_exceeded): Request too large for gpt-4o: Limit 1, Requested 30."
                        + " The request alone is over the limit of tokens a minute: shorten the prompt, or have the limit"
                        + " raised. (request req_1)"));
        for (String code : List.of("insufficient_quota", "credit_balance_exhausted", "usage_not_included")) {
            rows.add(fails(
                    "429 " + code + ", whatever x-should-retry says",
                    error(429, code, "You exceeded your quota.", "x-should-retry: true"),
                    "QUOTA " + code + " 429",
                    "SERVER answered HTTP 429 (" + code + "): You exceeded your quota. The owner of the account must"
                            + " check its plan and credit; trying again does not help. (request req_1)"));
        }
        rows.add(fails(
                "400",
                json(
                        400,
                        "{\"error\":{\"message\":\"Unsupported parameter: 'x'\",\"type\":\"invalid_request_error\","
                                + "\"param\":\"x\",\"code\":\"unsupported_parameter\"}}"),
                "INVALID_REQUEST unsupported_parameter 400",
                "SERVER answered HTTP 400 (unsupported_parameter): Unsupported parameter: 'x' [field x]. The request is"
                        + " wrong for this model or server; change its settings or its input."));
        rows.add(fails(
                "400 context_length_exceeded",
                error(400, "context_length_exceeded", "Your input exceeds the context window of this model."),
                "CONTEXT_LENGTH context_length_exceeded 400",
                "SERVER answered HTTP 400 (context_length_exceeded): Your input exceeds the context window of this"
                        + " model. Compact the conversation, or use a model with a larger context window. (request"
                        + " req_1)"));
        rows.add(fails(
                "400 invalid_encrypted_content",
                error(400, "invalid_encrypted_content", "The encrypted content gAAA could not be verified."),
                "INVALID_ENCRYPTED_CONTENT invalid_encrypted_content 400",
                "SERVER answered HTTP 400 (invalid_encrypted_content): The encrypted content gAAA could not be"
                        + " verified. The reasoning in the prompt belongs to another key, organisation or model; leave it"
                        + " out and try once more. (request req_1)"));
        rows.add(fails(
                "401 that shows the key",
                error(401, "invalid_api_key", "Incorrect API key provided: key-of-the-test."),
                "AUTHENTICATION invalid_api_key 401",
                "SERVER answered HTTP 401 (invalid_api_key): Incorrect API key provided: ***. Check the API key"
                        + " (OPENAI_API_KEY), and the organisation and project if they are set. (request req_1)"));
        rows.add(fails(
                "403",
                error(403, "unsupported_country_region_territory", "Not here"),
                "PERMISSION unsupported_country_region_territory 403",
                "SERVER answered HTTP 403 (unsupported_country_region_territory): Not here. Check what the key may do,"
                        + " and whether the region is served. (request req_1)"));
        rows.add(fails(
                "404",
                error(404, "model_not_found", "No such model"),
                "NOT_FOUND model_not_found 404",
                "SERVER answered HTTP 404 (model_not_found): No such model. Check the name of the model and the base URL."
                        + " (request req_1)"));
        rows.add(fails(
                "a redirect",
                of(307, "text/plain", "", "Location: https://elsewhere.example/v1/responses?token=x"),
                "PROTOCOL 307",
                "SERVER answered HTTP 307, a redirect to https://elsewhere.example/v1/responses; set the base URL to"
                        + " where the API is."));
        rows.add(fails(
                "an error whose body breaks off",
                raw("HTTP/1.1 401 No\r\nContent-Length: 500\r\n\r\n{\"error\""),
                "AUTHENTICATION 401",
                "SERVER answered HTTP 401: {\"error\". Check the API key (OPENAI_API_KEY), and the organisation and project"
                        + " if they are set."));
        rows.add(heals("closed without an answer", nothing()));
        rows.add(new Row(
                "closed without an answer for ever",
                List.of(nothing()),
                3,
                "",
                "TRANSPORT 0",
                "the connection to SERVER broke before it answered: HTTP/1.1 header parser received no bytes. Given up"
                        + " after 3 tries."));
        rows.add(heals("no HTTP", raw("hello\r\n\r\n")));
    }
}
