package dev.agentloop.testkit.internal.request;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Checks the requests of one conversation, in order: what a longer request repeats was checked with the shorter one, so a
 * request costs what is new in it. Not thread-safe.
 */
public final class RequestCheck {
    private static final Set<String> VARYING =
            Set.of("tool_choice", "metadata", "stream_options", "safety_identifier", "user");
    /** Fixed for a conversation, unless it names a response to compare with. */
    private static final String CACHE_OPTIONS = "prompt_cache_options";

    private static final Set<String> WITHOUT_ID = Set.of(
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "custom_tool_call",
            "custom_tool_call_output");

    private final boolean inference;
    private byte[] before = new byte[0];
    private int inputEnd;
    private PairingRules rules = new PairingRules();
    private List<String> itemProblems = new ArrayList<>();
    /** Problems of the user's messages, unless a compaction item behind them says that a server has given them so. */
    private List<String> messageProblems = new ArrayList<>();

    private List<String> headProblems = new ArrayList<>();
    private String model = "";
    private boolean stream;

    /** For {@code inference}, or for a compaction, whose requests have no setting for what is stored. */
    public RequestCheck(boolean inference) {
        this.inference = inference;
    }

    /**
     * What was found.
     *
     * @param same how many bytes the request has in common with the one before, from the start
     * @param grown whether it begins with all of the one before, through its last input item
     * @param items how many input items it has
     * @param calls how many of them are calls
     */
    public record Finding(
            List<String> problems, String model, boolean stream, int same, boolean grown, int items, int calls) {}

    /** Checks the next request; its bytes are kept until the one after. */
    public Finding next(byte[] body) {
        int mismatch = Arrays.mismatch(before, body);
        int same = mismatch < 0 ? body.length : mismatch;
        boolean grown = inputEnd > 0 && same >= inputEnd;
        List<String> problems;
        try {
            int at = inputEnd;
            if (!grown) {
                rules = new PairingRules();
                itemProblems = new ArrayList<>();
                messageProblems = new ArrayList<>();
                headProblems = new ArrayList<>();
                inputEnd = 0;
                at = head(body);
            }
            if (at >= 0) {
                inputEnd = items(body, at);
                problems = tail(body, inputEnd);
            } else {
                problems = new ArrayList<>(headProblems);
            }
        } catch (IOException | IllegalArgumentException e) {
            problems = List.of("the body is not a request in JSON: " + e.getMessage());
            inputEnd = 0;
        }
        before = body;
        return new Finding(List.copyOf(problems), model, stream, same, grown, rules.count(), rules.calls());
    }

    /** The value of {@code prompt_cache_key}; empty where there is none. */
    public static String key(byte[] body) {
        try (JsonParser parser = Json.FACTORY.createParser(body)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME
                    && !parser.currentName().equals("input")) {
                boolean found = parser.currentName().equals("prompt_cache_key");
                parser.nextToken();
                if (found) {
                    return String.valueOf(parser.getText());
                }
                parser.skipChildren();
            }
        } catch (IOException e) {
            return ""; // The check itself says what is wrong with it.
        }
        return "";
    }

    /** Reads up to the bracket that opens the input, and returns the place behind it; -1 where the input is no array. */
    private int head(byte[] body) throws IOException {
        boolean store = inference;
        stream = false;
        model = "";
        try (JsonParser parser = Json.FACTORY.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("no object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("input")) {
                    if (store) {
                        headProblems.add("store is not false, so the server would keep the conversation");
                    }
                    return value == JsonToken.START_ARRAY
                            ? (int) parser.currentLocation().getByteOffset()
                            : -1;
                }
                if (VARYING.contains(name) || name.equals(CACHE_OPTIONS) && compares(parser)) {
                    headProblems.add("the field " + name + " may vary and stands before the input");
                }
                store = name.equals("store") ? value != JsonToken.VALUE_FALSE : store;
                stream = name.equals("stream") ? value == JsonToken.VALUE_TRUE : stream;
                model = name.equals("model") ? parser.getText() : model;
                parser.skipChildren();
            }
        }
        headProblems.add("there is no input");
        return -1;
    }

    /** Whether the options at which the parser stands name a response to compare with; reads to their end. */
    private static boolean compares(JsonParser parser) throws IOException {
        boolean compares = false;
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                compares |= parser.currentName().equals("comparison_response_id");
                parser.nextToken();
                parser.skipChildren();
            }
        }
        return compares;
    }

    /** Reads items from {@code at} on, and returns the place behind the last one. */
    private int items(byte[] body, int at) throws IOException {
        ItemScan scan = new ItemScan(body, at);
        while (scan.next()) {
            JsonFields item = JsonFields.of(body, scan.start(), scan.end());
            id(item);
            rules.accept(item);
        }
        return scan.end();
    }

    // A window that /responses/compact returned goes in unchanged: the user's messages with ids, and behind them its
    // item.
    private void id(JsonFields item) {
        String type = item.has("type") ? String.valueOf(item.text("type")) : "message";
        if (type.equals("compaction")) {
            messageProblems.clear();
        } else if (item.has("id") && WITHOUT_ID.contains(type)) {
            List<String> problems = "user".equals(item.text("role")) ? messageProblems : itemProblems;
            problems.add("item " + rules.count() + " (" + item.text("type")
                    + ") has an id, which a server that stores nothing cannot look up");
        }
    }

    private List<String> tail(byte[] body, int end) {
        int bracket = ItemScan.afterSpace(body, end);
        int rest = bracket < body.length ? ItemScan.afterSpace(body, bracket + 1) : bracket;
        if (rest >= body.length) {
            throw new IllegalArgumentException("it ends in the middle");
        }
        int fields = body[rest] == ',' ? rest + 1 : rest;
        String object = "{" + new String(body, fields, body.length - fields, StandardCharsets.UTF_8);
        List<String> problems = new ArrayList<>(headProblems);
        for (JsonFields.Field field :
                JsonFields.of(object.getBytes(StandardCharsets.UTF_8)).all()) {
            if (!VARYING.contains(field.name()) && !field.name().equals(CACHE_OPTIONS)) {
                problems.add("the field " + field.name() + " is fixed for a conversation and stands after the input");
            }
        }
        problems.addAll(itemProblems);
        problems.addAll(messageProblems);
        problems.addAll(rules.problems());
        return problems;
    }
}
