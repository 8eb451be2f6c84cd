package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.terminal.Console;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line up to where a model would be asked. */
class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path folder;

    private int run(Map<String, String> environment, String... arguments) {
        return new Main(new Console(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        environment))
                .run(List.of(arguments));
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    frobnicate                    | there is no command frobnicate
                    exec                          | exec needs a prompt
                    exec --frob x                 | there is no option --frob
                    exec --model                  | --model needs a value
                    exec --max-steps 0 x          | --max-steps needs a whole number of at least 1, not "0"
                    exec --max-steps many x       | --max-steps needs a whole number of at least 1, not "many"
                    exec --approval always x      | --approval is one of untrusted, on-request, never, not "always"
                    exec --sandbox none x         | --sandbox is one of read-only, workspace-write, full-access, not "none"
                    exec --cd no/such/folder x    | there is no folder
                    exec --wait soon x            | --wait needs a time such as 30s, 10m or 2h, at most a year, not "soon"
                    exec --wait 9000h x           | --wait needs a time such as 30s, 10m or 2h, at most a year, not "9000h"
                    demo --store x                | demo takes no options
                    exec --approve call_1         | --approve and --deny need --resume
                    exec --resume one             | a conversation's id is a UUID
                    exec --resume last            | there is no conversation in
                    exec --resume 0123            | there is no conversation 0123 in
                    exec --mcp fs x               | --mcp needs a name and a command or an address
                    exec --mcp =npx x             | --mcp needs a name and a command or an address
                    exec --mcp a=b --mcp a=c x    | --mcp: two MCP servers are named "a"; give each a name of its own
                    exec --mcp a=http:///x x      | --mcp: the address of MCP server "a" must begin with http://
                    exec --mcp a=b --mcp-trust c x | --mcp-trust c: no --mcp has that name
                    chat --json                   | --json belongs to exec
                    approve                       | approve needs a conversation's id
                    deny 1 2 3                    | deny needs a conversation's id
                    deny 1 --reason               | --reason needs a value
                    approve 1 --reason x          | --reason belongs to deny
                    approve --deny call_1 1       | --deny belongs to exec; approve is given the conversation's id
                    approve --no-run last         | there is no conversation in
                    approvals last                | approvals does not know what to do with last
                    approvals --full              | approvals has no option --full
                    log                           | log needs a conversation's id, the beginning of one, or last
                    log last --frob               | log has no option --frob
                    log last --store              | --store needs a value
                    log last --prices 1,2         | --prices needs what a million tokens cost
                    log last                      | there is no conversation in
                    log 0x12                      | a conversation's id is a UUID, and can be cut short, or is last
                    log 01234567-                 | there is no conversation 01234567- in
                    log last --store postgres://h | --store: the address of a PostgreSQL server is a URL such as jdbc:
                    log last --store jdbc:h2:x    | --store: the address of a PostgreSQL server is a URL such as jdbc:
                    """)
    void wrongUsage_isOneLineThatSaysWhatToDo(String line, String message) {
        Map<String, String> environment =
                Map.of("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", "XDG_STATE_HOME", "" + folder);
        assertThat(run(environment, line.split(" "))).isEqualTo(2);
        assertThat(err())
                .startsWith("agent: ")
                .contains(message)
                .endsWith("help says more\n")
                .hasLineCount(1);
    }

    @Test
    void noKey_saysWhichVariable() {
        assertThat(run(Map.of("XDG_STATE_HOME", folder.toString()), "exec", "x"))
                .isEqualTo(2);
        assertThat(err()).contains("OPENAI_API_KEY is not set", "OPENAI_BASE_URL", "demo");
    }

    @Test
    void badAddress_isNotRepeated() {
        Map<String, String> environment =
                Map.of("OPENAI_BASE_URL", "ftp://ada:secret@example.org", "XDG_STATE_HOME", folder.toString());
        assertThat(run(environment, "exec", "x")).isEqualTo(2);
        assertThat(err())
                .contains("OPENAI_BASE_URL is not an http or https address")
                .doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    postgresql://ada:secret@127.0.0.1:1/x              | 2
                    jdbc:postgresql://ada:secret@127.0.0.1:1/x         | 2
                    jdbc:postgresql://127.0.0.1:port/x?password=secret | 2
                    jdbc:postgresql://127.0.0.1:1/x?password=secret    | 1
                    jdbc:postgresql://nowhere.invalid/x?password=secret| 1
                    """)
    void wrongServer_isOneLineWithoutThePassword(String url, int exitCode) {
        Map<String, String> environment = Map.of("XDG_STATE_HOME", "" + folder, "PGPASSWORD", "secret");
        assertThat(run(environment, "log", "last", "--store", url)).isEqualTo(exitCode);
        assertThat(err()).startsWith("agent: ").hasLineCount(1).doesNotContain("secret");
        assertThat(out.size()).isZero();
    }

    @Test
    void unknownConversation_namesTheFolder() {
        Map<String, String> environment =
                Map.of("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", "XDG_STATE_HOME", folder.toString());
        String id = "00000000-0000-0000-0000-000000000000";
        assertThat(run(environment, "exec", "--resume", id)).isEqualTo(2);
        assertThat(err())
                .contains("there is no conversation " + id)
                .contains(folder.resolve("agentloop/conversations").toString());
    }

    @Test
    void help_listsOptionsAndExitCodes() {
        assertThat(run(Map.of(), "help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("demo", "exec", "chat", "--model", "--cd", "--json", "--max-steps", "--approval", "--sandbox")
                .contains("--store", "--resume", "--approve", "--deny", "130")
                .contains("approvals", "approve", "deny", "log", "--no-run", "--reason", "--all", "--full", "--prices")
                .contains(
                        "--mcp-trust",
                        "--wait",
                        "/compact",
                        "143",
                        "--store postgres",
                        "jdbc:postgresql://",
                        "PGPASSWORD");
        assertThat(err()).isEmpty();
    }

    @Test
    void demo_changesItsCopyAndTellsHow() throws IOException {
        assertThat(run(Map.of(), "demo")).isZero();
        String shown = out.toString(StandardCharsets.UTF_8);
        assertThat(shown)
                .contains("The model is a script", "$ cat README.md", "exit 0, ", "apply_patch README.md")
                .contains("+++ b/README.md", "+flowchart LR")
                .contains("Each request begins with all of the one before, byte for byte.");
        Path project = Path.of(shown.lines()
                .filter(line -> line.startsWith("The project is in "))
                .map(line -> line.substring("The project is in ".length()))
                .findFirst()
                .orElseThrow());
        assertThat(project.resolve("README.md")).content(StandardCharsets.UTF_8).contains("```mermaid\nflowchart LR");
        assertThat(project.resolve("src/Checkout.java")).exists();
        String read = "To read the log of the conversation: ./agent ";
        String[] log =
                shown.substring(shown.indexOf(read) + read.length()).strip().split(" ");
        out.reset();
        assertThat(run(Map.of(), log)).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("    user: ", "turn 1 ended at ", "finished after 5 steps");
    }

    @Test
    void warmUp_isSilent() {
        assertThat(run(Map.of(), "warm-up")).isZero();
        assertThat(out.size() + err.size()).isZero();
    }
}
