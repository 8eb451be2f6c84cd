package dev.agentloop.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.agentloop.openai.Effects.Effect;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A loop in a few lines that shares no code with the library's, with one fault or none. Without one it shows that a server
 * asks for nothing impossible, with one that the fault is seen.
 */
final class FaultyLoop {
    private static final int MOST_TRIES = 100;
    private static final int MOST_ADDING_NOTHING = 3;

    private final HttpClient client = HttpClient.newHttpClient();
    private final Fault fault;
    private final URI uri;
    private final Effects effects;
    private final ArrayNode input = JsonNodeFactory.instance.arrayNode();
    private final Set<String> ids = new HashSet<>();
    private Set<String> broken = Set.of();
    private int births;

    /** What is wrong with the loop. */
    enum Fault {
        NONE,
        KEEPS_IDS,
        KEEPS_ARGUMENTS,
        DROPS_WHAT_IT_HAS_SEEN,
        RUNS_REPLAYS,
        TAKES_REPLAYS_FOR_EVER,
        FORGETS_AN_OUTPUT,
        ANSWERS_TWICE,
        NAMES_OUTPUTS_BY_THE_SERVER,
        ONE_KEY_FOR_EQUAL_CALLS,
        RUNS_TWICE,
        ASKS_FOR_EVER
    }

    /** What came in of one response. */
    private record Received(List<JsonNode> items, boolean whole, boolean begun) {}

    FaultyLoop(Fault fault, String baseUrl, Effects effects) {
        this.fault = fault;
        this.uri = URI.create(baseUrl + "/responses");
        this.effects = effects;
    }

    /** Runs a turn to its end: the answer, or empty where there is none. */
    String run(String task) throws IOException, InterruptedException {
        ObjectNode said = input.addObject().put("type", "message").put("role", "user");
        said.putArray("content").addObject().put("type", "input_text").put("text", task);
        int nothing = 0;
        int failed = 0;
        for (int tries = 0; tries < MOST_TRIES && nothing < MOST_ADDING_NOTHING; tries++) {
            Received received = ask();
            failed = received.begun() ? 0 : failed + 1;
            if (failed > ResumingHost.RETRIES) {
                return "";
            }
            int before = input.size();
            String answer = take(received);
            if (!answer.isEmpty()) {
                return answer;
            }
            boolean idle = received.whole() && input.size() == before;
            nothing = idle && fault != Fault.ASKS_FOR_EVER ? nothing + 1 : received.whole() ? 0 : nothing;
        }
        return "";
    }

    private Received ask() throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"m\",\"input\":" + input + "}"))
                .build();
        List<JsonNode> items = new ArrayList<>();
        Set<String> announced = new HashSet<>();
        try {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    JsonNode event = Recording.tree(line.startsWith("data: ") ? line.substring(6) : "{}");
                    String type = event.path("type").asText();
                    if (type.equals("response.output_item.done")
                            && announced.add(event.path("output_index") + " " + event.path("item"))) {
                        items.add(event.path("item"));
                    } else if (type.equals("response.completed")) {
                        return whole(items, event.path("response"));
                    }
                }
            }
        } catch (IOException e) {
            // The connection broke; what came in before counts.
        }
        return new Received(items, false, !items.isEmpty());
    }

    private static Received whole(List<JsonNode> items, JsonNode response) {
        if (items.isEmpty()) {
            response.path("output").forEach(items::add);
        }
        if (!response.path("end_turn").asBoolean(true)) {
            items.add(JsonNodeFactory.instance.missingNode());
        }
        return new Received(items, true, true);
    }

    /** Adds what came in to the input; gives the final answer, or empty. */
    private String take(Received received) {
        List<ObjectNode> calls = new ArrayList<>();
        List<ObjectNode> outputs = new ArrayList<>();
        Set<String> now = new HashSet<>();
        String text = "";
        boolean goesOn = !received.whole();
        for (JsonNode item : received.items()) {
            goesOn |= item.isMissingNode() || RequestRules.isCall(item);
            if (RequestRules.isCall(item)) {
                now.add(identity(item));
                if (!isReplay(item)) {
                    born((ObjectNode) item.deepCopy(), calls, outputs);
                }
            } else if (item.path("type").asText().equals("message") && received.whole()) {
                text = item.path("content").path(0).path("text").asText();
                input.add(item);
            }
        }
        calls.forEach(input::add);
        outputs.forEach(input::add);
        // What is no response at all leaves the one before the newest.
        if (received.begun()) {
            broken = received.whole() && fault != Fault.TAKES_REPLAYS_FOR_EVER ? Set.of() : now;
        }
        return goesOn ? "" : text;
    }

    private static String identity(JsonNode call) {
        return call.path("call_id") + " " + call.path("name") + " " + call.path("arguments") + call.path("input");
    }

    private boolean isReplay(JsonNode call) {
        return switch (fault) {
            case RUNS_REPLAYS -> false;
            case DROPS_WHAT_IT_HAS_SEEN -> !ids.add(call.path("call_id").toString());
            default -> broken.contains(identity(call));
        };
    }

    private void born(ObjectNode call, List<ObjectNode> calls, List<ObjectNode> outputs) {
        JsonNode serverId = call.path("call_id");
        String id = "id_" + ++births;
        if (fault != Fault.KEEPS_IDS) {
            call.put("call_id", id);
        }
        JsonNode arguments = call.path("arguments");
        boolean function = call.path("type").asText().equals("function_call");
        if (function && fault != Fault.KEEPS_ARGUMENTS && !arguments.isTextual()) {
            call.put("arguments", arguments.isObject() ? arguments.toString() : "{}");
        } else if (function
                && fault != Fault.KEEPS_ARGUMENTS
                && arguments.asText().isEmpty()) {
            call.put("arguments", "{}");
        }
        calls.add(call);
        ObjectNode output = JsonNodeFactory.instance.objectNode();
        output.put("type", call.path("type").asText() + "_output").put("output", "done");
        output.set("call_id", fault == Fault.NAMES_OUTPUTS_BY_THE_SERVER ? serverId : call.get("call_id"));
        if (fault != Fault.FORGETS_AN_OUTPUT || births != 3) {
            outputs.add(output);
        }
        if (fault == Fault.ANSWERS_TWICE && births == 3) {
            outputs.add(output);
        }
        run(
                call,
                fault == Fault.ONE_KEY_FOR_EQUAL_CALLS
                        ? identity(call.deepCopy().set("call_id", serverId))
                        : id);
    }

    private void run(ObjectNode call, String key) {
        String text = Objects.requireNonNullElse(call.get("arguments"), call.path("input"))
                .asText();
        Effect effect =
                new Effect(key, call.path("call_id").asText(), call.get("name").asText(), text);
        effects.add(effect);
        if (fault == Fault.RUNS_TWICE && births == 3) {
            effects.add(effect);
        }
    }
}
