package dev.agentloop.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The responses of the scripted endpoint: eight events each with a call, in the form and about the size of the real API's.
 *
 * @param turns how many requests there are; the last is answered with a message
 * @param differ whether each call has arguments of its own
 * @param tokens how many the first request is said to have; 0 for no usage at all
 * @param perTurn how many more each request has than the one before
 */
record Script(int turns, boolean differ, long tokens, long perTurn) {
    private static final String HEAD = """
            HTTP/1.1 200 OK\r
            content-type: text/event-stream; charset=utf-8\r
            x-request-id: req_3f2a9d5b7c1e4a6f8b0d2c4e6a8f0b1d\r
            openai-processing-ms: 12\r
            transfer-encoding: chunked\r
            \r
            """;

    private static final int DELTA = 16;

    /** As one line, for {@link #read}. */
    @Override
    public String toString() {
        return turns + " " + differ + " " + tokens + " " + perTurn;
    }

    static Script read(String line) {
        String[] values = line.split(" ", -1);
        return new Script(
                Integer.parseInt(values[0]),
                Boolean.parseBoolean(values[1]),
                Long.parseLong(values[2]),
                Long.parseLong(values[3]));
    }

    /** Writes a whole response at once, in one chunk: how it is cut into pieces is not what is measured. */
    void write(OutputStream out, int turn) throws IOException {
        String events = String.join("", events(turn));
        String response = HEAD + Integer.toHexString(events.length()) + "\r\n" + events + "\r\n0\r\n\r\n";
        out.write(response.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    /** The events of a response, each with its lines. */
    private List<String> events(int turn) {
        boolean last = turn == turns;
        String item = last ? message(turn) : call(turn, arguments(turn), "completed");
        String text = last ? "Done." : arguments(turn);
        String kind = last ? "output_text" : "function_call_arguments";
        String place = "\"item_id\":\"item_" + id(turn) + "\",\"output_index\":0,";
        Events events = new Events();
        events.add("response.created", "\"response\":" + response(turn, "in_progress", "[]", "null"));
        events.add("response.in_progress", "\"response\":" + response(turn, "in_progress", "[]", "null"));
        events.add(
                "response.output_item.added",
                "\"output_index\":0,\"item\":" + (last ? item : call(turn, "", "in_progress")));
        for (int i = 0; i < text.length(); i += DELTA) {
            String delta = text.substring(i, Math.min(text.length(), i + DELTA));
            events.add("response." + kind + ".delta", place + "\"delta\":" + quoted(delta));
        }
        events.add("response." + kind + ".done", place + "\"arguments\":" + quoted(text));
        events.add("response.output_item.done", "\"output_index\":0,\"item\":" + item);
        events.add("response.completed", "\"response\":" + response(turn, "completed", "[" + item + "]", usage(turn)));
        return events.all;
    }

    private static final class Events {
        private final List<String> all = new ArrayList<>();

        void add(String type, String rest) {
            all.add("event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + all.size() + ","
                    + rest + "}\n\n");
        }
    }

    private String arguments(int turn) {
        return "{\"command\":[\"show\",\"" + (10_000 + (differ ? turn : 0)) + "\"]}";
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\"", "\\\"") + "\"";
    }

    private static String id(int turn) {
        return String.format(Locale.ROOT, "%048x", turn * 0x9e3779b97f4a7c15L);
    }

    private static String call(int turn, String arguments, String status) {
        return "{\"id\":\"item_" + id(turn) + "\",\"type\":\"function_call\",\"status\":\"" + status
                + "\",\"arguments\":" + quoted(arguments) + ",\"call_id\":\"call_" + id(turn).substring(24)
                + "\",\"name\":\"" + Work.TOOL + "\"}";
    }

    private static String message(int turn) {
        return "{\"id\":\"item_" + id(turn) + "\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
                + "\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"Done.\"}]}";
    }

    private String usage(int turn) {
        if (tokens == 0) {
            return "null";
        }
        long input = tokens + turn * perTurn;
        return "{\"input_tokens\":" + input + ",\"input_tokens_details\":{\"cached_tokens\":" + input / 10 * 9
                + "},\"output_tokens\":20,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":"
                + (input + 20) + "}";
    }

    private static String response(int turn, String status, String output, String usage) {
        return "{\"id\":\"resp_" + id(turn) + "\",\"object\":\"response\",\"created_at\":1772840758,\"status\":\""
                + status
                + "\",\"background\":false,\"completed_at\":null,\"error\":null,\"frequency_penalty\":0,"
                + "\"incomplete_details\":null,\"instructions\":null,\"max_output_tokens\":null,"
                + "\"max_tool_calls\":null,\"model\":\"" + Work.MODEL + "\",\"output\":" + output
                + ",\"parallel_tool_calls\":true,\"presence_penalty\":0,\"previous_response_id\":null,"
                + "\"prompt_cache_key\":null,\"reasoning\":{\"effort\":null,\"summary\":null},"
                + "\"safety_identifier\":null,\"service_tier\":\"default\",\"store\":false,\"temperature\":1,"
                + "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"},\"tool_choice\":\"auto\","
                + "\"tools\":[],\"top_logprobs\":0,\"top_p\":1,\"truncation\":\"disabled\",\"usage\":" + usage
                + ",\"user\":null,\"metadata\":{}}";
    }
}
