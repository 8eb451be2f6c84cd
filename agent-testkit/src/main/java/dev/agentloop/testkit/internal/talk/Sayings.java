package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random items of a host's and of a model's, each with words of its own. */
final class Sayings {
    private static final String IMAGE = "data:image/png;base64,iVBORw0KGgo=";
    private static final List<String> NAMES =
            List.of(TalkTools.LOOK, TalkTools.LOOK, TalkTools.NOTE, TalkTools.ASK, TalkTools.PLAN);
    private static final List<String> RARE_NAMES =
            List.of(TalkTools.DENIED, TalkTools.FAILS, TalkTools.CANCELS, "nobody_knows", "more_0", "more_1");

    private final Words words;

    Sayings(Words words) {
        this.words = words;
    }

    Words words() {
        return words;
    }

    /** What a user or the application says. */
    Item input(Random random) {
        String text = words.text(random);
        return switch (random.nextInt(9)) {
            case 0 -> Item.user(text, List.of(IMAGE));
            case 1 -> Item.developer(text);
            case 2 -> Item.message("user", text, words.text(random));
            case 3 ->
                Item.of(bytes("{ \"role\": \"user\", \"type\":\"message\",  \"content\" : " + Json.quote(text)
                        + " , \"odd\":[1e400]}"));
            default -> Item.user(text);
        };
    }

    Item reasoning() {
        return received("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"" + words.next()
                + "\"}");
    }

    Item message(Random random) {
        return received("{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{\"type\":"
                + "\"output_text\",\"text\":" + Json.quote(words.text(random)) + ",\"annotations\":[]}]}");
    }

    Item refusal(Random random) {
        return received("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":"
                + Json.quote(words.text(random)) + "}]}");
    }

    Item compaction() {
        return received("{\"type\":\"compaction\",\"id\":\"cmp_1\",\"encrypted_content\":\"" + words.next() + "\"}");
    }

    /** An item of a kind that the loop need not know. */
    Item strange(Random random) {
        return received(
                switch (random.nextInt(4)) {
                    case 0 ->
                        "{\"type\":\"local_shell_call\",\"id\":\"sh\",\"call_id\":\"shell_"
                                + random.nextInt(Integer.MAX_VALUE)
                                + "\",\"status\":\"completed\",\"action\":{\"type\":\"exec\",\"command\":[\""
                                + words.next()
                                + "\"]}}";
                    case 1 ->
                        "{\"type\":\"image_generation_call\",\"id\":\"ig_1\",\"status\":\"completed\",\"result\":\""
                                + words.next() + "\"}";
                    default ->
                        "{\"type\":\"acme:note\",\"id\":\"n_1\",\"said\":\"" + words.next() + "\",\"odd\":[1e400]}";
                });
    }

    /** Calls of one response, with whatever ids a server may give them. */
    List<Item> calls(Random random, int count) {
        List<Item> calls = new ArrayList<>();
        String same = random.nextInt(8) == 0 ? "call_" + random.nextInt(4) : null;
        for (int i = 0; i < count; i++) {
            if (i > 0 && random.nextInt(5) == 0) {
                calls.add(reasoning());
            }
            calls.add(call(random, same == null ? id(random) : same));
        }
        return calls;
    }

    private String id(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> "";
            case 1 -> "call_" + random.nextInt(4);
            case 2 -> "call \u00fc " + "x".repeat(70);
            case 3 -> "call_" + random.nextInt(4) + "~" + random.nextInt(60);
            default -> "call_" + Long.toString(random.nextLong() >>> 1, 36);
        };
    }

    private Item call(Random random, String id) {
        boolean rare = random.nextInt(5) == 0;
        String name =
                rare ? RARE_NAMES.get(random.nextInt(RARE_NAMES.size())) : NAMES.get(random.nextInt(NAMES.size()));
        String status = random.nextInt(30) == 0 ? ",\"status\":\"incomplete\"" : ",\"status\":\"completed\"";
        String begin = ",\"id\":\"fc_1\",\"call_id\":" + Json.quote(id) + status + ",\"name\":\"";
        if (random.nextInt(6) == 0) {
            return received("{\"type\":\"custom_tool_call\"" + begin + TalkTools.PATCH + "\",\"input\":"
                    + Json.quote(words.text(random)) + "}");
        }
        return received("{\"type\":\"function_call\"" + begin + name + "\",\"arguments\":" + arguments(random) + "}");
    }

    private String arguments(Random random) {
        String object = "{\"n\":" + random.nextInt(100) + " ,\"said\": " + Json.quote(words.text(random)) + "}";
        return switch (random.nextInt(20)) {
            case 0 -> "\"\"";
            case 1 -> "null";
            case 2 -> object;
            case 3 -> Json.quote("no json " + words.next());
            case 4 -> Json.quote("{\"n\":1}");
            default -> Json.quote(object);
        };
    }

    static Item received(String json) {
        return Item.received(bytes(json)).orElseThrow();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
