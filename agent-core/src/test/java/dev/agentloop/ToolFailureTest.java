package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import dev.agentloop.internal.tool.CallRunner;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A tool that fails says so to the model, to the listener and to the log. */
class ToolFailureTest extends LoopFixture {
    private static TestTool failing(Throwable failure) {
        return TestTool.writes("save", (call, context) -> {
            throw LoopFixture.<RuntimeException>sneak(failure);
        });
    }

    private String told(AgentLoop.Builder builder) {
        try (AgentLoop agent = builder.build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            return ((Item.Output) conversation.prompt().item(2)).text();
        }
    }

    private AgentLoop.Builder saving(Tool tool) {
        return agent(new Script(calls(call("1", "save")), says("done")), tool);
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(
                        new NoSuchFileException("/data/orders.csv"),
                        "save failed: java.nio.file.NoSuchFileException: /data/orders.csv"),
                Arguments.of(
                        new NoSuchElementException("shipped"),
                        "save failed: java.util.NoSuchElementException: shipped"),
                Arguments.of(new IllegalStateException(), "save failed: java.lang.IllegalStateException"),
                Arguments.of(new IOException("  "), "save failed: java.io.IOException"),
                Arguments.of(new Error("TODO"), "save failed: java.lang.Error: TODO"),
                Arguments.of(
                        new ServiceConfigurationError("broken"),
                        "save failed: java.util.ServiceConfigurationError: broken"),
                Arguments.of(new OutOfMemoryError("heap"), "save failed: java.lang.OutOfMemoryError: heap"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatAToolThrows_isToldInOneForm_andIsInTheEventAndInTheLog(Throwable failure, String expected) {
        try (CapturedLog log = new CapturedLog(CallRunner.class)) {
            assertThat(told(saving(failing(failure)))).isEqualTo(expected);
            AgentEvent.ToolEnded ended = events(AgentEvent.ToolEnded.class).get(0);
            assertThat(ended.failure()).isSameAs(failure);
            assertThat(ended.output().error()).isTrue();
            ILoggingEvent line = log.lines("tool save failed in call 1").get(0);
            assertThat(((ThrowableProxy) line.getThrowableProxy()).getThrowable())
                    .isSameAs(failure);
        }
    }

    @Test
    void null_isAFailure() {
        assertThat(told(saving(TestTool.writes("save", (call, context) -> null))))
                .isEqualTo("save failed: it gave no output");
        events.clear();
        assertThat(told(saving(TestTool.writes("save", (call, context) -> ToolOutput.text(null)))))
                .isEqualTo(
                        "save failed: java.lang.NullPointerException: the text of an output is null; where a tool has"
                                + " nothing to say, say that");
    }

    @Test
    void hook_mapsOrHides() {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        IOException failure = new IOException("password=hunter2");
        assertThat(told(saving(failing(failure)).toolFailure((call, thrown) -> {
                    seen.set(thrown);
                    return ToolOutput.error(call.callId() + " did not save");
                })))
                .isEqualTo("1 did not save");
        assertThat(seen.get()).isSameAs(failure);
        assertThat(told(saving(failing(failure)).toolFailure(ToolFailure.WITHOUT_MESSAGE)))
                .isEqualTo("save failed; the reason was logged");
    }

    @Test
    void hookThatFails_hides() {
        IOException failure = new IOException("password=hunter2");
        List<ToolFailure> broken = List.of(
                (call, thrown) -> null,
                (call, thrown) -> {
                    throw new AssertionError("the hook is broken");
                },
                (call, thrown) -> {
                    throw LoopFixture.<RuntimeException>sneak(new IOException("checked"));
                });
        for (ToolFailure hook : broken) {
            assertThat(told(saving(failing(failure)).toolFailure(hook)))
                    .isEqualTo("save failed; the reason was logged");
        }
    }

    @Test
    void callThatOnlyReads_isRunAgainAfterACrash_byDefault() {
        Tool reads = new Tool() {
            @Override
            public Specification specification() {
                return Specification.function("report", "reads", "{\"type\":\"object\"}");
            }

            @Override
            public ToolOutput call(ToolCall call, ToolContext context) {
                return ToolOutput.text("");
            }

            @Override
            public Access access(ToolCall call) {
                return Access.READS;
            }
        };
        ToolCall call = ToolCall.function("1", "report", "{}");
        assertThat(reads.afterCrash(call)).isEqualTo(Tool.AfterCrash.RUN_AGAIN);
    }
}
