package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.PrintStream;
import java.time.Clock;
import java.time.LocalTime;
import java.util.List;

/**
 * Prompts whose prefix breaks, and what the account of the provider's cache says of them. Nothing is sent: the model is
 * scripted.
 */
public final class BrokenPrefix {
    private static final Limits.Prices PRICES = Limits.Prices.of(2.00, 0.20, 2.50, 10.00);

    private final PrintStream out;

    BrokenPrefix(PrintStream out) {
        this.out = out;
    }

    /** A host that writes the time into its instructions, as many do: each request is new from there on. */
    void timeInTheInstructions(Clock clock) {
        Item history = Item.user("Here is the log of the build. " + "[INFO] compiled\n".repeat(2_000));
        // tag::explain[]
        PrefixCache cache = PrefixCache.hashChain(PrefixCache.Rules.DEFAULT.withPrices(PRICES));
        for (int turn = 1; turn <= 2; turn++) {
            PromptSettings settings = PromptSettings.of("gpt-5.6")
                    .instructions("You are a careful agent. It is " + LocalTime.now(clock) + ".")
                    .build();
            PrefixCache.Report report =
                    cache.check(Prompt.of(settings, Toolbox.empty()).plus(List.of(history)));
            out.println("request " + turn + ": " + report.describe());
            cache.settle(Usage.reported(10_000, 0, 10_000, 50, 0));
        }
        // end::explain[]
    }

    /** A conversation that is resumed with another model, by a loop that would rather stop than pay. */
    void anotherModelInStrictMode(ConversationStore store) {
        String id = run(ScriptedModel.answering(ScriptedResponse.says("Done.")), store, "");
        Model other = ScriptedModel.builder()
                .settings(PromptSettings.of("another-model").build())
                .answer(ScriptedResponse.says("Done again."))
                .build();
        run(other, store, id);
    }

    private String run(Model model, ConversationStore store, String id) {
        // tag::strict[]
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .store(store)
                .prefixCache(() -> PrefixCache.hashChain().strict())
                .build()) {
            Conversation conversation = id.isEmpty() ? agent.newConversation() : agent.resume(id);
            Outcome outcome = conversation.run("Build it.");
            out.println(outcome.describe());
            return conversation.id();
        }
        // end::strict[]
    }

    /** Explains both. */
    public static void main(String[] arguments) {
        BrokenPrefix example = new BrokenPrefix(System.out);
        example.timeInTheInstructions(Clock.systemUTC());
        try (ConversationStore store = new MemoryStore()) {
            example.anotherModelInStrictMode(store);
        }
    }
}
