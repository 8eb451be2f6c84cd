package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Model;
import dev.agentloop.cli.commands.ChatCommand;
import dev.agentloop.cli.commands.DecideCommand;
import dev.agentloop.cli.commands.ExecCommand;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.testkit.ScriptedReply;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Whatever a model, a server, a file or a name says, a terminal does nothing with it but show it. */
class HostileTextTest extends AgentTest {
    /** Clears the screen, sets the title, hides and turns text round, and breaks the line in four ways. */
    private static final String HOSTILE =
            "h\u001b[2J\u001b]0;T\u0007\u009b2K\u0085\u2028\u2029\u202e\u200b\u2066\u3164\u115f" + "\ufe0f\u00ad\u2800"
                    + Character.toString(0xE0041) + Character.toString(0xE0100) + "\u007f\b\r\n  forged";

    private static final Set<Integer> UNSEEN =
            Set.of((int) Character.CONTROL, (int) Character.FORMAT, (int) Character.LINE_SEPARATOR, (int)
                    Character.PARAGRAPH_SEPARATOR);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<ScriptedServer> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(ScriptedServer::close);
    }

    private Console console(boolean terminal, String typed, Map<String, String> environment) {
        return new Console(
                new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
                Console.stream(out, terminal),
                Console.stream(err, terminal),
                environment);
    }

    private Console terminal(String typed) {
        return console(true, typed, environment());
    }

    private Map<String, String> environment() {
        return Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
    }

    private Function<String, Model> models(ScriptedReply... replies) {
        ScriptedServer server =
                ScriptedServer.builder().answer(replies).lenient().start();
        servers.add(server);
        return name ->
                OpenAiModel.builder(name).baseUrl(server.url().toString()).build();
    }

    private Options options(String command, String... words) {
        List<String> all = new ArrayList<>(List.of(
                "--cd",
                workspace.toString(),
                "--store",
                folder.resolve("conversations").toString()));
        all.addAll(List.of(words));
        return Options.parse(command, all, environment());
    }

    private int exec(Console console, Function<String, Model> models, String... words) {
        return new ExecCommand(console, options("exec", words), models, new Interrupts()).run();
    }

    private int exec(Function<String, Model> models, String... words) {
        return exec(terminal(""), models, words);
    }

    private String shown() {
        return out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
    }

    /** Nothing that was printed moves the cursor or is invisible, no line is forged, and the hostile text is there. */
    private String checked() {
        String shown = shown();
        assertThat(shown).contains("h\\u001b[2J");
        return harmless(shown);
    }

    private static String harmless(String shown) {
        assertThat(raw(shown)).as("raw characters in%n%s", shown).isEmpty();
        assertThat(shown.lines()).noneMatch(line -> line.strip().startsWith("forged"));
        return shown;
    }

    private static String raw(String shown) {
        return shown.codePoints()
                .filter(c -> c != '\n' && c != '\t')
                .filter(c -> UNSEEN.contains(Character.getType(c))
                        || "\u3164\u115f\ufe0f\u2800".indexOf(c) >= 0
                        || c >= 0xE0000)
                .mapToObj(c -> String.format(Locale.ROOT, "U+%04X", c))
                .distinct()
                .collect(Collectors.joining(" "));
    }

    private static ScriptedReply hostileCall() {
        return ScriptedResponse.says(HOSTILE)
                .andCalls("c" + HOSTILE, "shell_command", "{\"command\":\"touch made " + json() + "\"}");
    }

    private static String json() {
        return HOSTILE.replace("\u001b", "\\u001b")
                .replace("\u0007", "\\u0007")
                .replace("\b", "\\b")
                .replace("\r", "\\r")
                .replace("\n", "\\n");
    }

    @Test
    void answer_onATerminal_isShown_notObeyed() {
        assertThat(exec(models(ScriptedResponse.says(HOSTILE)), "Hello")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("h\\u001b[2J");
        assertThat(raw(shown())).isEmpty();
    }

    @Test
    void answer_intoAPipe_isWhatTheModelSaid() {
        Console pipe = console(false, "", environment());
        assertThat(exec(pipe, models(ScriptedResponse.says(HOSTILE)), "Hello")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(HOSTILE + "\n");
    }

    @Test
    void callIdAndArguments_ofAQuestion_areShown() {
        assertThat(exec(models(hostileCall()), "Make")).isEqualTo(ExitCode.AWAITING_APPROVAL);
        checked();
        for (String command : List.of("approvals", "log")) {
            reset();
            List<String> words = new ArrayList<>(
                    List.of(command, "--store", folder.resolve("conversations").toString()));
            words.addAll(command.equals("log") ? List.of("--full", "last") : List.of());
            assertThat(new Main(terminal("")).run(words)).isZero();
            String shown = shown();
            assertThat(shown).contains("h\\u001b[2J");
            assertThat(raw(shown)).as(command).isEmpty();
        }
        for (String command : List.of("approve", "deny")) {
            reset();
            assertThat(decide(command, "--no-run", "last")).isEqualTo(command.equals("approve") ? 0 : 1);
            assertThat(shown()).contains("ch[2J");
            harmless(shown());
        }
    }

    private int decide(String command, String... words) {
        List<String> all = new ArrayList<>(List.of(
                "--cd",
                workspace.toString(),
                "--store",
                folder.resolve("conversations").toString()));
        all.addAll(List.of(words));
        return DecideCommand.parse(terminal(""), command, all, models(), new Interrupts())
                .run();
    }

    private void reset() {
        out.reset();
        err.reset();
    }

    @Test
    void toolName_andFailure_areShown() {
        ScriptedReply call = ScriptedResponse.calls("c" + HOSTILE, "t" + HOSTILE, json());
        assertThat(exec(models(call, ScriptedResponse.says("Done.")), "Go")).isZero();
        checked();
    }

    @Test
    void outputOfACommand_isShown() throws IOException {
        Files.writeString(workspace.resolve("notes"), HOSTILE);
        ScriptedReply call =
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"cat notes; exit '\u001b[2J'\"}");
        assertThat(exec(models(call, ScriptedResponse.says("Done.")), "--sandbox", "full-access", "Go"))
                .isZero();
        harmless(shown());
    }

    @Test
    void modelName_andErrorOfTheServer_areShown() {
        int code =
                exec(models(ScriptedServer.error(400, "c" + HOSTILE, "m" + HOSTILE)), "--model", "m" + HOSTILE, "Go");
        assertThat(code).isEqualTo(ExitCode.FAILED);
        checked();
    }

    @Test
    void pathOfTheStore_andOfTheFolder_areShown_andCanBeTyped() throws IOException {
        Path hostile = Files.createDirectory(folder.resolve(asAName()));
        Options options = Options.parse(
                "exec", List.of("--cd", hostile.toString(), "--store", hostile + "-store", "Make"), environment());
        ScriptedReply call = ScriptedResponse.calls("c\u001b", "shell_command", "{\"command\":\"touch made\"}");
        assertThat(new ExecCommand(terminal(""), options, models(call), new Interrupts()).run())
                .isEqualTo(ExitCode.AWAITING_APPROVAL);
        harmless(shown());
        assertThat(shown()).contains("$(printf '");
        reset();
        assertThat(new Main(terminal("")).run(List.of("approvals", "--store", hostile + "-empty")))
                .isZero();
        checked();
    }

    // In a locale of ASCII only, as a service may have, Java can give a file no other name.
    private static String asAName() {
        CharsetEncoder names =
                Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")).newEncoder();
        return HOSTILE.codePoints()
                .filter(c -> c != '/' && names.canEncode(Character.toString(c)))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Test
    void json_onATerminal_isShownAndMeansTheSame() throws IOException {
        assertThat(exec(models(ScriptedResponse.says(HOSTILE)), "--json", "Hello"))
                .isZero();
        String last = harmless(shown())
                .lines()
                .filter(line -> line.contains("\"run_ended\""))
                .findFirst()
                .orElseThrow();
        assertThat(new ObjectMapper().readTree(last).path("text").asText()).isEqualTo(HOSTILE);
    }

    @Test
    void wordsOfTheCommandLine_areShown() {
        for (List<String> words : List.of(
                List.of("c" + HOSTILE),
                List.of("exec", "--o" + HOSTILE, "x"),
                List.of("exec", "--approval", HOSTILE, "x"),
                List.of("log", HOSTILE),
                List.of("log", "last", HOSTILE),
                List.of("exec", "--mcp", "n" + HOSTILE + "=http:///x", "x"))) {
            reset();
            assertThat(new Main(terminal("")).run(words)).isEqualTo(ExitCode.USAGE);
            checked();
        }
    }

    @Test
    @EnabledOnOs(
            value = {OS.LINUX, OS.MAC},
            disabledReason = "the server is a shell script")
    void serverOfTools_nameAndLastWords_areShown() throws IOException {
        Files.writeString(workspace.resolve("words"), HOSTILE);
        String server = "n" + HOSTILE + "=sh -c 'cat " + workspace.resolve("words") + " >&2; exit 7'";
        assertThat(exec(models(ScriptedResponse.says("Done.")), "--mcp", server, "Go"))
                .isZero();
        checked();
    }

    @Test
    void talk_showsEverything() {
        ScriptedReply[] replies = {hostileCall(), ScriptedResponse.says(HOSTILE)};
        Options options = options("chat", "--model", "m" + HOSTILE, "--sandbox", "full-access", "Make");
        Console console = terminal("/no" + HOSTILE.replace("\n", "").replace("\r", "") + "\n");
        assertThat(new ChatCommand(console, options, models(replies), new Interrupts()).run())
                .isZero();
        String shown = shown();
        assertThat(shown).contains("h\\u001b[2J");
        assertThat(raw(shown)).isEmpty();
    }

    @Test
    void question_ofATalk_isShown() {
        Options options = options("chat", "Make");
        ScriptedReply[] replies = {hostileCall(), ScriptedResponse.says("Then not.")};
        assertThat(new ChatCommand(terminal("why\n"), options, models(replies), new Interrupts()).run())
                .isZero();
        String shown = shown();
        assertThat(shown).contains("h\\u001b[2J", "may it? ");
        assertThat(raw(shown)).isEmpty();
    }
}
