package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.TypedTool;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** The library as a host uses it: {@link OpenAiModel}, one tool, the store in memory. */
final class LoopContender implements Contender {
    private final Model model;

    LoopContender(URI base) {
        this.model = OpenAiModel.builder(Work.MODEL)
                .baseUrl(base.toString())
                .apiKey("none")
                .settings(settings -> settings.contextWindow(100_000_000))
                .build();
    }

    @Override
    public Conversation conversation(Row row, IntFunction<String> outputs) {
        AgentLoop agent = AgentLoop.builder()
                .model(model)
                .instructions(Work.INSTRUCTIONS)
                .tools(row.typed() ? typed(outputs) : new Raw(outputs))
                .approval(ApprovalPolicy.ALLOW_ALL)
                .build();
        Item question = row.images().isEmpty() ? Item.user(Work.QUESTION) : Item.user(Work.QUESTION, row.images());
        return new Conversation() {
            @Override
            public void run() {
                Outcome outcome = agent.newConversation().run(List.of(question), RunOptions.DEFAULT);
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

    /** The arguments of the tool. */
    record Command(List<String> command) {}

    private static Tool typed(IntFunction<String> outputs) {
        AtomicInteger calls = new AtomicInteger();
        return TypedTool.of(Work.TOOL, Work.DESCRIPTION, Command.class, (arguments, context) -> {
            Work.check(arguments.command());
            return outputs.apply(calls.incrementAndGet());
        });
    }

    private static final class Raw implements Tool {
        private static final Specification SPECIFICATION =
                new Specification(Work.TOOL, Work.DESCRIPTION, Work.PARAMETERS, true, null);

        private final IntFunction<String> outputs;
        private final AtomicInteger calls = new AtomicInteger();

        Raw(IntFunction<String> outputs) {
            this.outputs = outputs;
        }

        @Override
        public Specification specification() {
            return SPECIFICATION;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text(outputs.apply(calls.incrementAndGet()));
        }
    }
}
