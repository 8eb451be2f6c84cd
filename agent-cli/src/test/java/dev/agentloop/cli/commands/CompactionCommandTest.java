package dev.agentloop.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts that are shortened, by exec and chat as processes. */
class CompactionCommandTest extends AgentTest {
    /** More than the summary leaves in place of what the user said before. */
    private static final String LONG = "Remember: " + "a long story. ".repeat(20_000);

    private static final Usage NEARLY_FULL = Usage.reported(260_000, 0, 0, 10, 0);

    @Test
    void compact_saysBeforeAndAfter_andIsTakenBack() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Noted."),
                        ScriptedResponse.says("Gone on."),
                        ScriptedResponse.says("There was a story."),
                        ScriptedResponse.says("The end."));
                ChildJvm agent = start(server, "chat")) {
            agent.type(LONG).awaitOut("Noted.\n").type("Go on").awaitOut("Gone on.\n");
            agent.awaitErr("as sent before\n> ")
                    .type("/compact")
                    .awaitErr(" after; used ")
                    .type("/undo-compact")
                    .awaitErr("the compaction was taken back; the prompt has ")
                    .type("/undo-compact")
                    .awaitErr("holds any more")
                    .type("And then?")
                    .awaitOut("The end.\n")
                    .type("/quit");
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.err())
                    .containsPattern(
                            "  compacting by summary: may use about [\\d,]+ tokens in, \\d+ % of them cached, 1,500 out;"
                                    + " the prompt after it is another one, and about [\\d,]+ tokens are read again\n"
                                    + "  compacted by summary: [\\d,]+ tokens before, about [\\d,]+ after; used ");
            List<ScriptedRequest> requests = server.requests();
            assertThat(requests).hasSize(4);
            assertThat(requests.get(3).items())
                    .as("the prompt without the compaction")
                    .startsWith(requests.get(1).items().toArray(Item[]::new));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void compact_cancelled_changesNothingAndTheTalkGoesOn(boolean byKey) {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Noted."),
                        ScriptedResponse.says("Gone on."),
                        ScriptedResponse.says("There was").andFallsSilent(),
                        ScriptedResponse.says("The end."));
                ChildJvm agent = start(server, "chat")) {
            agent.type(LONG).awaitOut("Noted.\n").type("Go on").awaitOut("Gone on.\n");
            agent.awaitErr("as sent before\n> ").type("/compact").awaitErr("  compacting by summary: ");
            await().until(() -> server.requests().size() == 3);
            if (byKey) {
                agent.signal("INT");
            } else {
                agent.type("/cancel");
            }
            agent.awaitErr("the compaction was interrupted; nothing was changed\n> ")
                    .type("/undo-compact")
                    .awaitErr("was never compacted")
                    .type("And then?")
                    .awaitOut("The end.\n")
                    .endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            List<ScriptedRequest> requests = server.requests();
            assertThat(requests).hasSize(4);
            assertThat(requests.get(3).items())
                    .as("the prompt is as it was")
                    .startsWith(requests.get(1).items().toArray(Item[]::new));
        }
    }

    @Test
    void compact_nothingSaidYet_gainsNothing() {
        try (ScriptedServer server = ScriptedServer.answering();
                ChildJvm agent = start(server, "chat")) {
            agent.type("/compact")
                    .awaitErr("there is nothing to gain")
                    .type("/undo-compact")
                    .awaitErr("was never compacted")
                    .endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(server.requests()).isEmpty();
        }
    }

    private String saidAtLength(ScriptedServer server) {
        try (ChildJvm agent = start(server, "exec", "-")) {
            agent.type(LONG).endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            return conversation(agent.err());
        }
    }

    @Test
    void nearlyFull_isCompactedBeforeTheTurn() {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.says("Noted.").using(NEARLY_FULL),
                ScriptedResponse.says("There was a story."),
                ScriptedResponse.says("Gone on."))) {
            String id = saidAtLength(server);
            try (ChildJvm agent = start(server, "exec", "--json", "--resume", id, "Go on")) {
                assertThat(agent.exitCode()).as(agent.err()).isZero();
                assertThat(agent.out().lines())
                        .anyMatch(line -> line.startsWith("{\"type\":\"context_measured\",\"tokens\":260")
                                && line.endsWith(",\"window\":272000,\"limit\":244800,\"estimated\":false}"))
                        .anyMatch(
                                line -> line.startsWith(
                                        "{\"type\":\"compaction_started\",\"by\":\"summary\",\"reason\":\"before_turn\",\"tokens\":260"))
                        .anyMatch(line ->
                                line.startsWith("{\"type\":\"compacted\",\"by\":\"summary\",\"tokens_before\":260"));
            }
            assertThat(server.problems()).isEmpty();
            assertThat(server.requests().get(2).json())
                    .contains("There was a story.", "Go on")
                    .doesNotContain("a long story");
        }
    }

    @Test
    void compactionFails_theRunStopsAndSaysWhy() {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.says("Noted.").using(NEARLY_FULL),
                ScriptedResponse.says("There was").andIsIncomplete("max_output_tokens"),
                ScriptedResponse.says("There").andIsIncomplete("max_output_tokens"))) {
            String id = saidAtLength(server);
            String cause = "the model wrote no summary, its answer is incomplete: max_output_tokens";
            try (ChildJvm agent = start(server, "exec", "--json", "--resume", id, "Go on")) {
                assertThat(agent.exitCode()).as(agent.err()).isEqualTo(ExitCode.FAILED);
                assertThat(agent.out())
                        .contains("{\"type\":\"compaction_failed\",\"by\":\"summary\",\"cause\":\"" + cause + "\"}\n");
            }
            try (ChildJvm agent = start(server, "exec", "--resume", id)) {
                assertThat(agent.exitCode()).as(agent.err()).isEqualTo(ExitCode.FAILED);
                assertThat(agent.err())
                        .contains("  context: 95 % of 272,000 tokens\n")
                        .contains("  warning: compaction by summary failed, and nothing was changed: " + cause);
            }
        }
    }
}
