package dev.agentloop.tools;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Calls tools as the loop does, with arguments given as names and values in turn. */
public final class Calls {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Tool> tools;

    public Calls(List<Tool> tools) {
        this.tools = tools;
    }

    /** The file tools of a workspace, with the journal in a folder of the test's own. */
    public static Calls in(Path root, Path state) {
        return new Calls(FileTools.builder(root).state(state).tools());
    }

    public Tool tool(String name) {
        return tools.stream()
                .filter(tool -> tool.specification().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The output of a call that must succeed. */
    public String ok(String name, Object... arguments) throws Exception {
        ToolOutput output = call(name, arguments);
        if (output.error()) {
            throw new AssertionError(name + " failed: " + output.text());
        }
        return output.text();
    }

    /** The output of a call that must fail. */
    public String error(String name, Object... arguments) throws Exception {
        ToolOutput output = call(name, arguments);
        if (!output.error()) {
            throw new AssertionError(name + " did not fail: " + output.text());
        }
        return output.text();
    }

    public ToolOutput call(String name, Object... arguments) throws Exception {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            fields.put((String) arguments[i], arguments[i + 1]);
        }
        return raw(name, json(fields));
    }

    public ToolOutput raw(String name, String arguments) throws Exception {
        return tool(name).call(ToolCall.function("call_1", name, arguments), new Context(Map.of()));
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A context of a run that goes on. */
    public record Context(Map<String, String> outputs) implements ToolContext {
        @Override
        public String conversation() {
            return "conversation";
        }

        @Override
        public String callId() {
            return "call_1";
        }

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(String text) {
            // Nobody listens.
        }

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String callId) {
            return Optional.ofNullable(outputs.get(callId));
        }
    }
}
