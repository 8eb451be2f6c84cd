package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ChunkedPromptTest {
    private static final PromptSettings SETTINGS = PromptSettings.of("gpt-test")
            .instructions("Be careful.")
            .reasoning(true)
            .effort("high")
            .verbosity("low")
            .cacheKey("key")
            .field("service_tier", "\"flex\"")
            .answerFormat("answer", "{\"type\":\n\"object\"}")
            .build();

    static String wire(Prompt prompt) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer buffer : prompt.wire()) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            out.writeBytes(bytes);
        }
        return out.toString(UTF_8);
    }

    @Test
    void wire_hasTheFixedFieldsInOrder() {
        Prompt prompt = Prompt.of(SETTINGS, Toolbox.empty()).plus(List.of(Item.user("hi")));
        assertThat(wire(prompt))
                .isEqualTo(
                        "{\"model\":\"gpt-test\",\"instructions\":\"Be careful.\",\"reasoning\":{\"effort\":\"high\"},"
                                + "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"answer\",\"strict\":true,"
                                + "\"schema\":{\"type\": \"object\"}},\"verbosity\":\"low\"},"
                                + "\"include\":[\"reasoning.encrypted_content\"],\"store\":false,\"stream\":true,"
                                + "\"service_tier\":\"flex\",\"prompt_cache_key\":\"key\",\"input\":["
                                + Item.user("hi").json());
        assertThat(prompt.model()).isEqualTo("gpt-test");
    }

    @Test
    void manyItemsAtOnce_takeNoMoreRoomThanTheyNeed() {
        List<Item> items = List.of(Item.user("a".repeat(9_000)), Item.user("b".repeat(9_000)));
        ByteBuffer bytes =
                Prompt.of(SETTINGS, Toolbox.empty()).plus(items).wire().get(0);
        assertThat(bytes.capacity()).isLessThanOrEqualTo(bytes.remaining() + items.size());
    }

    /** Grows and forks prompts at random and compares each with a plain concatenation. */
    @Test
    void anyHistory_hasTheBytesOfAPlainConcatenation() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Prompt> prompts = new ArrayList<>(List.of(Prompt.of(SETTINGS, Toolbox.empty())));
        List<List<Item>> expected = new ArrayList<>(List.of(List.of()));
        String head = wire(prompts.get(0));
        for (int round = 0; round < 400; round++) {
            int from = random.nextInt(4) == 0 ? random.nextInt(prompts.size()) : prompts.size() - 1;
            List<Item> more = new ArrayList<>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                int size = random.nextInt(20) == 0 ? 200_000 : random.nextInt(5_000);
                more.add(Item.user("é".repeat(size / 2)));
            }
            prompts.add(prompts.get(from).plus(more));
            List<Item> all = new ArrayList<>(expected.get(from));
            all.addAll(more);
            expected.add(all);
        }
        for (int i = 0; i < prompts.size(); i += 7) {
            String items = expected.get(i).stream().map(Item::json).collect(Collectors.joining(","));
            assertThat(wire(prompts.get(i)).equals(head + items))
                    .as("seed %d, prompt %d", seed, i)
                    .isTrue();
            assertThat(prompts.get(i).items()).as("seed %d, prompt %d", seed, i).isEqualTo(expected.get(i));
            assertThat(prompts.get(i).length()).isEqualTo(wire(prompts.get(i)).getBytes(UTF_8).length);
        }
    }

    @Test
    void startsWith_holdsForWhatItGrewFromOnly() {
        Prompt one = Prompt.of(SETTINGS, Toolbox.empty()).plus(List.of(Item.user("a")));
        Prompt two = one.plus(List.of(Item.user("b")));
        Prompt other = one.plus(List.of(Item.user("c")));
        assertThat(two.startsWith(one)).isTrue();
        assertThat(one.startsWith(two)).isFalse();
        assertThat(other.startsWith(two)).isFalse();
        assertThat(two.hash(1)).isEqualTo(one.hash(1));
    }

    @Test
    void item_outOfBounds_saysSo() {
        Prompt prompt = Prompt.of(SETTINGS, Toolbox.empty()).plus(List.of(Item.user("a")));
        assertThatThrownBy(() -> prompt.item(1)).hasMessage("item 1 of 1");
    }

    @Test
    void settings_refuseFieldsOfTheLoop() {
        assertThatThrownBy(() -> PromptSettings.of("m").field("input", "[]"))
                .hasMessage(
                        "the field \"input\" is written by the loop; use the setting of that name, or leave it out");
        assertThatThrownBy(() -> PromptSettings.of("m").field("x", "{\n}"))
                .hasMessage("the value of \"x\" has a line break; write it on one line");
    }
}
