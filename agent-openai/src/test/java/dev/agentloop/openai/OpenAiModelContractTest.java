package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Model;
import dev.agentloop.RetryPolicy;
import dev.agentloop.testkit.ModelContract;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** What every model must do, by a stream of events over HTTP. */
class OpenAiModelContractTest extends ModelContract {
    private final List<ScriptedServer> servers = new ArrayList<>();

    @Override
    protected Model answering(ScriptedResponse... script) {
        ScriptedServer server = ScriptedServer.answering(script);
        servers.add(server);
        return OpenAiModel.builder("gpt-5.1-codex")
                .baseUrl(server.url().toString())
                .retries(RetryPolicy.NEVER)
                .build();
    }

    @AfterEach
    void closeServers() {
        servers.forEach(ScriptedServer::close);
        assertThat(servers).flatExtracting(ScriptedServer::problems).isEmpty();
    }
}
