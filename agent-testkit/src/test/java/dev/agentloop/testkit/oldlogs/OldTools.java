package dev.agentloop.testkit.oldlogs;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.List;
import java.util.Optional;

/** The tools of the conversations: each does next to nothing, and nothing outside of itself. */
final class OldTools {
    private static final String SCHEMA = "{\"type\":\"object\"}";

    private OldTools() {}

    static List<Tool> all() {
        return List.of(new Says(), new Fails(), new Patches(), new Asks());
    }

    private abstract static class Named implements Tool {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        public Specification specification() {
            return Specification.function(name, "Tool " + name, SCHEMA);
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }
    }

    /** Says its text again. */
    static final class Says extends Named {
        Says() {
            this("say");
        }

        Says(String name) {
            super(name);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("said: " + call.argument("text").orElse("").repeat(20));
        }

        @Override
        public int outputTokens() {
            return 50;
        }
    }

    private static final class Fails extends Named {
        Fails() {
            super("fail");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            throw new IllegalStateException("it always fails");
        }
    }

    private static final class Patches extends Named {
        Patches() {
            super("patch");
        }

        @Override
        public Specification specification() {
            return new Specification("patch", "A custom tool.", SCHEMA, false, new Grammar("regex", "[a-z]+"));
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return new ToolOutput(
                    List.of(
                            new ToolOutput.Text("patched"),
                            new ToolOutput.Image("data:image/png;base64,iVBORw0KGgo=", "low")),
                    false);
        }
    }

    /** Must be approved, and can be allowed by its first word. */
    private static final class Asks extends Named {
        Asks() {
            super("ask");
        }

        @Override
        public Access access(ToolCall call) {
            return Access.UNRESTRICTED;
        }

        @Override
        public String place(ToolCall call) {
            return "the desk";
        }

        @Override
        public Optional<String> rule(ToolCall call) {
            return Optional.of("those with " + call.argument("text").orElse("nothing"));
        }

        @Override
        public boolean allowedBy(List<String> rules, ToolCall call) {
            return rules.contains(rule(call).orElseThrow());
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("asked");
        }
    }
}
