package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Tool;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class McpServerTest {
    private static final URI ADDRESS = URI.create("https://localhost/mcp?key=in-the-address");

    @Test
    void toString_showsNoValue() {
        assertThat(McpServer.stdio("fs", "npx", "--token", "in-the-arguments")
                        .withEnvironment("B_KEY", "sesame")
                        .withEnvironment("A_KEY", "sesame"))
                .hasToString("McpServer[fs, stdio, environment [A_KEY, B_KEY]]");
        assertThat(McpServer.http("docs", ADDRESS).withHeader("Authorization", "Bearer sesame"))
                .hasToString("McpServer[docs, http, headers [Authorization]]");
    }

    @Test
    void withHeader_thatCannotBeSent_isRefusedWithoutItsValue() {
        McpServer server = McpServer.http("docs", ADDRESS);
        assertThatThrownBy(() -> server.withHeader("Authorization", "open\nsesame"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasNoCause()
                .hasMessage(
                        "the header Authorization of MCP server \"docs\" cannot be sent: its name is reserved, or it"
                                + " holds a character that no header may hold");
        assertThatThrownBy(() -> server.withHeader("Host", "elsewhere")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void with_whatTheOtherKindHas_isRefused() {
        McpServer http = McpServer.http("docs", ADDRESS);
        assertThatThrownBy(() -> http.withEnvironment("A", "b"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "MCP server \"docs\" is asked over HTTP and has neither an environment nor a folder; use withHeader");
        assertThatThrownBy(() -> http.withDirectory(Path.of("."))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> McpServer.stdio("fs", "npx").withHeader("A", "b"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("MCP server \"fs\" is a program and has no headers; use withEnvironment");
    }

    @Test
    void of_wrongValues_saysWhatToGive() {
        assertThatThrownBy(() -> McpServer.stdio("fs", List.of()))
                .hasMessage("MCP server \"fs\" has no command; give the program and its arguments");
        assertThatThrownBy(() -> McpServer.stdio("", "npx"))
                .hasMessage("an MCP server needs a name, which becomes part of its tools' names");
        assertThatThrownBy(() -> McpServer.http("docs", URI.create("file:///mcp")))
                .hasMessage(
                        "the address of MCP server \"docs\" must begin with http:// or https:// and a host; its scheme"
                                + " is file");
        assertThatThrownBy(() -> McpServer.stdio("fs", "npx").withToolTimeout(Duration.ZERO))
                .hasMessage("McpServer.toolTimeout must be from 1 ms to 365 days, but is PT0S");
        assertThatThrownBy(() -> McpServers.builder().startTimeout(Duration.ZERO))
                .hasMessage("McpServers.startTimeout must be from 1 ms to 365 days, but is PT0S");
        assertThatThrownBy(() ->
                        McpServers.builder().server(McpServer.stdio("fs", "a")).server(McpServer.http("fs", ADDRESS)))
                .hasMessage("two MCP servers are named \"fs\"; give each a name of its own");
    }

    @Test
    void filter_namesWhatTheModelGets() {
        McpServer server = McpServer.stdio("fs", "npx");
        assertThat(server.filter().accepts("read")).isTrue();
        assertThat(server.withDisabledTools("read").filter().accepts("read")).isFalse();
        assertThat(server.withEnabledTools("read", "read").filter().accepts("read"))
                .isTrue();
        assertThat(server.withEnabledTools("read").filter().accepts("write")).isFalse();
        assertThat(server.withEnabledTools().filter().accepts("read")).isFalse();
    }

    @Test
    void server_withoutTrust_cannotVouchForItself() {
        RemoteTool.Hints reading = new RemoteTool.Hints(true, false, true, false);
        for (McpServer server : List.of(McpServer.stdio("fs", "npx"), McpServer.http("docs", ADDRESS))) {
            assertThat(reading.access(server.trust())).isEqualTo(Tool.Access.UNRESTRICTED);
            assertThat(reading.afterCrash(server.trust())).isEqualTo(Tool.AfterCrash.REPORT);
        }
    }

    @Test
    void trust_decidesWhatHintsAreWorth() {
        RemoteTool.Hints reading = new RemoteTool.Hints(true, true, false, true);
        RemoteTool.Hints harmless = new RemoteTool.Hints(false, false, true, false);
        RemoteTool.Hints open = new RemoteTool.Hints(false, false, false, true);
        assertThat(List.of(reading, harmless, open))
                .extracting(hints -> hints.access(McpServer.Trust.HINTS))
                .containsExactly(Tool.Access.READS, Tool.Access.WRITES, Tool.Access.UNRESTRICTED);
        assertThat(List.of(reading, harmless, open))
                .extracting(hints -> hints.access(McpServer.Trust.FULL))
                .containsExactly(Tool.Access.READS, Tool.Access.WRITES, Tool.Access.WRITES);
        assertThat(List.of(reading, harmless, open))
                .extracting(hints -> hints.access(McpServer.Trust.NONE))
                .containsOnly(Tool.Access.UNRESTRICTED);
        assertThat(harmless.afterCrash(McpServer.Trust.HINTS)).isEqualTo(Tool.AfterCrash.RUN_AGAIN);
        assertThat(open.afterCrash(McpServer.Trust.FULL)).isEqualTo(Tool.AfterCrash.REPORT);
        assertThat(harmless.afterCrash(McpServer.Trust.NONE)).isEqualTo(Tool.AfterCrash.REPORT);
    }

    @Test
    void secrets_inText_areHidden() {
        Secrets secrets = McpServer.http("docs", ADDRESS)
                .withHeader("Authorization", "Bearer sesame")
                .withHeader("X-Level", "1")
                .secrets();
        assertThat(secrets.hide("Bearer sesame, or only sesame: 401")).isEqualTo("***, or only ***: 401");
        assertThat(secrets.hide("no answer from " + ADDRESS)).isEqualTo("no answer from https://localhost/mcp?***");
    }

    @Test
    void backoff_failuresInARow_growsToABound() {
        for (int failures = 1; failures < 100; failures++) {
            long longest = Math.min(60_000, 250L << Math.min(failures - 1, 20));
            assertThat(Backoff.USUAL.after(failures).toMillis()).isBetween(longest / 2, longest);
        }
    }
}
