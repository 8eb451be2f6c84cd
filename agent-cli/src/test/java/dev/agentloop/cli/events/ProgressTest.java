package dev.agentloop.cli.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.RetryPolicy;
import dev.agentloop.Usage;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.commands.ExecCommand;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.testkit.ScriptedReply;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What runs of exec print to a pipe, in this process. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the commands are a POSIX shell's")
class ProgressTest extends AgentTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private String exec(int exitCode, List<String> words, ScriptedReply... replies) {
        err.reset();
        try (ScriptedServer server = ScriptedServer.answering(replies)) {
            Map<String, String> environment =
                    Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
            Console console = new Console(
                    new ByteArrayInputStream(new byte[0]),
                    Console.stream(new ByteArrayOutputStream(), false),
                    Console.stream(err, false),
                    environment);
            List<String> all = new ArrayList<>(List.of(
                    "--cd",
                    workspace.toString(),
                    "--store",
                    folder.resolve("conversations").toString(),
                    "--sandbox",
                    "full-access"));
            all.addAll(words);
            Options options = Options.parse("exec", all, environment);
            int code = new ExecCommand(
                            console,
                            options,
                            name -> OpenAiModel.builder(name)
                                    .baseUrl(server.url().toString())
                                    .retries(RetryPolicy.NEVER)
                                    .build(),
                            new Interrupts())
                    .run();
            assertThat(code).as("%s", err()).isEqualTo(exitCode);
        }
        return err();
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static ScriptedResponse runs(String id, String command) {
        return ScriptedResponse.calls(id, "shell_command", "{\"command\":\"" + command + "\"}");
    }

    @Test
    void oneStep_hasNoNumber_andItsTokensAreSaidOnce() {
        assertThat(exec(0, List.of("Hello"), ScriptedResponse.says("Hi.")))
                .contains("finished after 1 step; ")
                .doesNotContain("step 1\n")
                .containsOnlyOnce(" tokens in, ");
    }

    @Test
    void command_showsItsLastLines_andHowManyCameBefore() {
        long seed = Long.getLong("progress.seed", System.nanoTime());
        System.out.println("progress.seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 6; i++) {
            // The long ones are cut for the model, the longest before that: the counts must not show it.
            int lines = i == 0 ? 0 : i == 1 ? 90_000 : i == 2 ? 300_000 : random.nextInt(12);
            int code = random.nextInt(2);
            int shown = Math.min(lines, code == 0 ? 2 : 3);
            String before = lines == shown
                    ? ""
                    : "    [" + TerminalText.number(lines - shown) + (lines - shown == 1 ? " line" : " lines")
                            + " before; log --full shows " + (i == 2 ? "the first and the last of them" : "all")
                            + "]\n";
            String last = IntStream.rangeClosed(lines - shown + 1, lines)
                    .mapToObj(number -> "    | " + number + "\n")
                    .reduce("", String::concat);
            String printed = exec(
                    0,
                    List.of("Count"),
                    runs("call_1", "seq " + lines + "; exit " + code),
                    ScriptedResponse.says("Done."));
            assertThat(printed.replaceAll("\\d+\\.\\d s", "T"))
                    .as("seed %d: %d lines, exit %d", seed, lines, code)
                    .contains("    exit " + code + ", T\n" + last + before + "  ");
        }
    }

    @Test
    void patch_showsItsCountsAndLines() throws IOException {
        Files.writeString(workspace.resolve("a.txt"), "one\ntwo\n");
        String patch =
                "*** Begin Patch\n*** Update File: a.txt\n@@\n one\n-two\n" + "+three\n".repeat(30) + "*** End Patch\n";
        assertThat(exec(
                        0,
                        List.of("Change"),
                        ScriptedResponse.empty().andCallsCustom("call_1", "apply_patch", patch),
                        ScriptedResponse.says("Done.")))
                .contains("  apply_patch a.txt\n    edited a.txt (+30 -1), ")
                .contains("    | -two\n    | +three\n", "    [13 lines more; log --full shows all]\n");
        assertThat(workspace.resolve("a.txt")).content(StandardCharsets.UTF_8).startsWith("one\nthree\n");
    }

    @Test
    void serverThatReportsNoCachedTokens_isNamedOnce() {
        Usage[] usage = IntStream.range(0, 4)
                .mapToObj(i -> Usage.reported(3_000 + 100L * i, 0, 0, 10, 0))
                .toArray(Usage[]::new);
        String printed = exec(
                0,
                List.of("Look"),
                runs("call_1", "echo 1").using(usage[0]),
                runs("call_2", "echo 2").using(usage[1]),
                runs("call_3", "echo 3").using(usage[2]),
                ScriptedResponse.says("Done.").using(usage[3]));
        assertThat(printed)
                .containsOnlyOnce("  cache: ")
                .contains("this is said once for a server that reports no cached tokens\n")
                .doesNotContainPattern("\\$ echo \\d\n +cache");
    }

    @Test
    void serverThatReports_isNamedEachTime() {
        String printed = exec(
                0,
                List.of("Look"),
                runs("call_1", "echo 1").using(Usage.reported(3_000, 0, 0, 10, 0)),
                runs("call_2", "echo 2").using(Usage.reported(3_100, 2_944, 0, 10, 0)),
                runs("call_3", "echo 3").using(Usage.reported(3_200, 0, 0, 10, 0)),
                ScriptedResponse.says("Done.").using(Usage.reported(3_300, 0, 0, 10, 0)));
        assertThat(printed.split("  cache: ", -1)).as("%s", printed).hasSize(3);
    }

    @Test
    void tries_areOneShortLineEach_andTheCauseIsToldOnce() {
        ScriptedReply[] busy = IntStream.range(0, 5)
                .mapToObj(i -> ScriptedServer.error(
                        429,
                        "rate_limit_exceeded",
                        "Slow down for " + i + " s.",
                        "x-request-id: req_" + i,
                        "retry-after-ms: 1"))
                .toArray(ScriptedReply[]::new);
        assertThat(exec(1, List.of("Hello"), busy))
                .containsOnlyOnce("Slow down")
                .contains("  try 1 failed, the next one in ", "  try 4 failed, the next one in ")
                .contains("agent: Given up after 5 tries.\nto try again: ");
    }

    @Test
    void contextFull_saysTheTextOnce_andWhatCanBeDone() {
        ScriptedReply full = ScriptedServer.error(400, "context_length_exceeded", "It is too long by 17 tokens.");
        exec(0, List.of("Remember " + "a long story ".repeat(5_000)), ScriptedResponse.says("Noted."));
        assertThat(exec(1, List.of("--resume", "last", "Go on"), full, full, full))
                .containsOnlyOnce("It is too long by")
                .contains("begin a new conversation, or go on with a larger model:\n")
                .containsPattern("  \\./agent exec .* --resume \\S+ --model NAME\n");
    }

    @Test
    void refusedByServer_isToldOnce() {
        assertThat(exec(1, List.of("Hello"), ScriptedServer.error(401, "invalid_api_key", "That is no key.")))
                .containsOnlyOnce("That is no key.")
                .contains("agent: http://127.0.0.1:");
    }
}
