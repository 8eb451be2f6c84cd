package dev.agentloop;

import dev.agentloop.internal.CacheBreakpoint;
import dev.agentloop.internal.ItemBytes;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One entry of a prompt, in the form of Open Responses, with the bytes in which it is sent, stored and hashed.
 *
 * <p>The bytes are made once: from the host's values by the factories here, or from the model's own bytes by
 * {@link #received}. They are one line of JSON in UTF-8 and are never written again, so fields and kinds that this
 * library does not know go back as they came.
 *
 * <p>Immutable and thread-safe. Two items are equal if their bytes are.
 */
@SuppressWarnings("exports") // what carries the bytes is hidden: users see the methods that it has from here
public sealed interface Item {

    /** The item's kind on the wire, such as {@code message} or {@code function_call}. */
    String type();

    /** The item's bytes, read-only, with a position of their own. */
    ByteBuffer bytes();

    /** The item's bytes as text. */
    default String json() {
        return StandardCharsets.UTF_8.decode(bytes()).toString();
    }

    /**
     * This message with a cache breakpoint at its end, for a prefix that other requests share: on its last part of text, image
     * or file, {@code prompt_cache_breakpoint}. To be made before the message is appended; what was sent stays as it is.
     *
     * <p>By OpenAI's guide on prompt caching a request writes at most four of them, and one is the server's own unless
     * {@link PromptSettings.Builder#cacheMode} is {@code explicit}; more new ones are refused when they are appended, and any
     * where the model takes none.
     *
     * @throws IllegalArgumentException if this is no message, one of the model's, or has no such part
     */
    default Item withCacheBreakpoint() {
        if (!(this instanceof Message message) || message.role().equals("assistant")) {
            throw new IllegalArgumentException("a cache breakpoint is set in a message that the host wrote, not in "
                    + (this instanceof Message ? "one of the model's" : "an item of type " + type()));
        }
        byte[] line = ItemBytes.lineOf(message);
        byte[] marked = CacheBreakpoint.on(line);
        return marked == line ? this : of(marked);
    }

    /** A message by the user, by the application or by the model. */
    final class Message extends ItemBytes implements Item {
        private final String role;

        Message(byte[] line, JsonFields fields) {
            super(line, "message");
            this.role = fields.textOrEmpty("role");
        }

        /** Who speaks: {@code user}, {@code developer}, {@code system} or {@code assistant}. */
        public String role() {
            return role;
        }

        /** The text parts, joined; empty for a message of images or a refusal. */
        public String text() {
            return JsonFields.of(line()).said("content", "text");
        }

        /** What the model said instead of an answer, or empty. */
        public String refusal() {
            return JsonFields.of(line()).joinedTexts("content", "refusal");
        }
    }

    /** The model's reasoning, mostly opaque. */
    final class Reasoning extends ItemBytes implements Item {
        private final String summary;

        Reasoning(byte[] line, JsonFields fields) {
            super(line, "reasoning");
            this.summary = fields.said("summary", "text");
        }

        /** The summary's parts, joined; often empty. */
        public String summary() {
            return summary;
        }
    }

    /** A call that the host answers with exactly one {@link Output}. */
    final class Call extends ItemBytes implements Item {
        private final String callId;
        private final String name;
        private final String arguments;
        private final boolean incomplete;

        Call(byte[] line, JsonFields fields, String type) {
            super(line, type);
            this.callId = fields.textOrEmpty("call_id");
            this.name = fields.textOrEmpty("name");
            this.arguments = fields.textOrEmpty(type.equals("custom_tool_call") ? "input" : "arguments");
            this.incomplete = "incomplete".equals(fields.text("status"));
        }

        /** What joins the call to its output; in a prompt 1 to 64 characters and unique, and else what the server made. */
        public String callId() {
            return callId;
        }

        /** The name of the tool. */
        public String name() {
            return name;
        }

        /** The model's own text: JSON for a function, raw text for a custom tool. */
        public String arguments() {
            return arguments;
        }

        /** Whether this is a call of a custom tool, whose input is raw text. */
        public boolean custom() {
            return type().equals("custom_tool_call");
        }

        /** Whether the model was cut off while it wrote this call, which then must not run. */
        public boolean incomplete() {
            return incomplete;
        }
    }

    /** What a call gave. */
    final class Output extends ItemBytes implements Item {
        private final String callId;

        Output(byte[] line, String callId, String type) {
            super(line, type);
            this.callId = callId;
        }

        /** The id of the call that this answers. */
        public String callId() {
            return callId;
        }

        /** The output's text, or the text parts of its content, joined. */
        public String text() {
            JsonFields fields = JsonFields.of(line());
            return fields.said("output", "text");
        }
    }

    /** A summary of what came before, opaque to the host. */
    final class Compaction extends ItemBytes implements Item {
        Compaction(byte[] line, String type) {
            super(line, type);
        }
    }

    /** An item of a kind that the loop need not understand; it goes back unchanged. */
    final class Opaque extends ItemBytes implements Item {
        Opaque(byte[] line, String type) {
            super(line, type);
        }
    }

    /** A user's message of one text part. */
    static Item user(String text) {
        return message("user", text);
    }

    /** A developer's message of one text part: what the application, not the user, has to say. */
    static Item developer(String text) {
        return message("developer", text);
    }

    /**
     * A message by {@code role} of the given text parts.
     *
     * @param role {@code user}, {@code developer} or {@code system}
     * @throws IllegalArgumentException if the role is another one or there is no part
     */
    static Item message(String role, String... parts) {
        if (!Set.of("user", "developer", "system").contains(role)) {
            throw new IllegalArgumentException("a host writes messages as user, developer or system, not as " + role
                    + "; the model's own items come from Item.received");
        }
        if (parts.length == 0) {
            throw new IllegalArgumentException("a message needs at least one part");
        }
        return typed(Json.object(w -> w.text("type", "message")
                .text("role", role)
                .array("content", a -> {
                    for (String part : parts) {
                        a.element(p -> p.text("type", "input_text").text("text", part));
                    }
                })));
    }

    /**
     * A user's message of a text and images.
     *
     * @param images data URLs or web addresses; sent with {@code detail:auto}
     */
    static Item user(String text, List<String> images) {
        return typed(Json.object(w -> w.text("type", "message")
                .text("role", "user")
                .array("content", a -> {
                    a.element(p -> p.text("type", "input_text").text("text", text));
                    for (String image : images) {
                        a.element(p -> p.text("type", "input_image")
                                .text("image_url", image)
                                .text("detail", "auto"));
                    }
                })));
    }

    /**
     * The item in the model's own bytes, less what must not go back to a server that keeps nothing.
     *
     * <p>Following the replay rules of a stateless Responses conversation: the server's {@code id} is cut from the top
     * level of messages, reasoning, calls and outputs; other kinds keep theirs, since their schema may demand it. Line
     * breaks between tokens become spaces. Nothing else changes.
     *
     * @return the item, or empty for reasoning with neither {@code encrypted_content} nor {@code content}, which cannot be
     *     replayed
     * @throws IllegalArgumentException if the bytes are not one JSON object
     */
    static Optional<Item> received(byte[] bytes) {
        JsonFields fields = JsonFields.of(bytes);
        String type = ItemBytes.typeOf(fields);
        if (type.equals("reasoning") && !fields.has("encrypted_content") && emptyContent(fields)) {
            return Optional.empty();
        }
        byte[] line = fields.line(ItemBytes.WITHOUT_ID.contains(type) ? "id" : null);
        return Optional.of(typed(line, fields, type));
    }

    /**
     * The item in exactly these bytes: one that was stored before, or that the host composed. The array is copied.
     *
     * @param line one JSON object in UTF-8, without a byte order mark and without anything but spaces around it
     * @throws IllegalArgumentException if the bytes are something else, or hold a line break
     */
    static Item of(byte[] line) {
        byte[] own = line.clone();
        for (byte b : own) {
            if (b == '\n' || b == '\r') {
                throw new IllegalArgumentException("an item is one line of JSON; this one has a line break");
            }
        }
        return typed(own);
    }

    /**
     * A function call as a model writes it, for tests and scripted models.
     *
     * @param arguments the argument text, usually a JSON object
     */
    static Item functionCall(String callId, String name, String arguments) {
        return typed(Json.object(w -> w.text("type", "function_call")
                .text("call_id", callId)
                .text("name", name)
                .text("arguments", arguments)));
    }

    /** A custom tool's call as a model writes it, for tests and scripted models. */
    static Item customCall(String callId, String name, String input) {
        return typed(Json.object(w -> w.text("type", "custom_tool_call")
                .text("call_id", callId)
                .text("name", name)
                .text("input", input)));
    }

    private static Item typed(byte[] line) {
        ItemBytes.checkObject(line);
        JsonFields fields = JsonFields.of(line);
        return typed(line, fields, ItemBytes.typeOf(fields));
    }

    // The fields may be those of the same object with the id that was cut from the line.
    private static Item typed(byte[] line, JsonFields fields, String type) {
        ItemBytes.checkObject(line);
        return switch (type) {
            case "message" -> new Message(line, fields);
            case "reasoning" -> new Reasoning(line, fields);
            case "function_call", "custom_tool_call" -> new Call(line, fields, type);
            case "function_call_output", "custom_tool_call_output" ->
                new Output(line, fields.textOrEmpty("call_id"), type);
            case "compaction", "compaction_summary" -> new Compaction(line, type);
            default -> new Opaque(line, type);
        };
    }

    private static boolean emptyContent(JsonFields fields) {
        JsonFields content = fields.inner("content");
        return content == null || content.all().isEmpty();
    }
}
