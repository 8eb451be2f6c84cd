package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.Tool;
import dev.agentloop.Tool.Access;
import dev.agentloop.Tool.AfterCrash;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.PathText;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.FileTools;
import dev.agentloop.tools.ShellTools;
import dev.agentloop.tools.internal.edit.ApplyPatch;
import dev.agentloop.tools.internal.edit.FileChanges;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisabledOnOs(OS.WINDOWS)
class ShellToolTest {
    private static final String PATCH =
            "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** Add File: new.txt\n+new\n*** End Patch\n";

    @TempDir
    private Path base;

    private Path workspace;
    private Calls calls;

    @BeforeEach
    void fillWorkspace() throws Exception {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.createDirectories(workspace.resolve("sub"));
        Files.writeString(workspace.resolve("a.txt"), "one\n");
        Files.writeString(workspace.resolve("sub/a.txt"), "one\n");
        calls = new Calls(builder().tools());
    }

    private ShellTools.Builder builder() {
        return ShellTools.builder(workspace).state(base.resolve("state"));
    }

    @Test
    void specification_isWhatTheModelIsTold() {
        Tool.Specification specification = calls.tool("shell_command").specification();

        assertThat(specification.strict()).isFalse();
        assertThat(specification.grammar()).isNull();
        assertThat(specification.parameters()).isEqualTo("""
                {"type":"object","properties":{\
                "command":{"type":"string","description":"The command line for the shell."},\
                "workdir":{"type":"string","description":"The folder to run it in, relative to the workspace or \
                absolute; the workspace if left out."},\
                "timeout_ms":{"type":"integer","description":"After how many milliseconds the command is ended; \
                10000 if left out, 600000 at most."},\
                "justification":{"type":"string","description":"Why the command is needed, in one sentence; shown to \
                the user if the command needs approval."}},\
                "required":["command"],"additionalProperties":false}""");
    }

    @Test
    void place_isTheRealFolder() throws Exception {
        Files.createSymbolicLink(workspace.resolve("link"), workspace.resolve("sub"));
        Tool tool = calls.tool("shell_command");

        assertThat(tool.place(ToolCall.function("1", "shell_command", "{\"command\":\"ls\"}")))
                .isEqualTo(workspace.toString());
        assertThat(tool.place(ToolCall.function("1", "shell_command", "{\"command\":\"ls\",\"workdir\":\"link\"}")))
                .isEqualTo(workspace.resolve("sub").toString());
        for (String arguments : List.of("{\"command\":\"ls\",\"workdir\":\"none\"}", "{}", "no json")) {
            assertThat(tool.place(ToolCall.function("1", "shell_command", arguments)))
                    .isEmpty();
        }
        for (Tool files :
                FileTools.builder(workspace).state(base.resolve("state")).tools()) {
            ToolCall call = ToolCall.function("1", files.specification().name(), "{}");
            assertThat(files.place(call)).isEqualTo(files.access(call) == Access.WRITES ? workspace.toString() : "");
        }
    }

    @Test
    void call_ofACommand_reportsCodeTimeAndOutput() throws Exception {
        ToolOutput output = shell("cat a.txt; echo err >&2");

        assertThat(output.error()).isFalse();
        assertThat(output.text()).matches("Exit code: 0\nWall time: [0-9]+(\\.[1-9])? seconds\nOutput:\none\nerr\n");
    }

    @Test
    void call_ofACommandThatFails_isAFailureWithItsCode() throws Exception {
        ToolOutput output = shell("echo no; exit 3");

        assertThat(output.error()).isTrue();
        assertThat(output.text()).startsWith("Exit code: 3\n").endsWith("\nOutput:\nno\n");
    }

    @Test
    void call_ofAnUnknownProgram_isAnsweredByTheShell() throws Exception {
        assertThat(shell("no-such-program-here").text())
                .startsWith("Exit code: 127\n")
                .contains("not found");
    }

    @Test
    void call_inAFolder_runsThere() throws Exception {
        assertThat(calls.ok("shell_command", "command", "pwd", "workdir", "sub"))
                .endsWith("/ws/sub\n");
        assertThat(calls.ok("shell_command", "command", "pwd", "workdir", base.toString()))
                .endsWith(":\n" + base + "\n");
    }

    @Test
    void call_inNoFolder_saysWhatToDo() throws Exception {
        assertThat(calls.error("shell_command", "command", "pwd", "workdir", "gone"))
                .isEqualTo("There is no folder \"gone\" to run the command in, seen from " + workspace
                        + ". Name one that exists, or leave workdir out to run in the workspace " + workspace + ".");
        assertThat(calls.error("shell_command", "command", "pwd", "workdir", "a.txt"))
                .contains("no folder \"a.txt\"");
        assertThat(calls.error("shell_command", "command", "pwd", "workdir", "a\0b"))
                .contains("no folder");
    }

    @Test
    void call_beyondItsTimeout_saysSoAndGives124() throws Exception {
        String output = calls.error("shell_command", "command", "echo begun; sleep 60", "timeout_ms", 700);

        assertThat(output)
                .matches("Exit code: 124\nWall time: [0-9.]+ seconds\nOutput:\n"
                        + "command timed out after 700 milliseconds\nbegun\n");
    }

    @Test
    void call_thatAsksForTooMuchTime_getsTheLongest() throws Exception {
        Calls brief = new Calls(builder()
                .timeouts(Duration.ofMillis(100), Duration.ofMillis(300))
                .tools());

        assertThat(brief.error("shell_command", "command", "sleep 60", "timeout_ms", 9_999_999))
                .contains("timed out after 300 milliseconds");
        assertThat(brief.error("shell_command", "command", "sleep 60")).contains("timed out after 100 milliseconds");
        assertThat(brief.tool("shell_command").timeout()).isGreaterThan(Duration.ofMillis(300));
    }

    @Test
    void call_whoseThreadIsInterrupted_saysThatItWasAborted() throws Exception {
        CompletableFuture<ToolOutput> output = new CompletableFuture<>();
        Progress context = new Progress();
        Thread thread = new Thread(() -> {
            try {
                output.complete(shell("echo begun; sleep 60", context));
            } catch (Exception e) {
                output.completeExceptionally(e);
            }
        });
        thread.start();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> context.text.toString().contains("begun"));

        thread.interrupt();

        ToolOutput aborted = output.get(10, TimeUnit.SECONDS);
        assertThat(aborted.error()).isTrue();
        assertThat(aborted.text()).matches("aborted by user after [0-9]+\\.[0-9]s\nOutput:\nbegun\n");
        thread.join();
    }

    @Test
    void call_thatLeavesProcesses_saysThatTheyWereEnded() throws Exception {
        assertThat(calls.ok("shell_command", "command", "sleep 60 > /dev/null 2>&1 & echo $?"))
                .matches("Exit code: 0\nWall time: [0-9.]+ seconds\nBackground processes ended: 1\nOutput:\n0\n");
    }

    @Test
    void call_thatWritesMoreThanIsKept_countsAllLines() throws Exception {
        Calls narrow = new Calls(builder().captureBytes(1_024).tools());

        assertThat(narrow.ok("shell_command", "command", "seq 1 100000"))
                .contains(" seconds\nTotal output lines: 100000\nOutput:\n1\n2\n3\n")
                .contains("\n… 587871 bytes omitted …\n")
                .endsWith("\n99999\n100000\n");
    }

    @Test
    void call_whileItRuns_reportsItsOutput() throws Exception {
        Progress context = new Progress();

        shell("printf 'ä\\nö'", context);

        assertThat(context.text.toString()).isEqualTo("ä\nö");
    }

    @Test
    void call_ofTextThatIsNotAscii_reachesTheShell() throws Exception {
        assertThat(shell("printf '%s' 'äöü€😀'").text()).endsWith("Output:\näöü€😀");
    }

    @Test
    void call_ofHalfACharacter_isRefused() throws Exception {
        ToolOutput output = shell("echo '\uD83D' > made");

        assertThat(output.error()).isTrue();
        assertThat(output.text())
                .isEqualTo("The command was not run: it has half of a surrogate pair, which no encoding has.");
        assertThat(workspace.resolve("made")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bin/bash", "/bin/sh"})
    void inAscii_ofACommand_runsAsTheCommandItself(String shell) throws Exception {
        String command = "x='ä%s\\n€'; printf '%s|' \"$x\" 'a\tb'\ncat <<E\n$x \"%d\"\nE\necho 'end'";
        String expected = "ä%s\\n€|a\tb|ä%s\\n€ \"%d\"\nend\n";
        assertThat(ShellProgram.inAscii(command, null)).matches("\\p{ASCII}+");

        // The command itself is what it stands for only where the locale has its characters.
        String asItIs = PathText.reachesPrograms(command) ? command : ShellProgram.inAscii(command, null);
        for (String text : List.of(asItIs, ShellProgram.inAscii(command, null))) {
            Process process = new ProcessBuilder(shell, "-c", text).start();
            assertThat(process.inputReader(StandardCharsets.UTF_8).lines())
                    .containsExactlyElementsOf(expected.lines().toList());
        }
    }

    @Test
    void call_seesNoSecretsAndNoTerminal() throws Exception {
        Map<String, String> host = Map.of("PATH", "/usr/bin:/bin", "OPENAI_API_KEY", "sk-1", "TERM", "xterm", "A", "b");
        Map<String, String> environment =
                new ShellEnvironment(List.of(), List.of(), List.of(), List.of(), Map.of("MY_KEY", "given")).of(host);
        ShellTool tool = new ShellTool(new ShellTool.Settings(
                workspace,
                ShellProgram.standard(),
                environment,
                new ShellTool.Bounds(Duration.ofSeconds(10), Duration.ofSeconds(10), 10_000),
                new ApplyPatch(FileChanges.in(Workspace.of(List.of(workspace)), base.resolve("state")))));

        String output = new Calls(List.of(tool)).ok("shell_command", "command", "env");

        assertThat(output.lines()).contains("TERM=dumb", "PAGER=cat", "A=b", "MY_KEY=given");
        assertThat(output).doesNotContain("OPENAI").doesNotContain("sk-1");
    }

    @Test
    void call_withAVariableOfTheHosts_setsIt() throws Exception {
        Calls with = new Calls(builder().setVariable("GREETING_TOKEN", "hello").tools());

        assertThat(with.ok("shell_command", "command", "printf %s \"$GREETING_TOKEN\""))
                .endsWith("\nhello");
    }

    @Test
    void call_withAVariableThatIsNotAscii_setsIt() throws Exception {
        ShellTools.Builder builder = builder().setVariable("GREETING_TOKEN", "héllo");
        if (!PathText.reachesPrograms("héllo")) {
            assertThatThrownBy(builder::tools).hasMessageContaining("GREETING_TOKEN cannot be handed on");
            return;
        }
        Calls with = new Calls(builder.tools());

        assertThat(with.ok("shell_command", "command", "printf %s \"$GREETING_TOKEN\""))
                .endsWith("\nhéllo");
    }

    @Test
    void call_withAShellThatIsNotThere_saysSo() throws Exception {
        Calls without = new Calls(builder().shell(Path.of("/no/such/shell")).tools());

        assertThat(without.error("shell_command", "command", "ls"))
                .isEqualTo("No command can be run: the shell /no/such/shell is not an executable file.");
    }

    @Test
    void call_ofACommandThatIsTooLong_saysHowLongItIs() throws Exception {
        assertThat(calls.error("shell_command", "command", "echo " + "x".repeat(3_000_000)))
                .contains("could not be run by")
                .contains("It has 3000005 bytes; a system takes about 128,000.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {                                  | Unexpected end-of-input
            []                                 | expected a JSON object with `command`
            {}                                 | missing field `command`
            {"command":["ls"]}                 | `command` must be a string
            {"command":"  "}                   | `command` is empty
            {"command":"a\\u0000b"}            | `command` has a NUL character at 1
            {"command":"ls","timeout_ms":0}    | `timeout_ms` must be at least 1
            {"command":"ls","timeout_ms":"1s"} | `timeout_ms` must be an integer
            {"command":"ls","workdir":1}       | `workdir` must be a string
            {"command":"ls","cwd":"x"}         | unknown field `cwd`
            """)
    void call_withBadArguments_isAnsweredAndNeedsNoApproval(String arguments, String message) throws Exception {
        ToolOutput output = calls.raw("shell_command", arguments);

        assertThat(output.error()).isTrue();
        assertThat(output.text())
                .startsWith("failed to parse function arguments: ")
                .contains(message);
        assertThat(calls.tool("shell_command").access(call(arguments))).isEqualTo(Access.READS);
    }

    @Test
    void call_ofAPatch_appliesIt() throws Exception {
        assertThat(calls.ok("shell_command", "command", "apply_patch <<'EOF'\n" + PATCH + "EOF\n"))
                .isEqualTo("Success. Updated the following files:\nA new.txt\nM a.txt\n");
        assertThat(workspace.resolve("a.txt")).content(StandardCharsets.UTF_8).isEqualTo("two\n");
        assertThat(workspace.resolve("new.txt")).content(StandardCharsets.UTF_8).isEqualTo("new\n");
    }

    @Test
    void call_ofAPatchInAFolder_appliesItThere() throws Exception {
        calls.ok("shell_command", "command", "cd sub && apply_patch '" + PATCH + "'");
        assertThat(workspace.resolve("sub/a.txt"))
                .content(StandardCharsets.UTF_8)
                .isEqualTo("two\n");

        String back = PATCH.replace("-one\n+two", "-two\n+three").replace("new.txt", "newer.txt");
        calls.ok("shell_command", "command", "apply_patch '" + back + "'", "workdir", "sub");
        assertThat(workspace.resolve("sub/a.txt"))
                .content(StandardCharsets.UTF_8)
                .isEqualTo("three\n");
        assertThat(workspace.resolve("a.txt")).content(StandardCharsets.UTF_8).isEqualTo("one\n");
    }

    @Test
    void call_ofAPatchThatDoesNotFit_isAFailure() throws Exception {
        assertThat(calls.error("shell_command", "command", "apply_patch '" + PATCH.replace("-one", "-1") + "'"))
                .startsWith("apply_patch verification failed: ");
        assertThat(calls.error("shell_command", "command", "cd gone && apply_patch '" + PATCH + "'"))
                .contains("no folder \"gone\"");
        assertThat(calls.error("shell_command", "command", "apply_patch '" + PATCH + "'", "workdir", ".."))
                .contains("leads out of the workspace");
    }

    @Test
    void call_ofABarePatch_saysHowToApplyIt() throws Exception {
        assertThat(calls.error("shell_command", "command", PATCH))
                .startsWith("This is a patch, not a command. Call the tool apply_patch with it");
        assertThat(workspace.resolve("a.txt")).content(StandardCharsets.UTF_8).isEqualTo("one\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cat a.txt                         | READS        | RUN_AGAIN
            cat ../x                          | UNRESTRICTED | REPORT
            touch x                           | UNRESTRICTED | REPORT
            rm -rf x                          | UNRESTRICTED | REPORT
            *** Begin Patch                   | READS        | RUN_AGAIN
            apply_patch '*** Begin Patch'     | WRITES       | REPORT
            """)
    void access_ofACommand_isAsFarAsItMayReach(String command, Access access, AfterCrash afterCrash) {
        ToolCall call = call("{\"command\":\"" + command + "\"}");

        assertThat(calls.tool("shell_command").access(call)).isEqualTo(access);
        assertThat(calls.tool("shell_command").afterCrash(call)).isEqualTo(afterCrash);
    }

    @Test
    void access_ofASafeCommandElsewhere_isUnrestricted() {
        Tool tool = calls.tool("shell_command");

        assertThat(tool.access(call("{\"command\":\"ls\",\"workdir\":\"sub\"}")))
                .isEqualTo(Access.READS);
        assertThat(tool.access(call("{\"command\":\"ls\",\"workdir\":\"..\"}"))).isEqualTo(Access.UNRESTRICTED);
        assertThat(tool.access(call("{\"command\":\"ls\",\"workdir\":\"gone\"}")))
                .isEqualTo(Access.UNRESTRICTED);
    }

    @Test
    void access_withAnotherKindOfShell_isUnrestricted() {
        Tool tool = builder().shell(Path.of("/usr/bin/fish")).tools().get(0);

        assertThat(tool.access(call("{\"command\":\"ls\"}"))).isEqualTo(Access.UNRESTRICTED);
    }

    @Test
    void builder_refusesWhatCannotWork() {
        assertThatThrownBy(() -> ShellTools.in(workspace.resolve("gone")))
                .hasMessage("the workspace " + workspace.resolve("gone")
                        + " is not an existing folder; create it first, or name another");
        assertThatThrownBy(() -> builder().shell(Path.of("bash")))
                .hasMessage("a shell is given by its absolute path, but this is \"bash\"; did you mean \"/bin/bash\"?");
        assertThatThrownBy(() -> builder().captureBytes(10))
                .hasMessage("at least 1024 bytes of output must be kept, but 10 were asked for");
        assertThatThrownBy(() -> builder().timeouts(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessage("ShellTools.timeouts(usual) must be from 1 ms to 1 s, but is PT2S");
    }

    private ToolOutput shell(String command) throws Exception {
        return calls.call("shell_command", "command", command);
    }

    private ToolOutput shell(String command, ToolContext context) throws Exception {
        return calls.tool("shell_command")
                .call(call("{\"command\":\"" + command.replace("\\", "\\\\") + "\"}"), context);
    }

    private static ToolCall call(String arguments) {
        return ToolCall.function("call_1", "shell_command", arguments);
    }

    /** Collects live output. */
    private static final class Progress implements ToolContext {
        final StringBuffer text = new StringBuffer();

        @Override
        public String conversation() {
            return "conversation";
        }

        @Override
        public String callId() {
            return "call_1";
        }

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(String piece) {
            text.append(piece);
        }

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String callId) {
            return Optional.empty();
        }
    }
}
