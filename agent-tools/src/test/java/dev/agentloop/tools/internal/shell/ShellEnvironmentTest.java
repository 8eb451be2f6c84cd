package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.ProcessTree;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellEnvironmentTest {
    static final ShellEnvironment USUAL = new ShellEnvironment(List.of(), List.of(), List.of(), List.of(), Map.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OPENAI_API_KEY",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "github_token",
                "PGPASSWORD",
                "Db_Password",
                "MYSQL_PWD",
                "SMTP_PASS",
                "SSH_PASSPHRASE",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "REDIS_PASSWD",
                "NPM_AUTH",
                "ClientSecret",
                "KEYSTORE",
                "BASH_ENV",
                "ENV",
                "CDPATH",
                "BASH_FUNC_ls%%",
                "RIPGREP_CONFIG_PATH",
                "PWD"
            })
    void of_secretsAndWhatMeddles_removesThem(String name) {
        assertThat(USUAL.of(Map.of(name, "x"))).doesNotContainKey(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PATH", "HOME", "USER", "SSH_AUTH_SOCK", "JAVA_HOME", "COMPASS", "ENVIRONMENT", "GIT_ASKPASS"})
    void of_otherVariables_keepsThem(String name) {
        assertThat(USUAL.of(Map.of(name, "x"))).containsEntry(name, "x");
    }

    @Test
    void of_addressesWithAPassword_removesThem() {
        Map<String, String> environment = USUAL.of(Map.of(
                "DATABASE_URL", "jdbc:postgres://app:hunter2@db.local/app",
                "PROXY", "http://user:pass@proxy:3128",
                "PLAIN", "http://proxy:3128/a:b@c",
                "MAIL", "mailto:me@host"));

        assertThat(environment).containsKeys("PLAIN", "MAIL").doesNotContainKeys("DATABASE_URL", "PROXY");
    }

    @Test
    void of_anything_turnsTerminalFeaturesOff() {
        assertThat(USUAL.of(Map.of("PAGER", "less", "TERM", "xterm", "COLORTERM", "truecolor", "LC_ALL", "de_DE")))
                .containsEntry("PAGER", "cat")
                .containsEntry("GIT_PAGER", "cat")
                .containsEntry("TERM", "dumb")
                .containsEntry("NO_COLOR", "1")
                .doesNotContainKey("COLORTERM")
                .hasEntrySatisfying("LC_ALL", value -> assertThat(value).endsWith(".UTF-8"));
    }

    @Test
    void of_theMarkerOfAnOuterCall_keepsItWhateverIsRemoved() {
        String marker = ProcessTree.newMarker();
        ShellEnvironment none =
                new ShellEnvironment(List.of(), List.of("*"), List.of("path"), List.of(), Map.of("MY_TOKEN", "given"));

        Map<String, String> environment = new HashMap<>(none.of(Map.of(marker, "1", "PATH", "/bin", "HOME", "/root")));

        assertThat(environment)
                .containsEntry(marker, "1")
                .containsEntry("PATH", "/bin")
                .containsEntry("MY_TOKEN", "given")
                .doesNotContainKey("HOME");
    }

    @Test
    void of_patternsWithSpecialCharacters_takesThemAsTheyStand() {
        ShellEnvironment environment =
                new ShellEnvironment(List.of(), List.of("A.C", "X*Y"), List.of(), List.of(), Map.of());

        assertThat(environment.of(Map.of("ABC", "1", "A.C", "1", "XabY", "1", "XY", "1", "XYZ", "1")))
                .containsKeys("ABC", "XYZ")
                .doesNotContainKeys("A.C", "XabY", "XY");
    }
}
