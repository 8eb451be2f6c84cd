package dev.agentloop.cli.log;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Usage;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The fields of an entry's payload; those that are missing are empty, 0 or false. */
record Payload(JsonNode fields) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reads a payload; one that is no JSON is an error. */
    static Payload of(byte[] bytes) throws IOException {
        return new Payload(JSON.readTree(bytes));
    }

    boolean has(String name) {
        return fields.hasNonNull(name);
    }

    String text(String name) {
        return fields.path(name).asText("");
    }

    long number(String name) {
        return fields.path(name).asLong(0);
    }

    boolean flag(String name) {
        return fields.path(name).asBoolean(false);
    }

    Payload inner(String name) {
        return new Payload(fields.path(name));
    }

    /** How many elements an array has. */
    int size(String name) {
        return fields.path(name).size();
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        fields.path(name).forEach(element -> texts.add(element.asText()));
        return texts;
    }

    /** A point in time, as a person reads it; empty where there is none. */
    String time(String name) {
        return number(name) == 0 ? "" : TerminalText.instant(Instant.ofEpochMilli(number(name)));
    }

    Usage usage() {
        Payload usage = inner("usage");
        return new Usage(
                usage.number("input_tokens"),
                usage.number("cached_tokens"),
                usage.number("cache_write_tokens"),
                usage.number("output_tokens"),
                usage.number("reasoning_tokens"),
                usage.flag("estimated"));
    }
}
