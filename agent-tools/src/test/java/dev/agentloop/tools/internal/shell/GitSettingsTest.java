package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.internal.ProcessTree;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.ShellTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class GitSettingsTest {
    @TempDir
    private Path base;

    @Test
    void git_inARepositoryThatNamesAProgram_doesNotRunIt() throws Exception {
        assumeTrue(ProcessTree.program("git", System.getenv()).isPresent(), "git is not on the path");
        Path workspace = Files.createDirectories(base.resolve("ws"));
        Path bare = Files.createDirectories(workspace.resolve("bare/objects")).getParent();
        Files.createDirectories(bare.resolve("refs"));
        Files.writeString(bare.resolve("HEAD"), "ref: refs/heads/main\n");
        Files.writeString(
                bare.resolve("config"),
                "[core]\n\trepositoryformatversion = 0\n\tworktree = .\n\tfsmonitor = \"echo x >>" + base
                        + "/ran; false\"\n");
        Calls calls = new Calls(
                ShellTools.builder(workspace).state(base.resolve("state")).tools());

        String output = calls.call("shell_command", "command", "git status", "workdir", "bare")
                .text();
        calls.call("shell_command", "command", "git --git-dir=. status", "workdir", "bare");

        assertThat(base.resolve("ran")).doesNotExist();
        assertThat(output).contains("cannot use bare repository");
        String careless = "GIT_CONFIG_COUNT=0 git status";
        assertThat(calls.ok("shell_command", "command", careless, "workdir", "bare"))
                .contains("On branch main");
        assertThat(base.resolve("ran")).exists();
    }

    @Test
    void of_settingsOfTheHosts_keepsThemLessTheSecretOnes() {
        Map<String, String> host = Map.of(
                "GIT_CONFIG_COUNT", "3",
                "GIT_CONFIG_KEY_0", "user.name",
                "GIT_CONFIG_VALUE_0", "A",
                "GIT_CONFIG_KEY_1", "http.https://github.com/.extraheader",
                "GIT_CONFIG_VALUE_1", "AUTHORIZATION: basic eA==",
                "GIT_CONFIG_KEY_2", "safe.directory",
                "GIT_CONFIG_VALUE_2", "*");
        Map<String, String> set =
                Map.of("GIT_CONFIG_COUNT", "1", "GIT_CONFIG_KEY_0", "core.fsmonitor", "GIT_CONFIG_VALUE_0", "true");

        assertThat(new ShellEnvironment(List.of(), List.of(), List.of(), List.of(), set).of(host))
                .containsEntry("GIT_CONFIG_COUNT", "5")
                .containsEntry("GIT_CONFIG_KEY_0", "user.name")
                .containsEntry("GIT_CONFIG_VALUE_0", "A")
                .containsEntry("GIT_CONFIG_KEY_1", "safe.directory")
                .containsEntry("GIT_CONFIG_KEY_2", "safe.bareRepository")
                .containsEntry("GIT_CONFIG_VALUE_2", "explicit")
                .containsEntry("GIT_CONFIG_KEY_3", "core.fsmonitor")
                .containsEntry("GIT_CONFIG_VALUE_3", "false")
                .containsEntry("GIT_CONFIG_KEY_4", "core.fsmonitor")
                .containsEntry("GIT_CONFIG_VALUE_4", "true")
                .doesNotContainKey("GIT_CONFIG_KEY_5");
    }

    @Test
    void of_settingsThatAreNotWhole_takesThoseThatAre() {
        assertThat(ShellEnvironmentTest.USUAL.of(Map.of("GIT_CONFIG_COUNT", "2", "GIT_CONFIG_KEY_1", "a.b")))
                .containsEntry("GIT_CONFIG_COUNT", "2")
                .containsEntry("GIT_CONFIG_KEY_0", "safe.bareRepository");
        assertThat(ShellEnvironmentTest.USUAL.of(Map.of("GIT_CONFIG_COUNT", "many")))
                .containsEntry("GIT_CONFIG_COUNT", "2");
    }
}
