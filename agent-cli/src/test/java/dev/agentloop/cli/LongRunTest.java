package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A run of two thousand turns in a process of its own: each request begins with all of the one before. */
@Tag("once")
class LongRunTest extends AgentTest {
    private static final int TURNS = 2_000;

    // The window of a model by this name is not known, so nothing is compacted.
    @Test
    void everyRequest_beginsWithTheOneBefore() throws IOException {
        Files.writeString(workspace.resolve("notes.txt"), "nothing new\n".repeat(80));
        try (ScriptedServer server = ScriptedServer.builder()
                        .otherwise(request -> answer(request.number()))
                        .start();
                ChildJvm agent = start(server, "exec", "--model", "scripted", "Watch notes.txt")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.out()).isEqualTo("Nothing happened.\n");
            assertThat(server.problems()).isEmpty();
            assertThat(server.requests()).hasSize(TURNS + 1).allMatch(ScriptedRequest::keepsPrefix);
            ScriptedRequest last = server.requests().get(TURNS);
            assertThat(last.callCount()).isEqualTo(TURNS);
        }
    }

    /** Nineteen calls of twenty are the same, so that what is said about identical calls is part of the test. */
    private static ScriptedResponse answer(int request) {
        if (request > TURNS) {
            return ScriptedResponse.says("Nothing happened.");
        }
        String offset = request % 20 == 0 ? ",\"offset\":" + (1 + request % 7) : "";
        return ScriptedResponse.reasons("Turn " + request)
                .andCalls("call_" + request, "read_file", "{\"file_path\":\"notes.txt\"" + offset + "}");
    }
}
