package dev.agentloop.tools;

import dev.agentloop.ToolCall;
import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call, as the model wrote them.
 *
 * @param command what to run; not blank, without NUL
 * @param workdir where, or null for the workspace
 * @param timeout how long, or null for the usual
 */
record ShellArguments(
        String command, @Nullable String workdir, @Nullable Duration timeout) {

    /** @throws IllegalArgumentException if the arguments cannot be used; the message tells the model what to change */
    static ShellArguments of(ToolCall call) {
        JsonFields fields;
        try {
            fields = JsonFields.of(call.arguments().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw refused(e.getMessage());
        }
        String command = text(fields, "command");
        if (command == null) {
            throw refused("missing field `command`");
        }
        if (command.isBlank()) {
            throw refused("`command` is empty");
        }
        if (command.indexOf('\0') >= 0) {
            throw refused("`command` holds a NUL character at " + command.indexOf('\0')
                    + ", which no program can be given; write it as an escape, such as printf '\\0'");
        }
        return new ShellArguments(command, text(fields, "workdir"), timeout(fields));
    }

    private static @Nullable String text(JsonFields fields, String name) {
        JsonFields.Field field = fields.field(name);
        if (field == null || !fields.has(name)) {
            return null;
        }
        String text = fields.text(field);
        if (text == null) {
            throw refused("`" + name + "` must be a string, but it is " + abridged(fields.raw(field)));
        }
        return text;
    }

    private static @Nullable Duration timeout(JsonFields fields) {
        JsonFields.Field field = fields.field("timeout_ms");
        if (field == null || !fields.has("timeout_ms")) {
            return null;
        }
        long millis = fields.number("timeout_ms", 0);
        if (millis < 1) {
            throw refused("`timeout_ms` must be a whole number of milliseconds of at least 1, but it is "
                    + abridged(fields.raw(field)));
        }
        return Duration.ofMillis(millis);
    }

    private static String abridged(String json) {
        return json.length() <= 60 ? json : json.substring(0, 60) + "…";
    }

    private static IllegalArgumentException refused(@Nullable String reason) {
        return new IllegalArgumentException("failed to parse function arguments: " + reason);
    }
}
