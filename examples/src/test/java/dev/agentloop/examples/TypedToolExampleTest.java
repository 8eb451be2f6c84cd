package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.examples.TypedToolExample.Shortage;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

class TypedToolExampleTest {
    @Test
    void answer_isARecord() {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls("call_1", "stock", "{\"article\":\"nuts\"}")
                        .andCalls("call_2", "stock", "{\"artikel\":\"bolts\"}"),
                ScriptedResponse.says("{\"articles\":[\"nuts\"],\"urgent\":true}"));
        assertThat(TypedToolExample.ask(model, "Are we short of anything?"))
                .isEqualTo(new Shortage(List.of("nuts"), true));
        assertThat(model.lastPrompt().items())
                .filteredOn(item -> item instanceof Item.Output)
                .extracting(item -> ((Item.Output) item).text())
                .satisfiesExactly(
                        stock -> assertThat(stock).isEqualTo("0"),
                        mistake -> assertThat(mistake).contains("failed to parse function arguments", "artikel"));
        assertThat(model.lastPrompt().head()).contains("the article's name, in English", "json_schema");
    }
}
