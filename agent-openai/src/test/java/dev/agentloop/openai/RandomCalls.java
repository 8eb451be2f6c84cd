package dev.agentloop.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/** Makes calls as one server writes them, with ids of its own kind, good or bad. Not thread-safe. */
final class RandomCalls {
    private static final List<Ids> ALONE = List.copyOf(EnumSet.complementOf(EnumSet.of(Ids.MIXED)));

    private final Random random;
    private final Ids ids;
    private final boolean plain;
    private final List<String> used = new ArrayList<>();
    private final List<Call> made = new ArrayList<>();
    private int inResponse;
    private int inTurn;
    private int ever;

    /** How a server names its calls. */
    enum Ids {
        GLOBAL,
        CONSTANT,
        PER_RESPONSE,
        PER_TURN,
        MISSING,
        NULL,
        EMPTY,
        LONG,
        UNICODE,
        CONTROL,
        SPACES,
        LIKE_OURS,
        REUSED,
        NUMBER,
        OBJECT,
        MIXED
    }

    /**
     * A call on the wire.
     *
     * @param what the name and the arguments as the tool must see them
     */
    record Call(ObjectNode item, String what) {}

    /** Calls with nothing odd about them if they are to be {@code plain}. */
    RandomCalls(Random random, boolean plain) {
        this.random = random;
        this.plain = plain;
        this.ids = plain ? Ids.GLOBAL : Ids.values()[random.nextInt(Ids.values().length)];
    }

    Ids ids() {
        return ids;
    }

    void beginTurn() {
        inTurn = 0;
    }

    void beginResponse() {
        inResponse = 0;
    }

    /** A call that differs from all others in its arguments. */
    Call unique() {
        int number = ++ever;
        boolean custom = random.nextInt(4) == 0;
        ObjectNode item = item(custom ? "custom_tool_call" : "function_call");
        if (custom) {
            item.put("input", "text " + number);
            return made(item, "text " + number);
        }
        ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("n", number);
        String text = random.nextBoolean() ? arguments.toString() : "{ \"n\" : " + number + " }";
        if (!plain && random.nextInt(4) == 0) {
            item.set("arguments", arguments);
            return made(item, arguments.toString());
        }
        item.put("arguments", text);
        return made(item, text);
    }

    /** Any call: one that is like no other, one without arguments, or all of an earlier one once more. */
    Call any() {
        int dice = random.nextInt(10);
        if (plain || dice > 4) {
            return unique();
        }
        if (dice > 2 && !made.isEmpty()) {
            return made.get(random.nextInt(made.size()));
        }
        ObjectNode item = item("function_call");
        switch (random.nextInt(4)) {
            case 0 -> item.put("arguments", "");
            case 1 -> item.putNull("arguments");
            case 2 -> item.put("arguments", "{}");
            default -> {
                // No arguments at all.
            }
        }
        return made(item, "{}");
    }

    /** The same call under an id that no call had. */
    Call renamed(Call call) {
        ObjectNode item = call.item().deepCopy();
        item.put("call_id", "new_" + ++ever);
        return new Call(item, call.what());
    }

    private Call made(ObjectNode item, String arguments) {
        Call call = new Call(item, item.get("name").asText() + " " + arguments);
        made.add(call);
        return call;
    }

    private ObjectNode item(String type) {
        ObjectNode item = JsonNodeFactory.instance.objectNode();
        item.put("id", random.nextBoolean() ? "fc_1" : "fc_" + ever).put("type", type);
        item.put("status", "completed").put("name", random.nextInt(3) == 0 ? "note" : "echo");
        Ids kind = ids == Ids.MIXED ? ALONE.get(random.nextInt(ALONE.size())) : ids;
        switch (kind) {
            case MISSING -> {
                // No id at all.
            }
            case NULL -> item.putNull("call_id");
            case NUMBER -> item.put("call_id", random.nextInt(3));
            case OBJECT -> item.putObject("call_id").put("id", random.nextInt(3));
            default -> item.put("call_id", text(kind));
        }
        inResponse++;
        inTurn++;
        return item;
    }

    private String text(Ids kind) {
        String id = switch (kind) {
            case CONSTANT -> "SAME1";
            case PER_RESPONSE -> "call_" + inResponse;
            case PER_TURN -> "functions.echo:" + inTurn;
            case EMPTY -> "";
            case LONG -> "c".repeat(65 + random.nextInt(130)) + random.nextInt(3);
            case UNICODE -> "aufrufe_" + "\u00fc\u8c03\ud83d\ude00".substring(0, 1 + random.nextInt(2));
            case CONTROL -> "call\u0001" + (random.nextBoolean() ? "\n" : "\u007f") + random.nextInt(3);
            case SPACES -> random.nextBoolean() ? "call 1" : " ";
            case LIKE_OURS -> likeOurs();
            case REUSED ->
                used.isEmpty() || random.nextBoolean() ? "call_r" + used.size() : used.get(random.nextInt(used.size()));
            default -> "call_g" + used.size();
        };
        used.add(id);
        return id;
    }

    private String likeOurs() {
        int version = 1 + random.nextInt(60);
        return switch (random.nextInt(4)) {
            case 0 -> "~" + version;
            case 1 -> "x".repeat(60) + "~" + version;
            case 2 -> "SAME1";
            default -> "SAME1~" + version;
        };
    }
}
