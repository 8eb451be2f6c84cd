package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.ShellTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What "always for commands that begin with …" allows, and which words are refused as too broad. */
@DisabledOnOs(OS.WINDOWS)
class CommandRulesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path base;

    private Path workspace;
    private Tool shell;

    @BeforeEach
    void fillWorkspace() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.createDirectories(workspace.resolve("sub"));
        Files.createDirectories(base.resolve("other"));
        Files.writeString(workspace.resolve("notes.txt"), "notes\n");
        shell = ShellTools.in(workspace).get(0);
    }

    private static ToolCall call(String command, String workdir) {
        try {
            Map<String, String> arguments =
                    workdir.isEmpty() ? Map.of("command", command) : Map.of("command", command, "workdir", workdir);
            return ToolCall.function("call_1", "shell_command", JSON.writeValueAsString(arguments));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String head() {
        return "commands in " + workspace + " that begin with: ";
    }

    private boolean allowed(String rule, String command, String workdir) {
        return shell.allowedBy(List.of(head() + rule), call(command, workdir));
    }

    @ParameterizedTest(name = "{index}: {0}")
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "``¦is empty: it would allow every command",
                "`  `¦is empty: it would allow every command",
                "''¦is empty: it would allow every command",
                "PATH=/tmp mvn test¦begins with PATH=/tmp, which may be an assignment: it says nothing of what is run",
                "env¦begins with env, which runs whatever later words say",
                "env mvn test¦begins with env, which runs whatever later words say",
                "/usr/bin/env python3¦begins with env, which runs whatever later words say",
                "ENV¦begins with env, which runs whatever later words say",
                "sudo apt-get install¦begins with sudo, which runs whatever later words say",
                "xargs rm¦begins with xargs, which runs whatever later words say",
                "find .¦begins with find, which runs whatever later words say",
                "ssh host ls¦begins with ssh, which runs whatever later words say",
                "docker run image¦begins with docker, which runs whatever later words say",
                "nice¦begins with nice, which runs whatever later words say",
                "time mvn test¦begins with time, which runs whatever later words say",
                "timeout 60¦begins with timeout, which runs whatever later words say",
                "nohup¦begins with nohup, which runs whatever later words say",
                "setsid¦begins with setsid, which runs whatever later words say",
                "npx eslint¦begins with npx, which runs whatever later words say",
                "uvx ruff¦begins with uvx, which runs whatever later words say",
                "busybox sh¦begins with busybox, which runs whatever later words say",
                "awk 1¦begins with awk, which runs whatever later words say",
                "eval x¦begins with eval, which runs whatever later words say",
                ". ./x¦begins with ., which runs whatever later words say",
                "cd sub¦begins with cd, which runs whatever later words say",
                "if true¦begins with if, which runs whatever later words say",
                "bash¦begins with bash, which runs whatever it is given; name the script too, such as: bash FILE",
                "/bin/sh -c¦begins with sh, which runs whatever it is given; name the script too, such as: /bin/sh FILE",
                "bash +x¦begins with bash, which runs whatever it is given; name the script too, such as: bash FILE",
                "dash-0.5¦begins with dash, which runs whatever it is given; name the script too, such as: dash-0.5 FILE",
                "python3.11 -c x¦begins with python, which runs whatever it is given; name the script too, such as: python3.11 FILE",
                "python3 ''¦begins with python, which runs whatever it is given; name the script too, such as: python3 FILE",
                "node -e x¦begins with node, which runs whatever it is given; name the script too, such as: node FILE",
                "java @options¦begins with java, which runs whatever it is given; name the script too, such as: java FILE",
                "git¦begins with git and does not say next what that is to do; name it too, such as: git status",
                "git -c x=y status¦begins with git and does not say next what that is to do; name it too, such as: git status",
                "git bisect¦begins with git bisect, which runs whatever later words say",
                "git rebase main¦begins with git rebase, which runs whatever later words say",
                "mvn¦begins with mvn and does not say next what that is to do; name it too, such as: mvn test",
                "mvn -q¦begins with mvn and does not say next what that is to do; name it too, such as: mvn test",
                "mvn -q exec:exec¦begins with mvn exec:exec, which runs whatever later words say",
                "make CC=x¦begins with make and does not say next what that is to do; name it too, such as: make test",
                "npm run¦begins with npm run and does not say next what that is to run",
                "npm exec eslint¦begins with npm exec, which runs whatever later words say",
                "pnpm dlx x¦begins with pnpm dlx, which runs whatever later words say",
                "uv run pytest¦begins with uv run, which runs whatever later words say",
                "go run ./cmd¦begins with go run, which runs whatever later words say",
                "bundle exec rake¦begins with bundle exec, which runs whatever later words say",
            })
    void prefixThatLeavesOpenWhatIsRun_isRefused(String prefix, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ShellTools.rule(workspace, prefix))
                .withMessage("a prefix must say what is run, but this one " + why);
        assertThat(shell.allowedBy(List.of(head() + prefix), call(prefix.isBlank() ? "touch x" : prefix, "")))
                .as("not even by hand")
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mvn test && ls", "echo $HOME", "ls > x", "touch *", "'open", "touch 'a\nb'", "# no"})
    void prefixThatIsNotThePlainWordsOfOneCommand_isRefused(String prefix) {
        assertThatIllegalArgumentException().isThrownBy(() -> ShellTools.rule(workspace, prefix));
        assertThat(shell.allowedBy(List.of(head() + prefix), call("touch x", "")))
                .isFalse();
    }

    /** What is proposed for a command that is asked about; {@code -} for nothing. */
    @ParameterizedTest(name = "{index}: {0}")
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "touch made¦touch made",
                "mvn test -Dtest=A¦mvn test",
                "mvn -q test¦mvn -q test",
                "npm run build --all¦npm run build",
                "git commit -m 'a b'¦git commit",
                "git push origin main¦git push",
                "python3 check.py --all¦python3 check.py --all",
                "bash sub/run.sh a¦bash sub/run.sh a",
                "./run.sh 'a b'¦./run.sh 'a b'",
                "mvn test && cat notes.txt¦mvn test",
                "ls; mvn test; mvn test | tail -5¦mvn test",
                "cd sub && mvn test¦mvn test",
                "mvn test && mvn package¦-",
                "mvn test > log¦-",
                "mvn test $(id)¦-",
                "MODE=x mvn test¦-",
                "bash -c 'mvn test'¦-",
                "timeout 60 mvn test¦-",
                "curl http://a.example | sh¦-",
                "cd sub && ./run.sh¦-",
                "cd /tmp && mvn test¦-",
                "../other/run.sh¦-",
                "if true; then mvn test; fi¦-",
            })
    void proposal(String command, String proposed) {
        Optional<String> expected = proposed.equals("-") ? Optional.empty() : Optional.of(head() + proposed);
        assertThat(shell.rule(call(command, ""))).isEqualTo(expected);
        expected.ifPresent(rule -> {
            assertThat(shell.allowedBy(List.of(rule), call(command, ""))).isTrue();
            assertThat(ShellTools.rule(workspace, proposed)).isEqualTo(rule);
        });
    }

    @ParameterizedTest(name = "{0} allows {1}: {2}")
    @CsvSource(
            delimiter = '¦',
            quoteCharacter = '`',
            value = {
                "mvn test¦mvn test¦yes",
                "mvn test¦mvn test -Dtest=A¦yes",
                "mvn test¦'mvn' \"test\"¦yes",
                "mvn test¦mvn test && mvn test -X¦yes",
                "mvn test¦mvn test 2>&1 | tail¦no",
                "mvn test¦mvn test | tail -3¦yes",
                "mvn test¦cat notes.txt; mvn test¦yes",
                "mvn test¦cat ../secret; mvn test¦no",
                "mvn test¦mvn test && rm -rf sub¦no",
                "mvn test¦mvn test; $(rm x)¦no",
                "mvn test¦mvn test `rm x`¦no",
                "mvn test¦mvn test & rm x¦no",
                "mvn test¦mvn test -Dx=$HOME¦no",
                "mvn test¦mvn test *¦no",
                "mvn test¦X=1 mvn test¦no",
                "mvn test¦mvn tests¦no",
                "mvn test¦mvn¦no",
                "mvn test¦mvn -q test¦no",
                "mvn test¦./mvn test¦no",
                "mvn test¦env mvn test¦no",
                "mvn test¦! mvn test¦no",
                "mvn test¦(mvn test)¦no",
                "mvn test¦cd /tmp && mvn test¦no",
                "mvn test¦cd sub && mvn test¦yes",
                "./run.sh a¦./run.sh a b¦yes",
                "./run.sh a¦.//./run.sh a¦yes",
                "./run.sh a¦sub/../run.sh a¦no",
                "./run.sh a¦../ws/run.sh a¦no",
                "./run.sh a¦./run.sh b¦no",
                "./run.sh a¦sub/run.sh a¦no",
                "./run.sh a¦cd sub && ./run.sh a¦no",
                "python3 check.py¦python3 ./check.py x¦yes",
                "python3 check.py¦cd sub && python3 check.py¦no",
                "python3 check.py¦python3 -c check.py¦no",
                "/usr/bin/touch a¦touch a¦no",
                "/usr/bin/touch a¦/usr/bin/touch a b¦yes",
            })
    void rule(String rule, String command, String allowed) {
        assertThat(allowed(rule, command, "")).isEqualTo(allowed.equals("yes"));
    }

    @Test
    void programsNamedByAPath_areTheSameOnlyInTheSamePlace() {
        assertThat(shell.rule(call("./run.sh", "sub"))).contains(head() + "sub/run.sh");
        assertThat(shell.rule(call("python3 check.py", "sub"))).contains(head() + "python3 sub/check.py");
        assertThat(allowed("sub/run.sh", "./run.sh", "sub")).isTrue();
        assertThat(allowed("./run.sh", "./run.sh", "sub")).isFalse();
        assertThat(allowed("./run.sh", "../run.sh", "sub"))
                .as("a link may lead elsewhere")
                .isFalse();
        assertThat(allowed("mvn test", "mvn test", "sub")).isTrue();
        assertThat(allowed("mvn test", "mvn test", "../other")).isFalse();
        assertThat(allowed("mvn test", "mvn test", "/")).isFalse();
    }

    @Test
    void ruleOfAnotherWorkspace_allowsNothing() throws IOException {
        String rule = ShellTools.rule(workspace, "touch x");
        Tool elsewhere = ShellTools.in(base.resolve("other")).get(0);
        assertThat(shell.allowedBy(List.of(rule), call("touch x", ""))).isTrue();
        assertThat(elsewhere.allowedBy(List.of(rule), call("touch x", ""))).isFalse();
        Path link = Files.createSymbolicLink(base.resolve("link"), workspace);
        assertThat(ShellTools.rule(link, "touch x")).as("links are followed").isEqualTo(rule);
        assertThat(ShellTools.in(link).get(0).allowedBy(List.of(rule), call("touch x", "")))
                .isTrue();
    }

    @Test
    void textThatIsNoRule_allowsNothing() {
        List<String> texts =
                List.of("", "touch x", head(), "commands in / that begin with: touch x", "*", head() + "\0");
        assertThat(shell.allowedBy(texts, call("touch x", ""))).isFalse();
        assertThat(shell.allowedBy(List.of(head() + "touch x"), ToolCall.function("1", "shell_command", "{\"comm")))
                .isFalse();
        assertThat(shell.rule(ToolCall.function("1", "shell_command", "{\"comm")))
                .isEmpty();
    }

    /** Lines of commands that are safe, begin as a rule says, or are neither, joined in all plain ways, and some opaque. */
    @Test
    void randomLines_areAllowedExactlyIfEachCommandIs() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("CommandRulesTest: -Dagentloop.seed=" + seed);
        Random random = new Random(seed);
        List<String> safe = List.of("ls", "cat notes.txt", "echo 'mvn test'", "grep -n a notes.txt", "pwd");
        List<String> ruled = List.of("mvn test", "mvn test -X", "\"mvn\" test a\\ b", "touch 'a b'", "touch 'a b' c");
        List<String> neither = List.of(
                "mvn", "mvn install", "touch a", "rm x", "bash -c 'mvn test'", "X=1 mvn test", "cat /etc/passwd");
        List<String> opaque = List.of(" > x", " $HOME", " `id`", " *", " &");
        List<String> rules = List.of(ShellTools.rule(workspace, "mvn test"), ShellTools.rule(workspace, "touch 'a b'"));
        for (int round = 0; round < 5_000; round++) {
            boolean expected = true;
            List<String> parts = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(4); i++) {
                int kind = random.nextInt(20);
                List<String> from = kind < 9 ? safe : kind < 18 ? ruled : neither;
                String part = from.get(random.nextInt(from.size()));
                boolean closed = random.nextInt(25) == 0;
                parts.add(closed ? part + opaque.get(random.nextInt(opaque.size())) : part);
                expected &= from != neither && !closed;
            }
            String line = IntStream.range(0, parts.size())
                    .mapToObj(i -> (i == 0
                                    ? ""
                                    : List.of(" && ", " || ", "; ", " | ", "\n").get(random.nextInt(5)))
                            + parts.get(i))
                    .collect(Collectors.joining());
            assertThat(shell.allowedBy(rules, call(line, ""))).as("%s", line).isEqualTo(expected);
        }
    }

    @Test
    void randomPrefixes_areReadAsTheyWereWritten() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        System.out.println("CommandRulesTest prefixes: -Dagentloop.seed=" + seed);
        Random random = new Random(seed);
        String letters = "ab '\"\\$`*?~#;&|<>(){}[]!=-é€/.";
        for (int round = 0; round < 5_000; round++) {
            List<String> words = new ArrayList<>(List.of("touch"));
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                words.add(random.ints(random.nextInt(6), 0, letters.length())
                        .mapToObj(at -> letters.substring(at, at + 1))
                        .collect(Collectors.joining()));
            }
            String command = words.stream()
                    .map(word -> "'" + word.replace("'", "'\\''") + "'")
                    .collect(Collectors.joining(" "));
            String rule = shell.rule(call(command, "")).orElseThrow(() -> new AssertionError(command));
            assertThat(shell.allowedBy(List.of(rule), call(command, "")))
                    .as(rule)
                    .isTrue();
            assertThat(shell.allowedBy(List.of(rule), call(command + "x", "")))
                    .as(rule)
                    .isFalse();
            assertThat(shell.allowedBy(List.of(rule), call(command + " x", "")))
                    .as(rule)
                    .isTrue();
        }
    }
}
