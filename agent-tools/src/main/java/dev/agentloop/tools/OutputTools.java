package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import java.util.ArrayList;
import java.util.List;

/** Tools about the outputs of other tools. */
public final class OutputTools {
    private static final int DEFAULT_LINES = 200;
    private static final int MAX_LINES = 2000;
    private static final int LINE_CHARS = 2000;
    private static final int PAGE_CHARS = 30_000;

    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "read_output",
            "Reads lines of a tool output that was truncated, by the call id named in its warning. "
                    + "A line of more than 2000 characters counts as several.",
            """
            {"type":"object","properties":{\
            "call_id":{"type":"string","description":"The call id that the warning of the truncated output names."},\
            "offset":{"type":"integer","description":"The first line to read, counting from 1. Default 1."},\
            "limit":{"type":"integer","description":"The most lines to read. Default 200."}\
            },"required":["call_id"],"additionalProperties":false}""");

    private OutputTools() {}

    /**
     * The tool {@code read_output}, which pages through the whole text of an output that the loop had cut. A page has
     * at most 30,000 characters. Immutable and safe for use by several threads.
     */
    public static Tool paging() {
        return ActionTool.reading(SPECIFICATION, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "call_id", "offset", "limit");
            int offset = arguments.count("offset", 1, Integer.MAX_VALUE);
            int limit = arguments.count("limit", DEFAULT_LINES, MAX_LINES);
            return ToolOutput.text(page(text(context, arguments.text("call_id")), offset, limit));
        });
    }

    private static String text(ToolContext context, String callId) throws Refusal {
        return context.fullOutput(callId)
                .orElseThrow(() -> new Refusal("no truncated output of call id `" + callId
                        + "`; the id stands in the warning at the beginning of a truncated output"));
    }

    private static String page(String text, int offset, int limit) throws Refusal {
        List<String> page = new ArrayList<>();
        int number = 0;
        int chars = 0;
        int start = 0;
        while (start < text.length()) {
            int end = endOfLine(text, start);
            String line = text.substring(start, end);
            number++;
            if (number >= offset && page.size() < limit && chars + line.length() <= PAGE_CHARS) {
                page.add(line);
                chars += line.length();
            } else if (number >= offset) {
                // The page is full: the following lines are only counted.
                chars = PAGE_CHARS;
            }
            start = end < text.length() && text.charAt(end) == '\n' ? end + 1 : end;
        }
        if (page.isEmpty()) {
            throw new Refusal("offset " + offset + " is after the end; the output has " + number + " lines");
        }
        return "Lines " + offset + " to " + (offset + page.size() - 1) + " of " + number + ":\n"
                + String.join("\n", page) + "\n";
    }

    private static int endOfLine(String text, int start) {
        int newline = text.indexOf('\n', start);
        int end = newline < 0 ? text.length() : newline;
        if (end - start <= LINE_CHARS) {
            return end;
        }
        int cut = start + LINE_CHARS;
        return Character.isHighSurrogate(text.charAt(cut - 1)) ? cut - 1 : cut;
    }
}
