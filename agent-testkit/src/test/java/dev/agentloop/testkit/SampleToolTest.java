package dev.agentloop.testkit;

import dev.agentloop.Tool;
import java.util.Optional;

class SampleToolTest extends ToolContract {
    static final String GOOD = "{\"text\":\"hello\",\"options\":{\"wait\":false}}";
    static final String SLOW = "{\"text\":\"hello\",\"options\":{\"wait\":true}}";

    @Override
    protected Tool tool() {
        return new SampleTool();
    }

    @Override
    protected String goodArguments(int number) {
        return GOOD;
    }

    @Override
    protected Optional<String> slowArguments() {
        return Optional.of(SLOW);
    }
}
