package dev.agentloop.mcp;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Values that must not be read in logs and messages.
 *
 * <p>Immutable and thread-safe.
 */
final class Secrets {
    // Shorter ones, such as "1" or "yes", are no secrets, and would tear every text to pieces.
    private static final int SHORTEST = 4;

    private final List<String> values;

    Secrets(Collection<String> values) {
        // A header may be a scheme and a key; the key alone is as secret as both.
        this.values = values.stream()
                .flatMap(value -> Stream.concat(Stream.of(value), Stream.of(value.split("\\s+"))))
                .filter(value -> value.length() >= SHORTEST && !value.equals("Bearer") && !value.equals("Basic"))
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** The text with three stars instead of each secret. */
    String hide(String text) {
        String hidden = text;
        for (String value : values) {
            hidden = hidden.replace(value, "***");
        }
        return hidden;
    }
}
