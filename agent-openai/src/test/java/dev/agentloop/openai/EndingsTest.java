package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.calling;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.event;
import static dev.agentloop.openai.Events.failed;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Events.terminal;
import static dev.agentloop.openai.Replies.stream;

import dev.agentloop.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The ways in which a response says that it ended. */
class EndingsTest extends FaultTable {
    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>();
        endings(rows);
        return rows.stream();
    }

    private static void endings(List<Row> rows) {
        rows.add(survives("none", stream(saying("Hello"))));
        rows.add(new Row("none, with a call", List.of(stream(calling("call_1"))), 1, "function_call", "complete", ""));
        for (String reason : List.of("max_output_tokens", "content_filter", "max_messages")) {
            rows.add(new Row(
                    "incomplete: " + reason,
                    List.of(stream(CREATED
                            + done(0, message("Hel"))
                            + terminal(
                                    "incomplete",
                                    "\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"" + reason
                                            + "\"}"))),
                    1,
                    "message",
                    "incomplete: " + reason,
                    "Hel"));
        }
        rows.add(new Row(
                "incomplete without a reason",
                List.of(stream(CREATED + terminal("incomplete", "\"status\":\"incomplete\""))),
                1,
                "",
                "incomplete: unknown",
                ""));
        for (String code : List.of(
                "server_error",
                "rate_limit_exceeded",
                "server_is_overloaded",
                "slow_down",
                "vector_store_timeout",
                "something_new")) {
            rows.add(heals("failed: " + code, stream(CREATED + failed(code, "Later. Please try again in 5ms."))));
        }
        rows.add(
                heals(
                        "failed without an error",
                        stream(
                                CREATED
                                        + event(
                                                "response.failed",
                                                "{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":null}}"))));
        rows.add(
                heals(
                        "error event, nested",
                        stream(
                                CREATED
                                        + event(
                                                "error",
                                                "{\"type\":\"error\",\"error\":{\"type\":\"server_error\",\"code\":null,\"message\":\"m\"}}"))));
        rows.add(heals(
                "error event, flat",
                stream(CREATED
                        + event(
                                "error",
                                "{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\",\"param\":null}"))));
        rows.add(heals("error event without a type", stream(CREATED + "data: {\"error\":{\"message\":\"m\"}}\n\n")));
        rows.add(fails(
                "error event with a status",
                stream(CREATED + event("error", "{\"type\":\"error\",\"status\":404,\"error\":{\"message\":\"No\"}}")),
                "NOT_FOUND 200",
                "SERVER broke off with an error: No. Check the name of the model and the base URL. (request req_1)"));
        rows.add(failing(
                "context_length_exceeded",
                ModelException.Kind.CONTEXT_LENGTH,
                " Compact the conversation, or use a model with a larger context window."));
        for (String code :
                List.of("insufficient_quota", "credit_balance_exhausted", "usage_not_included", "new_quota_reached")) {
            rows.add(failing(
                    code,
                    ModelException.Kind.QUOTA,
                    " The owner of the account must check its plan and credit; trying again does not help."));
        }
        for (String code : List.of(
                "invalid_prompt",
                "bio_policy",
                "cyber_policy",
                "data_residency_mismatch",
                "misalignment_policy_violation",
                "new_policy")) {
            rows.add(failing(
                    code,
                    ModelException.Kind.POLICY,
                    " A policy of the provider forbids this prompt or its answer; trying again does not help."));
        }
        for (String code : List.of(
                "invalid_image",
                "invalid_image_format",
                "invalid_base64_image",
                "invalid_image_url",
                "image_too_large",
                "image_too_small",
                "image_parse_error",
                "image_content_policy_violation",
                "invalid_image_mode",
                "image_file_too_large",
                "unsupported_image_media_type",
                "empty_image_file",
                "failed_to_download_image",
                "image_file_not_found")) {
            rows.add(failing(
                    code,
                    ModelException.Kind.INVALID_IMAGE,
                    " An image in the prompt cannot be used; leave it out and try once more."));
        }
        rows.add(failing(
                "invalid_something_new",
                ModelException.Kind.INVALID_REQUEST,
                " The request is wrong for this model or server; change its settings or its input."));
        rows.add(failing(
                "previous_response_not_found",
                ModelException.Kind.INVALID_REQUEST,
                " The request is wrong for this model or server; change its settings or its input."));
        rows.add(new Row(
                "terminal event that names no response",
                List.of(stream(CREATED
                        + done(0, message("Hello"))
                        + event("response.completed", "{\"type\":\"response.completed\"}"))),
                1,
                "message",
                "complete",
                "Hello"));
    }

    private static Row failing(String code, ModelException.Kind kind, String advice) {
        return fails(
                "failed: " + code,
                stream(CREATED + failed(code, "The reason.")),
                kind + " " + code + " 200",
                "SERVER broke off with an error (" + code + "): The reason." + advice + " (request req_1)");
    }
}
