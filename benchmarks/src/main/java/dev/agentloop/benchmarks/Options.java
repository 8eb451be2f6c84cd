package dev.agentloop.benchmarks;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Options of a command line, each a name and a value. */
final class Options {
    private final Map<String, String> values = new HashMap<>();

    private Options() {}

    /** Reads {@code --name value} pairs; anything else ends the program with the usage. */
    static Options parse(String usage, String... arguments) {
        Options options = new Options();
        for (int i = 0; i < arguments.length; i += 2) {
            if (!arguments[i].startsWith("--") || i + 1 == arguments.length || !usage.contains(arguments[i] + " ")) {
                System.err.println(usage);
                System.exit(2);
            }
            options.values.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return options;
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    int number(String name, String otherwise) {
        return Integer.parseInt(text(name, otherwise));
    }

    int[] numbers(String name, String otherwise) {
        return Stream.of(text(name, otherwise).split(",", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }
}
