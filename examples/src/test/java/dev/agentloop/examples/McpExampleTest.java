package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.mcp.McpServers;
import dev.agentloop.mcp.McpStatus;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class McpExampleTest {
    @Test
    void tool_ofAServer_isCalled() {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
        assertThat(McpExample.ask(model, StockServer.described(), "How many bolts?"))
                .isEqualTo("120.");
        assertThat(model.lastPrompt().items())
                .filteredOn(item -> item instanceof Item.Output)
                .extracting(item -> ((Item.Output) item).text())
                .containsExactly("120 bolts");
        assertThat(model.lastPrompt().head()).contains("mcp__shop__stock", "Tells what is there");
    }

    @Test
    void servers_ofThePage_areWhatTheySay() {
        assertThat(McpExample.files(Path.of("/work"))).hasToString("McpServer[files, stdio, environment []]");
        assertThat(McpExample.docs(URI.create("https://localhost/mcp"), "secret"))
                .hasToString("McpServer[docs, http, headers [Authorization]]");
        try (McpServers servers = McpExample.withQuestions(StockServer.described())) {
            assertThat(servers.status()).containsExactly(new McpStatus("shop", McpStatus.State.RUNNING, 1, ""));
        }
    }
}
