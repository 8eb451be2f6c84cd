package dev.agentloop.testkit;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.concurrent.CountDownLatch;

/** A tool that keeps the contract, in small steps each of which can be broken. */
class SampleTool implements Tool {
    static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},"
            + "\"options\":{\"type\":\"object\",\"properties\":{\"wait\":{\"type\":\"boolean\"}},"
            + "\"required\":[\"wait\"],\"additionalProperties\":false}},"
            + "\"required\":[\"text\",\"options\"],\"additionalProperties\":false}";

    @Override
    public Specification specification() {
        return new Specification("sample", description(), schema(), true, null);
    }

    String description() {
        return "Gives back its text.";
    }

    String schema() {
        return SCHEMA;
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
        String text = call.argument("text").orElseThrow(this::missing);
        if (call.argument("options").orElse("").contains("true")) {
            context.progress("waiting");
            waitForEver();
        }
        return ToolOutput.text(text);
    }

    void waitForEver() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    Exception missing() {
        return new IllegalArgumentException("the argument text is missing");
    }
}
