package dev.agentloop.openai;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What servers refuse in the calls of a request, judged with nothing but a JSON library. */
final class RequestRules {
    /** What a call's id must be to pass everywhere. */
    static final Pattern LEGAL_ID = Pattern.compile("[\\x21-\\x7e]{1,64}");

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");
    private static final Pattern STRICT_ID = Pattern.compile("[^\\p{Cntrl}\\p{Space}]{1,64}");
    private static final Set<String> CALLS = Set.of("function_call", "custom_tool_call");
    private static final String OUTPUT = "_output";

    private RequestRules() {}

    static boolean isCall(JsonNode item) {
        return CALLS.contains(type(item));
    }

    private static boolean isOutput(JsonNode item) {
        return type(item).endsWith(OUTPUT) && CALLS.contains(type(item).replace(OUTPUT, ""));
    }

    private static String type(JsonNode item) {
        return item.path("type").asText();
    }

    /** Where the calls and the outputs of an input are no pairs: each id is that of one call and of one output after it. */
    static List<String> pairing(JsonNode input) {
        List<String> broken = new ArrayList<>();
        Map<String, String> open = new LinkedHashMap<>();
        Map<String, String> calls = new LinkedHashMap<>();
        int place = 0;
        for (JsonNode item : input) {
            String at = "item " + place++;
            if (!isCall(item) && !isOutput(item)) {
                continue;
            }
            String id = item.path("call_id").asText();
            if (!item.path("call_id").isTextual() || id.isEmpty()) {
                broken.add(at + " (" + type(item) + ") has no call_id");
            } else if (isCall(item)) {
                if (calls.put(id, type(item)) != null) {
                    broken.add(at + ": two calls have the id " + id);
                }
                open.put(id, type(item));
            } else if (!calls.containsKey(id)) {
                broken.add(at + ": an output has the id " + id + ", and no call before it has");
            } else if (open.remove(id) == null) {
                broken.add(at + ": two outputs have the id " + id);
            } else if (!type(item).equals(calls.get(id) + OUTPUT)) {
                broken.add(at + ": a " + calls.get(id) + " is answered by a " + type(item));
            }
        }
        open.keySet().forEach(id -> broken.add("the call " + id + " has no output"));
        return broken;
    }

    /** What a strict server refuses besides. */
    static List<String> form(JsonNode input) {
        List<String> broken = new ArrayList<>();
        int place = 0;
        for (JsonNode item : input) {
            String at = "item " + place++;
            JsonNode id = item.path("call_id");
            if (isCall(item) && !NAME.matcher(item.path("name").asText()).matches()) {
                broken.add(at + " has the illegal name " + item.path("name"));
            }
            boolean named = id.isTextual() && !id.asText().isEmpty();
            if (named
                    && (isCall(item) || isOutput(item))
                    && !STRICT_ID.matcher(id.asText()).matches()) {
                broken.add(at + " has an illegal call_id of " + id.asText().length() + " characters: " + id);
            }
            if (type(item).equals("function_call") && !isObjectText(item.path("arguments"))) {
                broken.add(at + " has arguments that are no text of a JSON object: " + item.path("arguments"));
            }
            if (type(item).equals("custom_tool_call") && !item.path("input").isTextual()) {
                broken.add(at + " has an input that is no text: " + item.path("input"));
            }
        }
        return broken;
    }

    private static boolean isObjectText(JsonNode arguments) {
        try {
            return arguments.isTextual() && Recording.tree(arguments.asText()).isObject();
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** The ids of calls and outputs that would not pass everywhere. */
    static List<String> ids(JsonNode input) {
        List<String> broken = new ArrayList<>();
        for (JsonNode item : input) {
            String id = item.path("call_id").asText();
            if ((isCall(item) || isOutput(item)) && !LEGAL_ID.matcher(id).matches()) {
                broken.add("the id " + item.path("call_id") + " is not 1 to 64 printable ASCII characters");
            }
        }
        return broken;
    }
}
