package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets and harmless variables in the environment of a real JVM, and what of them a real command is given. */
@DisabledOnOs(OS.WINDOWS)
class SecretVariablesTest {
    /** Names whose values say nothing. */
    private static final List<String> SECRET_NAMES = List.of(
            "AUTHORIZATION",
            "BEARER",
            "PASS",
            "PIN",
            "DB_PW",
            "SSHPASS",
            "GITHUB_PAT",
            "JWT",
            "SESSION_COOKIE",
            "DOCKER_AUTH_CONFIG",
            "SENTRY_DSN",
            "SLACK_WEBHOOK_URL",
            "AZURE_STORAGE_CONNECTION_STRING",
            "ConnectionStrings__Default",
            "DB_CONN_STR",
            "OPENAI_API_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "PGPASSWORD",
            "MYSQL_PWD",
            "SMTP_PASS",
            "npm_config__authToken",
            "dbPass",
            "KEYSTORE",
            "SSH_KEYS",
            "MONKEYPATCH_API_KEY",
            "OAUTH_CLIENT",
            "VAULT_UNSEAL_PASSPHRASE",
            "CI_CREDS",
            "LOGIN_TOTP",
            "WALLET_MNEMONIC");

    /** Values that tell by themselves; CANARY is what must not be seen. */
    private static final Map<String, String> SECRET_VALUES = Map.ofEntries(
            Map.entry("CONN", "Server=db;Password=CANARY;Encrypt=true"),
            Map.entry("JDBC_URL", "jdbc:postgresql://db/app?user=u&password=CANARY"),
            Map.entry("DB_URL_SLASH", "postgres://u:pa/CANARY@h/app"),
            Map.entry("DB_URL", "postgres://u:CANARY@h/app"),
            Map.entry("PROXY", "http://u:CANARY@proxy:3128"),
            Map.entry("CACHE", "redis://:CANARY@h:6379/0"),
            Map.entry("MY_CUSTOM", "sk-proj-CANARY"),
            Map.entry("MY_HUB", "ghp_CANARY0123456789"),
            Map.entry("MY_CLOUD", "AKIACANARY0123456789"),
            Map.entry("MY_CLAIM", "eyJhbGciOiJIUzI1NiJ9.CANARY.x"),
            Map.entry("MY_SLACK", "xoxb-CANARY-1"),
            Map.entry("MY_LAB", "glpat-CANARY-1"),
            Map.entry("MY_HEADER", "Authorization: Basic CANARY"),
            Map.entry("MY_LINE_TWO", "x: Bearer CANARY01"),
            Map.entry("MY_LINE", "Basic CANARYxx=="),
            Map.entry("MY_OPTS", "-Djavax.net.ssl.trustStorePassword=CANARY"),
            Map.entry("MY_JSON", "{\"user\":\"u\",\"password\": \"CANARY\"}"),
            Map.entry("MY_PEM", "-----BEGIN RSA PRIVATE KEY-----\nCANARY"),
            Map.entry("MY_HOOK", "https://hooks.slack.com/services/CANARY"));

    private static final Map<String, String> HARMLESS = Map.ofEntries(
            Map.entry("GIT_AUTHOR_NAME", "A B"),
            Map.entry("GIT_AUTHOR_EMAIL", "a@b.c"),
            Map.entry("SSH_AUTH_SOCK", "/tmp/agent.1"),
            Map.entry("GIT_ASKPASS", "echo"),
            Map.entry("XAUTHORITY", "/root/.Xauthority"),
            Map.entry("KEYBOARD", "de"),
            Map.entry("KEYMAP", "de"),
            Map.entry("COMPASS_HOME", "/opt/compass"),
            Map.entry("BYPASS", "1"),
            Map.entry("AUTHORS", "a, b"),
            Map.entry("MONKEY", "1"),
            Map.entry("PINCH", "1"),
            Map.entry("SPINNER", "off"),
            Map.entry("PATTERN", "x"),
            Map.entry("COMPAT", "1"),
            Map.entry("PASSENGER_COUNT", "3"),
            Map.entry("TOKENIZERS_PARALLELISM", "false"),
            Map.entry("HOME", "/root"),
            Map.entry("USER", "postgres"),
            Map.entry("LANGUAGE", "sk-SK:en"),
            Map.entry("SHELL", "/bin/bash"),
            Map.entry("EDITOR", "vi"),
            Map.entry("JAVA_HOME", "/usr/lib/jvm/x"),
            Map.entry("MAVEN_OPTS", "-Xmx1g"),
            Map.entry("GRADLE_OPTS", "-Dx=y"),
            Map.entry("CI", "true"),
            Map.entry("DISPLAY", ":0"),
            Map.entry("XDG_SESSION_ID", "1"),
            Map.entry("DESKTOP_SESSION", "plasma"),
            Map.entry("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/0/bus"),
            Map.entry("http_proxy", "http://proxy:3128"),
            Map.entry("npm_config_registry", "http://host:8080/@scope/x"),
            Map.entry("no_proxy", "localhost,127.0.0.1"),
            Map.entry("PGHOST", "db"),
            Map.entry("PGUSER", "app"),
            Map.entry("DATABASE_URL", "postgres://app@db/app"),
            Map.entry("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22"),
            Map.entry("CONNECT_TIMEOUT", "5"),
            Map.entry("PORT", "123456"),
            Map.entry("ENVIRONMENT_FOLDER", "/opt/sk-learn-env/bin"),
            Map.entry("DESCRIPTION", "basic authentication, bearer something"),
            Map.entry("REGION", "ASIAPACIFIC"),
            Map.entry("LS_COLORS", "*.tar=01;31:*.key=00;33"),
            Map.entry("RUNNER", "task-runner"),
            Map.entry("DSNAME", "x"),
            Map.entry("PWNED", "no"),
            Map.entry("TZ", "UTC"));

    @TempDir
    private Path workspace;

    @Test
    void command_ofAHostWithSecrets_seesNoneOfThem() throws Exception {
        Map<String, String> host = new TreeMap<>(SECRET_VALUES);
        SECRET_NAMES.forEach(name -> host.put(name, "CANARY-of-" + name));

        String output = env(host);

        assertThat(output)
                .startsWith("Access: UNRESTRICTED\nExit code: 0\n")
                .contains("PAGER=cat")
                .doesNotContain("CANARY");
        assertThat(names(output)).doesNotContainAnyElementsOf(host.keySet());
    }

    @Test
    void command_ofAHostWithHarmlessVariables_seesAllOfThem() throws Exception {
        assertThat(HARMLESS).hasSizeGreaterThanOrEqualTo(40);
        Map<String, String> host = new TreeMap<>(HARMLESS);
        host.put("PGPASSWORD", "postgres");
        host.put("GPG_KEY", "none");

        assertThat(env(host).lines())
                .containsAll(HARMLESS.entrySet().stream()
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
        assertThat(ShellEnvironment.USUAL.of(Map.of(name, value, "DB_PASSWORD", value)))
                .containsKey(name)
                .doesNotContainKey("DB_PASSWORD");
    }

    @Test
    void onlyVariables_withoutNames_saysWhatToDo() {
        assertThatThrownBy(() -> ShellTools.builder(workspace).onlyVariables())
                .hasMessage("ShellTools.onlyVariables needs at least one name, such as \"PATH\"; to let commands see no"
                        + " variable of this process, call removeVariables(\"*\")");
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
