package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.openai.OpenAiModel;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** The library as a host uses it: {@link OpenAiModel}, one tool, the store in memory. */
final class LoopContender implements Contender {
    private final Model model;

    LoopContender(URI base) {
        this.model = OpenAiModel.builder(Work.MODEL)
                .baseUrl(base.toString())
                .apiKey("none")
                .build();
    }

    @Override
    public Conversation conversation(IntFunction<String> tool) {
        AgentLoop agent = AgentLoop.builder()
                .model(model)
                .instructions(Work.INSTRUCTIONS)
                .tools(new Read(tool))
                .approval(ApprovalPolicy.ALLOW_ALL)
                .build();
        return new Conversation() {
            @Override
            public void run() {
                Outcome outcome = agent.newConversation().run(Work.QUESTION);
                if (!(outcome instanceof Outcome.Finished)) {
                    throw new IllegalStateException("the run was to finish, but it ended as " + outcome);
                }
            }

            @Override
            public void close() {
                agent.close();
            }
        };
    }

    private static final class Read implements Tool {
        private static final Specification SPECIFICATION =
                Specification.function("read", Work.DESCRIPTION, Work.PARAMETERS);

        private final IntFunction<String> outputs;
        private final AtomicInteger calls = new AtomicInteger();

        Read(IntFunction<String> outputs) {
            this.outputs = outputs;
        }

        @Override
        public Specification specification() {
            return SPECIFICATION;
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text(outputs.apply(calls.incrementAndGet()));
        }
    }
}
