package dev.agentloop.testkit.crash;

import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** What a program that can be killed leaves in its folder for the test: the requests that it sent, and its tools' effects. */
record Traces(Path folder) {
    /** For agents that only read a log. */
    static final Model NO_MODEL = new Model() {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("none").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            throw new AssertionError("logs are only read here");
        }
    };

    /** Keeps the bytes of a request, by the version of the log that it was made from. */
    void keep(Prompt prompt, long version) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        prompt.wire().forEach(buffer -> {
            byte[] part = new byte[buffer.remaining()];
            buffer.get(part);
            bytes.writeBytes(part);
        });
        try {
            Files.write(folder.resolve(String.format(Locale.ROOT, "request-%06d", version)), bytes.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A tool that leaves a line for each time that it does something. */
    Tool tool(String name, Tool.Access access, Tool.AfterCrash afterCrash) {
        return new Effect(folder, name, access, afterCrash);
    }

    private record Effect(Path folder, String name, Access reach, AfterCrash crash) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "a tool of a test", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws IOException {
            Files.writeString(
                    folder.resolve("effects"),
                    name + " " + call.callId() + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            return ToolOutput.text("did " + call.callId());
        }

        @Override
        public Access access(ToolCall call) {
            return reach;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return crash;
        }
    }
}
