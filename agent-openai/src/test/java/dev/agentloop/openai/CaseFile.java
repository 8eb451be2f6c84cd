package dev.agentloop.openai;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One file of the folder of cases: what a server sent, reduced, and what a host did then. */
record CaseFile(String name, JsonNode json) {

    /** A case of a test's own, in the same form. */
    static CaseFile of(String json) {
        return new CaseFile("a case of the test's own", Recording.tree(json));
    }

    /** The cases whose names match, in order. Aborts the test, saying why, where the folder is not here. */
    static List<CaseFile> matching(String pattern) throws IOException {
        Path folder = folder();
        List<CaseFile> cases = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".json") && Pattern.matches(pattern, name.replace(".json", ""))) {
                    cases.add(new CaseFile(name, Recording.tree(Files.readString(file))));
                }
            }
        }
        return cases;
    }

    private static Path folder() {
        String root = System.getProperty("agentloop.fixtures", "");
        assumeTrue(
                !root.isEmpty(),
                "skipped: the cases are not here; they are the folder \"cases\" beside the one that"
                        + " -Dagentloop.fixtures=FOLDER names");
        Path folder = Path.of(root).toAbsolutePath().normalize().resolveSibling("cases");
        assumeTrue(Files.isDirectory(folder), "skipped: the folder of cases is not here: " + folder);
        return folder;
    }

    JsonNode responses() {
        return json.path("responses");
    }

    /** What the user says, turn by turn. */
    List<String> inputs() {
        JsonNode said = json.has("turns") ? json.get("turns") : json.path("inputs");
        List<String> inputs = new ArrayList<>();
        said.forEach(text -> inputs.add(text.asText()));
        return inputs.isEmpty() ? List.of("go") : inputs;
    }

    /** The limit of steps that the host sets for a run; none by default. */
    Limits limits() {
        return Limits.NONE.withSteps(json.path("steps").asInt());
    }

    boolean strict() {
        return json.path("strict").asBoolean();
    }

    /** How many responses the server sends in one play of all inputs. */
    int requests() {
        int next = 0;
        int sent = 0;
        for (int turn = 0; turn < inputs().size(); turn++) {
            int steps = 0;
            boolean calls = true;
            while (calls && (limits().steps() == 0 || steps < limits().steps())) {
                calls = calls(responses().get(Math.min(next++, responses().size() - 1))) > 0;
                steps++;
            }
            sent += steps;
        }
        return sent;
    }

    /** How many calls a response of the file has: those with events of their own, else those of its last event. */
    static int calls(JsonNode response) {
        int announced = 0;
        int listed = 0;
        for (JsonNode event : response.path("events")) {
            String type = event.path("type").asText();
            if (type.equals("response.output_item.done") && RequestRules.isCall(event.path("item"))) {
                announced++;
            }
            for (JsonNode item : event.path("response").path("output")) {
                listed += RequestRules.isCall(item) ? 1 : 0;
            }
        }
        return Math.max(announced, listed);
    }

    @Override
    public String toString() {
        return name;
    }
}
