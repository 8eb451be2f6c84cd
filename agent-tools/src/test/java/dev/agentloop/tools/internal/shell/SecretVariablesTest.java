package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.agentloop.tools.ShellTools;
import dev.agentloop.tools.internal.command.CommandChild;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets and harmless variables in the environment of a real JVM, and what of them a real command is given. */
@DisabledOnOs(OS.WINDOWS)
class SecretVariablesTest {
    /** What the values of secrets hold that makes them seen. */
    private static final String CANARY = "CANARY";

    private static final Pattern PLACE = Pattern.compile("\\{([bx])([0-9]+)}");
    private static final String LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    @TempDir
    private Path base;

    private Path workspace;

    @BeforeEach
    void makeWorkspace() throws IOException {
        workspace = Files.createDirectory(base.toRealPath().resolve("ws"));
    }

    @Test
    void command_ofAHostWithSecrets_seesNoneOfThem() throws Exception {
        // Values are recognized by how chance looks, which is no certainty: one seed that is known.
        long seed = Long.getLong("agentloop.seed", 4711);
        Map<String, String> host = new TreeMap<>(table("values"));
        Random random = new Random(seed);
        host.replaceAll((name, value) -> filled(value, random));
        List<String> names = lines("secrets").toList();
        names.forEach(name -> host.put(name, CANARY + "-of-" + name));
        assertThat(names).hasSizeGreaterThanOrEqualTo(30);

        String output = env(host);

        assertThat(names(output)).as("seed " + seed).doesNotContainAnyElementsOf(host.keySet());
        assertThat(output)
                .startsWith("Access: UNRESTRICTED\nExit code: 0\n")
                .contains("PAGER=cat")
                .doesNotContain(CANARY);
    }

    @Test
    void command_ofAHostWithHarmlessVariables_seesAllOfThem() throws Exception {
        Map<String, String> harmless = table("harmless");
        assertThat(harmless).hasSizeGreaterThanOrEqualTo(40);
        Map<String, String> host = new TreeMap<>(harmless);
        host.put("PGPASSWORD", "postgres");
        host.put("GPG_KEY", "none");

        assertThat(env(host).lines())
                .containsAll(harmless.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList())
                .anyMatch(line -> line.startsWith("PATH="));
    }

    @Test
    void command_ofAHostWithCopiesOfASecret_seesNoneOfThem() throws Exception {
        String output = env(Map.of(
                "OPENAI_API_KEY", "CANARY-0123456789",
                "COPY_OF_API", "CANARY-0123456789",
                "HEADERS", "x-api: CANARY-0123456789",
                "STORE", "postgres://u:CANARYpw@db/app",
                "STORE_COPY", "CANARYpw",
                "SSL_KEY", workspace.toString(),
                "PROJECT", workspace.toString()));

        assertThat(output).doesNotContain("CANARY").contains("PROJECT=" + workspace);
    }

    @Test
    void command_ofAHostWithAList_seesWhatIsInItOnly() throws Exception {
        Map<String, String> host = Map.of("KEPT_ONE", "1", "KEPT_TOKEN", "CANARY", "OTHER", "CANARY", "HOME", "/root");

        assertThat(names(env(host, "PATH", "kept_*")))
                .contains("PATH", "KEPT_ONE", "TERM", "PAGER")
                .doesNotContain("KEPT_TOKEN", "OTHER", "HOME");
    }

    @Test
    void of_valuesThatTheHostKnows_hidesThemWhereverTheyStand() {
        ShellEnvironment environment = new ShellEnvironment(
                List.of(), List.of(), List.of("MINE"), List.of("store-pw", "pw", " "), Map.of("SET", "store-pw"));

        assertThat(environment.of(Map.of(
                        "A", "store-pw", "B", "x store-pw y", "C", "pw", "D", "pwx", "E", " ", "MINE", "store-pw")))
                .containsKeys("D", "E", "MINE", "SET")
                .doesNotContainKeys("A", "B", "C");
    }

    @Test
    void of_aSecretThatTheHostKeeps_keepsItsCopiesToo() {
        ShellEnvironment environment =
                new ShellEnvironment(List.of(), List.of(), List.of("MY_TOKEN"), List.of(), Map.of());

        assertThat(environment.of(Map.of("MY_TOKEN", "token-value-1", "COPY", "token-value-1")))
                .containsKeys("MY_TOKEN", "COPY");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PATH", "HOME", "TMPDIR", "LANG", "TERM"})
    void of_whatNothingRunsWithout_isNeverASecret(String name) {
        String value = "/opt/sk-CANARY0:the-password";
        assertThat(ShellEnvironmentTest.USUAL.of(Map.of(name, value, "DB_PASSWORD", value)))
                .containsKey(name)
                .doesNotContainKey("DB_PASSWORD");
    }

    /** Each would take minutes, or all of the stack, if what comes again could be tried from every place again. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "-",
                "a-",
                "a:",
                "?&",
                "&a-",
                "://",
                "a://b:",
                "u:p",
                "x",
                "login ",
                "\n",
                " - ",
                "Aa",
                "sk-",
                "a=b;",
                "token ",
                "bearer ",
                "--a-",
                "-- ",
                "_a",
                "lin_",
                "a_",
                "dckr_a_",
                "\"auth\""
            })
    void of_aValueAsLongAsTheSystemAllows_isJudgedSoon(String piece) {
        String value = piece.repeat(120_000 / piece.length());

        assertThat(assertTimeoutPreemptively(
                        Duration.ofMinutes(1), () -> ShellEnvironmentTest.USUAL.of(Map.of("LONG", value))))
                .containsKey("PAGER");
    }

    @Test
    void onlyVariables_withoutNames_saysWhatToDo() {
        assertThatThrownBy(() -> ShellTools.builder(workspace).onlyVariables())
                .hasMessage("ShellTools.onlyVariables needs at least one name, such as \"PATH\"; to let commands see no"
                        + " variable of this process, call removeVariables(\"*\")");
    }

    /** The variables of a file, {@code NAME=VALUE} each, with {@code ␤} for a line break. */
    private static Map<String, String> table(String file) throws IOException {
        return lines(file)
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf('=')),
                        line -> line.substring(line.indexOf('=') + 1).replace('␤', '\n')));
    }

    private static Stream<String> lines(String file) throws IOException {
        try (InputStream stream = SecretVariablesTest.class.getResourceAsStream("environment/" + file + ".txt")) {
            return new String(Objects.requireNonNull(stream, file).readAllBytes(), StandardCharsets.UTF_8).lines();
        }
    }

    /** A value with {@code {b20}} made 20 random letters and digits, and {@code {x20}} as many hexadecimal ones. */
    private static String filled(String value, Random random) {
        return PLACE.matcher(value).replaceAll(place -> {
            String digits = place.group(1).equals("x") ? "0123456789abcdef" : LETTERS_AND_DIGITS;
            return random.ints(Integer.parseInt(place.group(2)), 0, digits.length())
                    .mapToObj(i -> digits.substring(i, i + 1))
                    .collect(Collectors.joining());
        });
    }

    private static List<String> names(String output) {
        return output.lines()
                .filter(line -> line.indexOf('=') > 0)
                .map(line -> line.substring(0, line.indexOf('=')))
                .toList();
    }

    /** What {@code env} prints as a command of a host with these variables besides the path. */
    private String env(Map<String, String> variables, String... only) throws Exception {
        List<String> arguments = Stream.concat(Stream.of(workspace.toString(), "env"), Stream.of(only))
                .toList();
        return CommandChild.run(workspace, variables, arguments);
    }
}
