package dev.agentloop.openai;

import dev.agentloop.internal.Json;

/** The events of a stream as text, in the forms that servers send them. */
final class Events {
    static final String CREATED = event(
            "response.created",
            "{\"type\":\"response.created\",\"sequence_number\":0,"
                    + "\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"output\":[]}}");
    static final String USAGE = "\"usage\":{\"input_tokens\":75,\"input_tokens_details\":{\"cached_tokens\":50,"
            + "\"cache_write_tokens\":5},\"output_tokens\":20,\"output_tokens_details\":{\"reasoning_tokens\":8},"
            + "\"total_tokens\":95}";

    private Events() {}

    static String event(String type, String data) {
        return "event: " + type + "\ndata: " + data + "\n\n";
    }

    static String message(String text) {
        return "{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
                + "\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"text\":" + Json.quote(text) + "}]}";
    }

    static String call(String callId, String arguments) {
        return "{\"id\":\"fc_1\",\"type\":\"function_call\",\"status\":\"completed\",\"arguments\":"
                + Json.quote(arguments) + ",\"call_id\":\"" + callId + "\",\"name\":\"look\"}";
    }

    static String reasoning(String encrypted) {
        return "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"encrypted_content\":\"" + encrypted + "\",\"summary\":[]}";
    }

    static String done(int index, String item) {
        return event(
                "response.output_item.done",
                "{\"type\":\"response.output_item.done\",\"sequence_number\":7,\"output_index\":" + index + ",\"item\":"
                        + item + "}");
    }

    static String delta(String type, String text) {
        return event(
                "response." + type + ".delta",
                "{\"type\":\"response." + type
                        + ".delta\",\"sequence_number\":4,\"item_id\":\"msg_1\",\"output_index\":0,"
                        + "\"content_index\":0,\"delta\":" + Json.quote(text)
                        + ",\"logprobs\":[],\"obfuscation\":\"x9\"}");
    }

    static String completed(String... items) {
        return terminal("completed", "\"status\":\"completed\"," + USAGE, items);
    }

    static String terminal(String kind, String fields, String... items) {
        return event("response." + kind, terminalJson(kind, fields, items));
    }

    static String terminalJson(String kind, String fields, String... items) {
        return "{\"type\":\"response." + kind + "\",\"sequence_number\":9,\"response\":" + response(fields, items)
                + "}";
    }

    static String response(String fields, String... items) {
        return "{\"id\":\"resp_1\",\"object\":\"response\",\"error\":null,\"incomplete_details\":null,\"output\":["
                + String.join(",", items) + "]," + fields + "}";
    }

    static String failed(String code, String message) {
        return event(
                "response.failed",
                "{\"type\":\"response.failed\",\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\""
                        + code + "\",\"message\":" + Json.quote(message) + "},\"output\":[],\"usage\":null}}");
    }

    /** A whole stream that says a text. */
    static String saying(String text) {
        String item = message(text);
        return CREATED + delta("output_text", text) + done(0, item) + completed(item);
    }

    /** A whole stream that calls a tool. */
    static String calling(String callId) {
        String item = call(callId, "{}");
        return CREATED + delta("function_call_arguments", "{}") + done(0, item) + completed(item);
    }
}
