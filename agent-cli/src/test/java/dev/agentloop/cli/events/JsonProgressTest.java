package dev.agentloop.cli.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Events of commands that print without end. */
class JsonProgressTest extends AgentTest {
    private static final int PRINTED = 20_000_000;

    private List<JsonNode> events(String command) throws IOException {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"" + command + "\"}"),
                        ScriptedResponse.says("Done."));
                ChildJvm agent = start(server, "exec", "--json", "--sandbox", "full-access", "Print")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            List<JsonNode> events = new ArrayList<>();
            for (String line : agent.out().lines().toList()) {
                events.add(new ObjectMapper().readTree(line));
            }
            return events;
        }
    }

    private static List<JsonNode> ofType(List<JsonNode> events, String type) {
        return events.stream()
                .filter(event -> event.path("type").asText().equals(type))
                .toList();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no yes")
    void endlessOutput_isCut_andToldHowMuch() throws IOException {
        List<JsonNode> events = events("yes | head -c " + PRINTED);
        List<JsonNode> progress = ofType(events, "tool_progress");
        int written = progress.stream()
                .mapToInt(event -> event.path("text").asText().length())
                .sum();
        assertThat(progress.stream()
                        .mapToInt(event -> event.toString().length())
                        .sum())
                .isLessThan(3 * JsonEvents.MOST_PRINTED);
        assertThat(progress).filteredOn(event -> event.path("cut").asBoolean()).hasSize(1);
        assertThat(progress.get(progress.size() - 1).path("cut").asBoolean()).isTrue();
        JsonNode ended = ofType(events, "tool_ended").get(0);
        assertThat(written).isBetween(1, JsonEvents.MOST_PRINTED);
        assertThat(ended.path("progress_left_out").asLong()).isPositive();
    }

    @Test
    void shortOutput_isWhole() throws IOException {
        List<JsonNode> events = events("echo one");
        assertThat(ofType(events, "tool_progress"))
                .extracting(event -> event.path("text").asText().strip())
                .contains("one");
        assertThat(events).noneMatch(event -> event.has("cut") || event.has("progress_left_out"));
    }
}
