package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Starts, ends and what is left of them. */
class SupervisionTest {
    private static final Duration SOON = Duration.ofMillis(10);

    @TempDir
    Path folder;

    @Test
    void start_serversThatCannotBe_areStatesAndNotExceptions() throws Exception {
        URI nowhere;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nowhere = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/mcp");
        }
        try (McpServers servers = McpServers.builder()
                .server(McpServer.stdio("absent", "/no/such/program", "--key", "hidden"))
                .server(McpServer.stdio("failing", "sh", "-c", "echo no licence >&2; exit 7"))
                .server(McpServer.http("nowhere", nowhere))
                .server(ScriptedServer.named("old", folder, "old"))
                .server(ScriptedServer.named("works", folder))
                .start()) {
            assertThat(servers.status()).extracting(McpStatus::state).endsWith(McpStatus.State.RUNNING);
            assertThat(detail(servers, "absent")).contains("/no/such/program").doesNotContain("hidden");
            assertThat(detail(servers, "failing"))
                    .isEqualTo("it exited with code 7, and its last words were: no licence");
            assertThat(detail(servers, "nowhere")).isEqualTo("nothing accepts connections at its address");
            assertThat(detail(servers, "old"))
                    .isEqualTo("it speaks version \"1999-12-31\" of the protocol, and this client speaks"
                            + " 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25");
            assertThat(Calls.names(servers)).hasSize(11).allMatch(name -> name.startsWith("mcp__works__"));
        }
    }

    /** As in a locale that has no accents: what would be handed on is something else than what was meant. */
    @Test
    void start_serverWhoseWordsCannotBeHandedOn_isNotStarted() {
        String made = folder.resolve("made").toString();
        try (McpServers servers = McpServers.builder()
                .server(McpServer.stdio("word", "touch", made, made + "\uD83D"))
                .server(McpServer.stdio("variable", "touch", made).withEnvironment("WHO", "secret\uD83D"))
                .start()) {
            assertThat(detail(servers, "word"))
                    .startsWith("it was not started: its command line has a character that ");
            assertThat(detail(servers, "variable"))
                    .startsWith("it was not started: its variable WHO has a character that ")
                    .doesNotContain("secret");
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static String detail(McpServers servers, String name) {
        return servers.status().stream()
                .filter(status -> status.server().equals(name))
                .findFirst()
                .orElseThrow()
                .detail();
    }

    @Test
    void start_serverThatDoesNotAnswer_isNotWaitedForLonger() {
        try (McpServers servers = McpServers.builder()
                .server(ScriptedServer.named("s", folder, "silent"))
                .startTimeout(Duration.ofMillis(200))
                .start()) {
            assertThat(servers.tools()).isEmpty();
            assertThat(servers.status().get(0).state()).isIn(McpStatus.State.STARTING, McpStatus.State.RESTARTING);
            await().until(() -> servers.status().get(0).detail(), "it did not answer initialize within 200 ms"::equals);
        }
    }

    @Test
    void start_listWithoutEnd_isGivenUp() {
        try (McpServers servers = McpServers.builder()
                .server(ScriptedServer.named("s", folder, "endless"))
                .start()) {
            assertThat(detail(servers, "s")).isEqualTo("its list of tools has no end after 11 pages");
        }
    }

    @Test
    void serverThatFails_isTriedAgainWithCountedFailures() {
        List<Integer> failures = new CopyOnWriteArrayList<>();
        try (McpServers servers = McpServers.builder()
                .server(McpServer.stdio("failing", "sh", "-c", "exit 1"))
                .backoff(count -> {
                    failures.add(count);
                    return SOON;
                })
                .start()) {
            await().until(() -> failures.size() >= 4);
            assertThat(failures).startsWith(1, 2, 3, 4);
            assertThat(servers.status().get(0).state()).isEqualTo(McpStatus.State.RESTARTING);
        }
    }

    @Test
    void call_whileTheServerIsDown_isAnsweredAndTheToolsStay() throws Exception {
        try (McpServers servers = McpServers.builder()
                .server(ScriptedServer.named("s", folder))
                .backoff(count -> Duration.ofMinutes(10))
                .start()) {
            List<Tool.Specification> before =
                    servers.tools().stream().map(Tool::specification).toList();
            Calls calls = new Calls(servers);
            calls.call("mcp__s__exit", "{}");
            await().until(() -> servers.status().get(0).state() == McpStatus.State.RESTARTING);
            assertThat(calls.call("mcp__s__nothing", "{}"))
                    .isEqualTo(ToolOutput.error("MCP server s is not running: it exited with code 3, and its last words"
                            + " were: out of cheese, key null; it is being restarted, try again"));
            assertThat(servers.tools().stream().map(Tool::specification)).isEqualTo(before);
            assertThat(servers.status().get(0).tools()).isEqualTo(11);
        }
    }

    @Test
    void secret_inTheEnvironment_isInNoLogNoStateNoError() throws Exception {
        String key = "sesame-9f2";
        Logger logger = (Logger) LoggerFactory.getLogger("dev.agentloop.mcp");
        // Threads of the servers log, also while it is read.
        Queue<String> log = new ConcurrentLinkedQueue<>();
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                log.add(event.getFormattedMessage());
            }
        };
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(Level.TRACE);
        try (McpServers servers = McpServers.builder()
                .server(ScriptedServer.named("s", folder, "noisy").withEnvironment("API_KEY", key))
                .backoff(count -> Duration.ofMinutes(10))
                .start()) {
            ToolOutput ended = new Calls(servers).call("mcp__s__exit", "{}");
            assertThat(ended.text()).contains("out of cheese, key ***");
            await().until(() -> servers.status().get(0).state() == McpStatus.State.RESTARTING);
            assertThat(servers.status().toString()).contains("key ***").doesNotContain(key);
        } finally {
            logger.detachAppender(appender);
            logger.setLevel(null);
        }
        assertThat(log)
                .anyMatch(message -> message.equals("MCP server s: starting with key ***"))
                .noneMatch(message -> message.contains(key));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals to ignore")
    void close_programThatIgnoresEverything_isGoneWithItsChildren() {
        String seconds = Leaks.uniqueSeconds();
        String script = "trap '' TERM; sleep " + seconds + " & setsid sleep " + seconds + " & (setsid setsid sleep "
                + seconds + " &) ; while :; do read line || sleep " + seconds + "; done";
        try (McpServers servers = McpServers.builder()
                .server(McpServer.stdio("stubborn", "sh", "-c", script))
                .startTimeout(Duration.ofMillis(300))
                .backoff(count -> Duration.ofMinutes(10))
                .start()) {
            assertThat(servers.tools()).isEmpty();
        }
        assertThat(Leaks.runningWith(seconds)).isEmpty();
    }

    @Test
    void close_serversOfBothKinds_leavesNoThreadAndNoProcess() throws Exception {
        try (HttpProgram program = new HttpProgram()) {
            Set<Long> processes = Leaks.processes();
            Set<String> threads = Leaks.threads();
            McpServers servers = McpServers.builder()
                    .server(McpServer.http("docs", program.address()))
                    .server(NpmPackages.stdio("everything", "stdio"))
                    .server(ScriptedServer.named("s", folder))
                    .server(McpServer.stdio("failing", "sh", "-c", "exit 1"))
                    .start();
            Calls calls = new Calls(servers);
            calls.call("mcp__docs__echo", "{\"message\": \"1\"}");
            calls.call("mcp__everything__echo", "{\"message\": \"1\"}");
            Tool hang = Calls.tool(servers, "mcp__s__hang");
            FutureTask<ToolOutput> call = new FutureTask<>(() -> calls.call(hang, "{}"));
            new Thread(call).start();
            await().until(() -> Files.exists(folder.resolve("hanging")));
            servers.close();
            call.get(10, TimeUnit.SECONDS);
            assertThat(Leaks.processes()).isEqualTo(processes);
            await().untilAsserted(() -> assertThat(Leaks.threads()).isSubsetOf(threads));
        }
    }

    @Test
    void close_twice_doesNothing() throws IOException {
        McpServers servers =
                McpServers.builder().server(ScriptedServer.named("s", folder)).start();
        servers.close();
        servers.close();
        assertThat(servers.status().get(0).state()).isEqualTo(McpStatus.State.CLOSED);
    }
}
