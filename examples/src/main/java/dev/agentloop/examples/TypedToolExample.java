package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Model;
import dev.agentloop.Tool;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.Description;
import dev.agentloop.tools.TypedAnswer;
import dev.agentloop.tools.TypedTool;
import java.util.List;
import java.util.Map;

/** A tool whose arguments are a record, and a final answer that is one: no JSON Schema is written by hand. */
public final class TypedToolExample {
    private static final Map<String, Integer> STOCK = Map.of("bolts", 120, "nuts", 0, "washers", 40);

    // tag::records[]
    record StockQuery(
            @Description("the article's name, in English") String article) {}

    record Shortage(
            @Description("articles of which there are none") List<String> articles, boolean urgent) {}
    // end::records[]

    private TypedToolExample() {}

    static Shortage ask(Model model, String question) {
        // tag::typed[]
        Tool stock = TypedTool.of(
                        "stock",
                        "Tells how many pieces of an article there are",
                        StockQuery.class,
                        (query, context) -> STOCK.getOrDefault(query.article(), 0))
                .withAccess(Tool.Access.READS);
        TypedAnswer<Shortage> answer = TypedAnswer.of(Shortage.class);
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(stock)
                .answerFormat(answer.name(), answer.schema())
                .build()) {
            return answer.read(agent.newConversation().run(question).text());
        }
        // end::typed[]
    }

    /** Asks a real model. */
    public static void main(String[] arguments) {
        Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
        System.out.println(ask(model, "Are we short of bolts, nuts or washers?"));
    }
}
