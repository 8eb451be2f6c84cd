package dev.agentloop;

import static dev.agentloop.Script.call;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What the tests of the loop share: a store, a listener, and tools from functions. */
abstract class LoopFixture {
    final ConversationStore store = new MemoryStore();
    final List<AgentEvent> events = new ArrayList<>();

    /** A tool from a function, with an access of its own. */
    record TestTool(String name, Access reach, AfterCrash policy, Body body) implements Tool {
        interface Body {
            ToolOutput run(ToolCall call, ToolContext context) throws Exception;
        }

        static TestTool reads(String name, Body body) {
            return new TestTool(name, Access.READS, AfterCrash.RUN_AGAIN, body);
        }

        static TestTool writes(String name, Body body) {
            return new TestTool(name, Access.WRITES, AfterCrash.REPORT, body);
        }

        @Override
        public Specification specification() {
            return Specification.function(name, "a tool of a test", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            return body.run(call, context);
        }

        @Override
        public Access access(ToolCall call) {
            return reach;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return policy;
        }
    }

    static final TestTool ECHO = TestTool.reads("echo", (call, context) -> ToolOutput.text("<" + call.callId() + ">"));

    AgentLoop.Builder agent(Model model, Tool... tools) {
        RetryPolicy quick = new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofMillis(5));
        return AgentLoop.builder()
                .model(quick.around(model))
                .tools(tools)
                .store(store)
                .brokenResponses(quick);
    }

    Outcome run(Conversation conversation, String input) {
        return conversation.run(input, RunOptions.listeningWith(events::add));
    }

    /** Throws what it is given where it is not declared, as other languages do. */
    @SuppressWarnings("unchecked")
    static <E extends Throwable> RuntimeException sneak(Throwable failure) throws E {
        throw (E) failure;
    }

    /** Options with a listener that takes part: what it does at an event is done before the run goes on. */
    static RunOptions at(AgentListener listener) {
        return RunOptions.listeningWith(listener).withDelivery(RunOptions.Delivery.DIRECT);
    }

    <T extends AgentEvent> List<T> events(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
}
