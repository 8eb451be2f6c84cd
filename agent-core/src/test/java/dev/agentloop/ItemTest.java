package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ItemTest {
    private static Item received(String json) {
        return Item.received(json.getBytes(UTF_8)).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"message", "function_call", "custom_tool_call", "function_call_output"})
    void received_leavesOutTheServersId(String type) {
        assertThat(received("{\"id\":\"x_1\",\"type\":\"" + type + "\",\"unknown\":{\"id\":\"kept\"}}")
                        .json())
                .isEqualTo("{\"type\":\"" + type + "\",\"unknown\":{\"id\":\"kept\"}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"compaction", "local_shell_call", "image_generation_call", "mcp_call", "acme:thing"})
    void received_keepsTheIdOfOtherKinds(String type) {
        String json = "{\"id\":\"x_1\",\"type\":\"" + type + "\"}";
        assertThat(received(json).json()).isEqualTo(json);
    }

    @Test
    void received_keepsReasoningThatCanBeReplayed() {
        assertThat(received("{\"id\":\"rs\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}")
                        .json())
                .isEqualTo("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}");
        assertThat(received("{\"type\":\"reasoning\",\"content\":[{\"type\":\"reasoning_text\",\"text\":\"t\"}]}"))
                .isInstanceOf(Item.Reasoning.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\":\"rs\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"t\"}]}",
                "{\"id\":\"rs\",\"type\":\"reasoning\",\"encrypted_content\":null,\"content\":[]}",
                "{\"id\":\"rs\",\"type\":\"reasoning\",\"encrypted_content\":null,\"content\":null}",
            })
    void received_leavesOutReasoningThatCannotBeReplayed(String json) {
        assertThat(Item.received(json.getBytes(UTF_8))).isEmpty();
    }

    @Test
    void call_givesTheModelsOwnArgumentText() {
        Item.Call call = (Item.Call)
                received(
                        "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"n\",\"arguments\":\"{ \\\"a\\\" :1,\\u00e9\"}");
        assertThat(call.arguments()).isEqualTo("{ \"a\" :1,é");
        assertThat(call.custom()).isFalse();
        assertThat(call.incomplete()).isFalse();
        Item.Call custom = (Item.Call)
                received(
                        "{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"n\",\"input\":\"raw\",\"status\":\"incomplete\"}");
        assertThat(custom.arguments()).isEqualTo("raw");
        assertThat(custom.custom()).isTrue();
        assertThat(custom.incomplete()).isTrue();
    }

    @Test
    void message_joinsTextAndRefusal() {
        Item.Message message = (Item.Message) received("{\"type\":\"message\",\"role\":\"assistant\",\"content\":["
                + "{\"type\":\"output_text\",\"text\":\"a\"},{\"type\":\"refusal\",\"refusal\":\"no\"},"
                + "{\"type\":\"output_text\",\"text\":\"b\"}]}");
        assertThat(message.text()).isEqualTo("ab");
        assertThat(message.refusal()).isEqualTo("no");
        assertThat(((Item.Message) received("{\"role\":\"user\",\"content\":\"plain\"}")).text())
                .isEqualTo("plain");
    }

    @Test
    void hostItems_haveOneByteForm() {
        assertThat(Item.user("😀").json()).contains("\"text\":\"😀\"");
        assertThat(Item.user("Grüße\n\"x\"").json())
                .isEqualTo("{\"type\":\"message\",\"role\":\"user\",\"content\":"
                        + "[{\"type\":\"input_text\",\"text\":\"Grüße\\n\\\"x\\\"\"}]}");
        assertThat(Item.user("a", List.of("data:image/png;base64,AA==")).json())
                .isEqualTo(
                        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},"
                                + "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AA==\",\"detail\":\"auto\"}]}");
        assertThat(ToolOutput.text("ok").item(ToolCall.function("c", "n", "{}")).json())
                .isEqualTo("{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"ok\"}");
        assertThat(new ToolOutput(List.of(new ToolOutput.Text("t"), new ToolOutput.Image("u", "high")), false)
                        .item(ToolCall.custom("c", "n", ""))
                        .json())
                .isEqualTo("{\"type\":\"custom_tool_call_output\",\"call_id\":\"c\",\"output\":["
                        + "{\"type\":\"input_text\",\"text\":\"t\"},"
                        + "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"high\"}]}");
    }

    @Test
    void equality_isByBytes() {
        assertThat(Item.user("a")).isEqualTo(Item.user("a")).isNotEqualTo(Item.developer("a"));
        assertThat(Item.user("a")).hasSameHashCodeAs(Item.user("a"));
    }

    @Test
    void badItems_areRefusedInWords() {
        assertThatThrownBy(() -> Item.of("{\n}".getBytes(UTF_8)))
                .hasMessage("an item is one line of JSON; this one has a line break");
        assertThatThrownBy(() -> Item.message("assistant", "x"))
                .hasMessage(
                        "a host writes messages as user, developer or system, not as assistant; the model's own items"
                                + " come from Item.received");
        assertThatThrownBy(() -> Item.message("user")).hasMessage("a message needs at least one part");
    }

    @Test
    void argument_readsOneValue() {
        ToolCall call = ToolCall.function("c", "n", "{\"a\":\"x\\n\",\"b\":[1, 2],\"c\":null}");
        assertThat(call.argument("a")).contains("x\n");
        assertThat(call.argument("b")).contains("[1, 2]");
        assertThat(call.argument("c")).isEmpty();
        assertThat(call.argument("d")).isEmpty();
        assertThat(ToolCall.custom("c", "n", "raw").argument("input")).contains("raw");
        assertThatThrownBy(() -> ToolCall.function("c", "n", "{\"a\"").argument("a"))
                .hasMessageStartingWith("failed to parse function arguments: not JSON: ");
    }

    @Test
    void of_whatIsNoObject_isRefused() {
        for (String line : List.of("[1,2]", "\uFEFF{}", "\"a\"", "7", "", "  ", "{} {}", "{}x", "{},", "{\"a\":1}]")) {
            assertThatThrownBy(() -> Item.of(line.getBytes(StandardCharsets.UTF_8)))
                    .as(line)
                    .isInstanceOf(IllegalArgumentException.class);
            if (line.startsWith("\uFEFF")) {
                continue; // A server may send one; it is cut off.
            }
            assertThatThrownBy(() -> Item.received(line.getBytes(StandardCharsets.UTF_8)))
                    .as("received %s", line)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Item.of("[1,2]".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("an item is one JSON object and begins with '{', but here is 0x5b at byte 0 of 5");
    }

    @Test
    void of_arrayThatTheHostUsesAgain_isTheItemOfBefore() {
        byte[] line = "{\"type\":\"message\",\"role\":\"user\",\"content\":\"a\"}".getBytes(StandardCharsets.UTF_8);
        Item item = Item.of(line);
        String before = item.json();
        Arrays.fill(line, (byte) 'x');
        assertThat(item.json()).isEqualTo(before);
        assertThat(((Item.Message) item).role()).isEqualTo("user");
    }
}
