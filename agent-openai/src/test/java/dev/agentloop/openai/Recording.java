package dev.agentloop.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentloop.Item;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads recorded traffic with nothing but a JSON library, so that it can judge the client. */
final class Recording {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> WITHOUT_ID = Set.of(
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "custom_tool_call",
            "custom_tool_call_output");
    private static final Set<String> LAST =
            Set.of("response.completed", "response.incomplete", "response.failed", "error");
    private static final Pattern STATUS = Pattern.compile("(?m)^< (\\d{3})\\s*$");
    private static final Pattern REQUEST_ID = Pattern.compile("(?mi)^< x-request-id: (.*)$");

    private Recording() {}

    static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the file holds the answer to an inference; counts of tokens and compactions are other endpoints. */
    static boolean isResponse(Path file) {
        String name = file.getFileName().toString();
        if (name.endsWith(".request.json") || name.endsWith(".headers.txt") || name.endsWith(".md")) {
            return false;
        }
        return Files.isRegularFile(file) && !headers(file).matches("(?s)> POST \\S*/(compact|input_tokens)\\s.*");
    }

    private static String headers(Path file) {
        return sibling(file, ".headers.txt");
    }

    private static String sibling(Path file, String ending) {
        String name = file.getFileName().toString();
        int end = name.indexOf(".response.");
        Path other = file.resolveSibling(name.substring(0, Math.max(0, end)) + ending);
        try {
            return end > 0 && Files.exists(other) ? Files.readString(other) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The responses in the file: one, or several where a publisher joined them. */
    static List<Exchanged> read(Path file) throws IOException {
        String body = Files.readString(file);
        String name = file.getParent().getFileName() + "/" + file.getFileName();
        Matcher status = STATUS.matcher(headers(file));
        int code = status.find() ? Integer.parseInt(status.group(1)) : 200;
        Matcher id = REQUEST_ID.matcher(headers(file));
        String requestId = id.find() ? id.group(1).strip() : "";
        JsonNode input = input(sibling(file, ".request.json"));
        if (name.endsWith(".json")) {
            return List.of(new Exchanged(name, code, requestId, input, "application/json", body, List.of(body)));
        }
        if (name.endsWith(".sse")) {
            List<String> events = new ArrayList<>();
            for (String block : body.split("\n\n")) {
                String data = block.lines()
                        .filter(line -> line.startsWith("data:"))
                        .map(line -> line.substring("data:".length()).strip())
                        .collect(Collectors.joining("\n"));
                if (!data.isEmpty() && !data.equals("[DONE]")) {
                    events.add(data);
                }
            }
            return List.of(new Exchanged(name, code, requestId, input, "text/event-stream", body, events));
        }
        return joined(name, body.lines().filter(line -> !line.isBlank()).toList());
    }

    private static List<Exchanged> joined(String name, List<String> events) {
        List<Exchanged> all = new ArrayList<>();
        List<String> part = new ArrayList<>();
        for (int i = 0; i < events.size(); i++) {
            part.add(events.get(i));
            boolean ends = i == events.size() - 1
                    || tree(events.get(i + 1)).path("type").asText().equals("response.created");
            if (ends) {
                String body =
                        part.stream().map(event -> "data: " + event + "\n\n").collect(Collectors.joining());
                all.add(new Exchanged(
                        name, 200, "", JSON.createArrayNode(), "text/event-stream", body, List.copyOf(part)));
                part.clear();
            }
        }
        return all;
    }

    /** The recorded input, as an array of items; a plain text is the message that it stands for. */
    private static JsonNode input(String request) {
        JsonNode input =
                request.isBlank() ? JSON.createArrayNode() : tree(request).path("input");
        if (!input.isTextual()) {
            return input;
        }
        JsonNode part = JSON.createObjectNode().put("type", "input_text").put("text", input.asText());
        JsonNode message = JSON.createObjectNode()
                .put("type", "message")
                .put("role", "user")
                .set("content", JSON.createArrayNode().add(part));
        return JSON.createArrayNode().add(message);
    }

    /** The item as it has to go back to a server that keeps nothing; empty for reasoning that cannot. */
    static Optional<JsonNode> replayed(JsonNode item) {
        String type = item.path("type").asText(item.has("role") ? "message" : "");
        boolean opaque = item.path("encrypted_content").asText("").isEmpty();
        if (type.equals("reasoning") && opaque && item.path("content").isEmpty()) {
            return Optional.empty();
        }
        ObjectNode copy = item.deepCopy();
        return Optional.of(WITHOUT_ID.contains(type) ? copy.without("id") : copy);
    }

    /** One response, and the request that it answered where that was recorded too. */
    record Exchanged(
            String name,
            int status,
            String requestId,
            JsonNode recordedInput,
            String type,
            String body,
            List<String> events) {

        Reply reply() {
            String id = requestId.isEmpty() ? "x-none: x" : "x-request-id: " + requestId;
            return Replies.of(status, type, body, id);
        }

        private boolean streamed() {
            return type.equals("text/event-stream");
        }

        /** The object that the response ends with: all of it if it was not streamed. */
        JsonNode last() {
            JsonNode last = events.stream()
                    .map(Recording::tree)
                    .filter(event ->
                            !streamed() || LAST.contains(event.path("type").asText()))
                    .findFirst()
                    .orElseThrow();
            return last.has("response") ? last.get("response") : last;
        }

        boolean refused() {
            JsonNode last = last();
            String ended = last.path("status").asText();
            return status != 200
                    || last.path("error").isObject()
                    || last.path("type").asText().equals("error")
                    || ended.equals("queued")
                    || ended.equals("in_progress");
        }

        private JsonNode error() {
            JsonNode error = last().path("error");
            return error.isObject() ? error : last();
        }

        String errorCode() {
            return error().path("code").asText("").isEmpty()
                    ? error().path("type").asText("")
                    : error().path("code").asText("");
        }

        /** Some of what the server says, before anything that is masked or cut. */
        String errorText() {
            JsonNode said = last().path("error").isTextual() ? last().path("error") : error().path("message");
            String text = said.asText("");
            return text.substring(0, Math.min(text.length(), 24));
        }

        /** The items that must go back, as trees. */
        List<JsonNode> items() {
            return rawItems().stream()
                    .map(Recording::tree)
                    .map(Recording::replayed)
                    .flatMap(Optional::stream)
                    .toList();
        }

        /** The items that must go back, as the very text that they came in. */
        List<String> itemTexts() {
            List<String> texts = new ArrayList<>();
            for (String raw : rawItems()) {
                if (replayed(tree(raw)).isPresent()) {
                    boolean cut = WITHOUT_ID.contains(tree(raw).path("type").asText());
                    texts.add((cut ? Slices.withoutId(raw) : raw).replaceAll("[\r\n]", " "));
                }
            }
            return texts;
        }

        private List<String> rawItems() {
            List<String> output = Slices.elements(Slices.field(Slices.fieldOr(lastText(), "response"), "output"));
            if (!streamed()) {
                return output;
            }
            List<String> raw = new ArrayList<>();
            List<Integer> indexes = new ArrayList<>();
            for (String event : events) {
                if (tree(event).path("type").asText().equals("response.output_item.done")) {
                    raw.add(Slices.field(event, "item"));
                    indexes.add(tree(event).path("output_index").asInt());
                }
            }
            for (int i = 0; output.size() > indexes.size() && i < output.size(); i++) {
                if (!indexes.contains(i)) {
                    raw.add(output.get(i));
                }
            }
            return raw;
        }

        private String lastText() {
            return events.stream()
                    .filter(event -> !streamed()
                            || LAST.contains(tree(event).path("type").asText()))
                    .findFirst()
                    .orElseThrow();
        }

        /** What a listener must hear as text. */
        String text() {
            StringBuilder deltas = new StringBuilder();
            for (String event : events) {
                String kind = tree(event).path("type").asText();
                if (kind.equals("response.output_text.delta") || kind.equals("response.refusal.delta")) {
                    deltas.append(tree(event).path("delta").asText());
                }
            }
            if (deltas.length() == 0) {
                items().stream()
                        .filter(item -> item.path("type").asText().equals("message"))
                        .forEach(item -> item.path("content")
                                .forEach(part -> deltas.append(part.path("text")
                                        .asText(part.path("refusal").asText("")))));
            }
            return deltas.toString();
        }

        /** The recorded input as items of a prompt. */
        List<Item> input() {
            List<Item> items = new ArrayList<>();
            recordedInput.forEach(item -> Item.received(item.toString().getBytes(StandardCharsets.UTF_8))
                    .ifPresent(items::add));
            return items;
        }

        /** The recorded input as it has to be sent. */
        List<JsonNode> replayedInput() {
            List<JsonNode> items = new ArrayList<>();
            recordedInput.forEach(item -> replayed(item).ifPresent(items::add));
            return items;
        }
    }

    /** Cuts values out of JSON text where they stand. */
    static final class Slices {
        static String field(String json, String name) {
            String found = fieldOr(json, name);
            return found.equals(json) ? "[]" : found;
        }

        /** The value of a field of the top level, or all of the text where there is no such field. */
        static String fieldOr(String json, String name) {
            try (JsonParser parser = JSON.createParser(json)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean wanted = parser.currentName().equals(name);
                    String value = value(parser, json);
                    if (wanted) {
                        return value;
                    }
                }
                return json;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        static List<String> elements(String array) {
            List<String> elements = new ArrayList<>();
            try (JsonParser parser = JSON.createParser(array)) {
                parser.nextToken();
                for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                    int start = (int) parser.currentTokenLocation().getCharOffset();
                    elements.add(array.substring(start, end(parser)));
                }
                return elements;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String value(JsonParser parser, String json) throws IOException {
            parser.nextToken();
            int start = (int) parser.currentTokenLocation().getCharOffset();
            return json.substring(start, end(parser));
        }

        private static int end(JsonParser parser) throws IOException {
            parser.skipChildren();
            parser.finishToken();
            return (int) parser.currentLocation().getCharOffset();
        }

        /** The object less its field {@code id} and one of the commas beside that. */
        static String withoutId(String json) {
            String id = fieldOr(json, "id");
            if (id.equals(json)) {
                return json;
            }
            Matcher first = Pattern.compile("\"id\"\\s*:\\s*" + Pattern.quote(id) + "\\s*,\\s*")
                    .matcher(json);
            Matcher last = Pattern.compile("\\s*,\\s*\"id\"\\s*:\\s*" + Pattern.quote(id))
                    .matcher(json);
            return first.find() ? first.replaceFirst("") : last.replaceFirst("");
        }
    }
}
