package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The script chooses a locale in which accents come through, or says that there is none. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere the encoding of names does not depend on the locale")
class LauncherLocaleTest {
    @TempDir
    Path folder;

    private Path build;

    @BeforeEach
    void prepareBuild() throws IOException {
        build = Launcher.build(folder);
    }

    private record Ended(int exitCode, String out, String err) {}

    /** Runs a script in an environment that has nothing else. A file hands on what this JVM may have no letters for. */
    private Ended run(Map<String, String> environment, String script) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("script"), script);
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", file.toString())
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "PATH",
                        System.getenv("PATH"),
                        "HOME",
                        folder.toString(),
                        "AGENTLOOP_BUILD",
                        build.toString(),
                        "JAVA_HOME",
                        System.getProperty("java.home"),
                        "AGENT",
                        Launcher.ROOT.resolve("agent").toString()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    static Stream<Map<String, String>> locales() {
        return Stream.of(
                Map.of("LC_ALL", "C"),
                Map.of("LC_ALL", "POSIX", "LANG", "C.UTF-8"),
                Map.of("LANG", "none_SUCH.UTF-8"),
                Map.of());
    }

    @ParameterizedTest
    @MethodSource("locales")
    void exec_ofATaskANameAndAPatchWithAccents_works(Map<String, String> locale) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "apply_patch", """
                        {"input":"*** Begin Patch\\n*** Update File: grün €.txt\\n@@\\n-früher\\n+später 😀\\n*** Add File: né/é.txt\\n+é\\n*** End Patch"}"""),
                ScriptedResponse.calls("call_2", "shell_command", "{\"command\":\"cat 'grün €.txt' 'né/é.txt'; pwd\"}"),
                ScriptedResponse.says("Erledigt: né ✓"))) {
            Map<String, String> environment = new HashMap<>(locale);
            environment.put("OPENAI_BASE_URL", server.url().toString());
            Ended ended = run(environment, """
                    mkdir 'Büro' && cd 'Büro' && echo 'früher' > 'grün €.txt'
                    exec "$AGENT" exec --store ../gespräche 'Ändere' 'grün €.txt'
                    """);

            assertThat(ended.exitCode()).as(ended.err()).isZero();
            assertThat(ended.out()).isEqualTo("Erledigt: né ✓\n");
            List<ScriptedRequest> requests = server.requests();
            assertThat(requests.get(0).items()).last().isEqualTo(Item.user("Ändere grün €.txt"));
            assertThat(outputs(requests.get(1))).contains("M grün €.txt\n", "A né/é.txt\n");
            assertThat(outputs(requests.get(2))).contains("später 😀\né\n", "/Büro\n");
            assertThat(server.problems()).isEmpty();
        }
        Ended names = run(Map.of(), "cd Büro && cat 'grün €.txt' né/é.txt && ls ../gespräche | grep -c jsonl");
        assertThat(names.out()).isEqualTo("später 😀\né\n1\n");
    }

    private static String outputs(ScriptedRequest request) {
        List<String> texts = request.items().stream()
                .filter(item -> item instanceof Item.Output)
                .map(item -> ((Item.Output) item).text())
                .toList();
        return String.join("\n", texts);
    }

    /** A system that has no locale of UTF-8, as one without the program, under a locale that is no help either. */
    @Test
    void wordsThatDoNotComeThrough_areRefused() throws Exception {
        String program = "#!/bin/sh\n[ $# = 0 ] || [ $1 = -a ] || echo ANSI_X3.4-1968\n";
        Path tools = Files.createDirectory(folder.resolve("tools"));
        assertThat(Files.writeString(tools.resolve("locale"), program).toFile().setExecutable(true))
                .isTrue();
        Map<String, String> environment = Map.of("PATH", tools + ":" + System.getenv("PATH"), "LC_ALL", "C");

        Ended ended = run(environment, "exec \"$AGENT\" exec 'Grüße'");
        assertThat(ended.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(ended.err())
                .contains("agent: word 2 of the command line has a character that the encoding of this locale,"
                        + " ANSI_X3.4-1968, does not have. Set LC_ALL to a locale of UTF-8, such as C.UTF-8;"
                        + " \"locale -a\" lists those of this system; ");
        assertThat(run(environment, "mkdir é && cd é && exec \"$AGENT\" exec x").err())
                .contains("agent: the folder that this was started in has a character");
        assertThat(run(environment, "HOME=$HOME/é; export HOME; exec \"$AGENT\" exec x")
                        .err())
                .contains("agent: HOME has a character");
        assertThat(run(environment, "exec \"$AGENT\" help").exitCode()).isZero();
    }
}
