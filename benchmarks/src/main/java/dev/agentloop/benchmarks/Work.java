package dev.agentloop.benchmarks;

import java.util.List;
import java.util.function.IntFunction;

/** What both contenders do: the same instructions, the same tool, the same outputs. */
final class Work {
    static final String MODEL = "scripted";
    static final String INSTRUCTIONS =
            "You are a careful coding agent. Read what you need, then say that you are done.";
    static final String TOOL = "shell";
    static final String DESCRIPTION = "Runs a command and returns its output.";
    static final String PARAMETERS = "{\"type\":\"object\",\"properties\":{\"command\":{\"type\":\"array\",\"items\":"
            + "{\"type\":\"string\"}}},\"required\":[\"command\"],\"additionalProperties\":false}";
    static final String QUESTION = "Go through the file.";

    private static final int LONGEST = 64 * 1024;
    private static final String FILLER =
            "  if (line.contains(\"\\t\")) {\n    throw new IllegalArgumentException(\"no tabs\");\n  }\n"
                    .repeat(LONGEST / 64);

    private static final int LAST_LINE = "// turn 00000000000\n".length();

    private Work() {}

    /** A tool that gives texts like source code, of so many characters; no two are the same. */
    static IntFunction<String> outputs(int size) {
        String filler = FILLER.substring(0, size - LAST_LINE);
        return turn -> filler.concat("// turn " + (10_000_000_000L + turn) + "\n");
    }

    /** Refuses what the model did not ask for. */
    static void check(List<String> command) {
        if (command.size() != 2) {
            throw new IllegalStateException("the tool was called with " + command);
        }
    }
}
