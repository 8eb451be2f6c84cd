package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.RetryPolicy;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.CompactorContract;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.slf4j.LoggerFactory;

/** The endpoint is held to the contract of compactors, over HTTP. */
class EndpointCompactorTest extends CompactorContract {
    // A line for each of a thousand runs would take longer than the runs.
    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.agentloop");
    private final ScriptedServer server =
            ScriptedServer.builder().otherwise(EndpointCompactorTest::window).start();
    private final OpenAiModel model = OpenAiModel.builder("gpt-5.1-codex")
            .baseUrl(server.url().toString())
            .retries(RetryPolicy.NEVER)
            .build();

    @BeforeEach
    void logFailuresOnly() {
        logger.setLevel(Level.ERROR);
    }

    @AfterEach
    void closeServer() {
        logger.setLevel(null);
        server.close();
        assertThat(server.problems()).isEmpty();
        assertThat(server.requests()).extracting(ScriptedRequest::path).containsOnly("/v1/responses/compact");
    }

    @Override
    protected Compactor compactor() {
        return model.compactor();
    }

    @Override
    protected Kind kind() {
        return Kind.RETURNED;
    }

    // As the recorded ones: the user's messages with ids and in an order of fields of the server's own, and its item.
    private static ScriptedResponse window(ScriptedRequest request) {
        List<Item> items = request.items();
        ScriptedResponse window = ScriptedResponse.empty();
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) instanceof Item.Message message && message.role().equals("user")) {
                window = window.andItem(given(message, i));
            }
        }
        return window.andItem("{\"encrypted_content\":\"gAAA" + items.size() + "\",\"id\":\"cmp_" + items.size()
                + "\",\"type\":\"compaction\"}");
    }

    private static String given(Item.Message message, int place) {
        JsonFields fields = JsonFields.of(message.json().getBytes(StandardCharsets.UTF_8));
        JsonFields.Field content = fields.field("content");
        return Json.objectText(w -> w.raw("content", content == null ? "[]" : fields.raw(content))
                .text("id", "msg_" + place)
                .text("role", "user")
                .text("status", "completed")
                .text("type", "message"));
    }
}
