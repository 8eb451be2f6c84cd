package dev.agentloop.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The responses of the scripted endpoint: eight events each, in the form and about the size of the real API's. */
final class Script {
    private static final String HEAD = """
            HTTP/1.1 200 OK\r
            content-type: text/event-stream; charset=utf-8\r
            x-request-id: req_3f2a9d5b7c1e4a6f8b0d2c4e6a8f0b1d\r
            openai-processing-ms: 12\r
            transfer-encoding: chunked\r
            \r
            """;

    private Script() {}

    /** Writes a whole response, one chunk and one write an event, as a server does that sends events as they happen. */
    static void write(OutputStream out, int turn, boolean last) throws IOException {
        out.write(HEAD.getBytes(StandardCharsets.US_ASCII));
        List<String> events = events(turn, last);
        for (int i = 0; i < events.size(); i++) {
            String event = events.get(i);
            String end = i == events.size() - 1 ? "\r\n0\r\n\r\n" : "\r\n";
            out.write((Integer.toHexString(event.length()) + "\r\n" + event + end).getBytes(StandardCharsets.US_ASCII));
        }
        out.flush();
    }

    /** The events of a response, each with its lines. */
    static List<String> events(int turn, boolean last) {
        String item = last ? message(turn) : call(turn);
        List<String> events = new ArrayList<>();
        events.add(event(0, "response.created", "\"response\":" + response(turn, "in_progress", "[]", "null")));
        events.add(event(1, "response.in_progress", "\"response\":" + response(turn, "in_progress", "[]", "null")));
        events.add(event(2, "response.output_item.added", "\"output_index\":0,\"item\":" + item));
        String kind = last ? "output_text" : "function_call_arguments";
        String place = "\"item_id\":\"item_" + id(turn) + "\",\"output_index\":0,";
        events.add(event(3, "response." + kind + ".delta", place + "\"delta\":\"{\\\"turn\\\":\""));
        events.add(event(4, "response." + kind + ".delta", place + "\"delta\":\"" + turn + "}\""));
        events.add(event(5, "response." + kind + ".done", place + "\"arguments\":\"{\\\"turn\\\":" + turn + "}\""));
        events.add(event(6, "response.output_item.done", "\"output_index\":0,\"item\":" + item));
        events.add(event(
                7, "response.completed", "\"response\":" + response(turn, "completed", "[" + item + "]", usage(turn))));
        return events;
    }

    private static String event(int sequence, String type, String rest) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + sequence + "," + rest
                + "}\n\n";
    }

    private static String id(int turn) {
        return String.format(Locale.ROOT, "%048x", turn * 0x9e3779b97f4a7c15L);
    }

    private static String call(int turn) {
        return "{\"id\":\"item_" + id(turn) + "\",\"type\":\"function_call\",\"status\":\"completed\",\"arguments\":"
                + "\"{\\\"turn\\\":" + turn + "}\",\"call_id\":\"call_" + id(turn).substring(24)
                + "\",\"name\":\"read\"}";
    }

    private static String message(int turn) {
        return "{\"id\":\"item_" + id(turn) + "\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
                + "\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"Done.\"}]}";
    }

    private static String usage(int turn) {
        return "{\"input_tokens\":" + (1_000 + turn * 300) + ",\"input_tokens_details\":{\"cached_tokens\":"
                + (1_000 + turn * 290) + "},\"output_tokens\":20,\"output_tokens_details\":{\"reasoning_tokens\":0},"
                + "\"total_tokens\":" + (1_020 + turn * 300) + "}";
    }

    private static String response(int turn, String status, String output, String usage) {
        return "{\"id\":\"resp_" + id(turn) + "\",\"object\":\"response\",\"created_at\":1772840758,\"status\":\""
                + status
                + "\",\"background\":false,\"completed_at\":null,\"error\":null,\"frequency_penalty\":0,"
                + "\"incomplete_details\":null,\"instructions\":\"" + Work.INSTRUCTIONS
                + "\",\"max_output_tokens\":null,\"max_tool_calls\":null,\"model\":\"" + Work.MODEL
                + "\",\"output\":" + output + ",\"parallel_tool_calls\":true,\"presence_penalty\":0,"
                + "\"previous_response_id\":null,\"prompt_cache_key\":null,\"reasoning\":{\"effort\":\"none\","
                + "\"summary\":null},\"safety_identifier\":null,\"service_tier\":\"default\",\"store\":false,"
                + "\"temperature\":1,\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"},"
                + "\"tool_choice\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"read\",\"description\":\""
                + Work.DESCRIPTION + "\",\"parameters\":{\"type\":\"object\"},\"strict\":false}],\"top_logprobs\":0,"
                + "\"top_p\":1,\"truncation\":\"disabled\",\"usage\":" + usage + ",\"user\":null,\"metadata\":{}}";
    }
}
