package dev.agentloop.testkit.internal.talk;

import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Compactor;
import dev.agentloop.Model;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Tool;
import dev.agentloop.spi.ConversationStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What the agent of a talk is built of, which a host can change between two operations. */
final class TalkSetup {
    private static final RetryPolicy AT_ONCE = new RetryPolicy(2, 2, Duration.ZERO, Duration.ZERO);
    private static final List<String> EFFORTS = List.of("low", "medium", "high");

    private PromptSettings settings;
    private final List<String> more = new ArrayList<>();
    private String instructions = "Be careful.";
    private String developer = "Speak plainly.";
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private boolean approves;
    private boolean retries;
    private int order;
    private double compactAt = 0.9;

    TalkSetup(Random random) {
        this.settings = fresh(random);
        this.order = random.nextInt(6);
        this.retries = random.nextBoolean();
    }

    PromptSettings settings() {
        return settings;
    }

    /** The names of tools that a run can be limited to; one of them may be none. */
    List<String> names() {
        List<String> names = new ArrayList<>(List.of(TalkTools.LOOK, TalkTools.NOTE, TalkTools.ASK));
        for (int i = 0; i < more.size(); i++) {
            names.add("more_" + i);
        }
        return names;
    }

    private static PromptSettings fresh(Random random) {
        return PromptSettings.of("m-" + random.nextInt(3))
                .reasoning(true)
                .effort(EFFORTS.get(random.nextInt(3)))
                .configurationUpdates(random.nextBoolean())
                .additionalTools(random.nextBoolean())
                .instructionsInInput(random.nextInt(3) == 0)
                .customTools(random.nextBoolean())
                .cacheBreakpoints(random.nextBoolean())
                .contextWindow(random.nextInt(3) == 0 ? 2_000 + random.nextInt(6_000) : 0)
                .build();
    }

    /** Changes one thing, or the whole model. */
    void change(Random random) {
        switch (random.nextInt(9)) {
            case 0 -> settings = fresh(random);
            case 1 ->
                settings = settings.toBuilder()
                        .effort(EFFORTS.get(random.nextInt(3)))
                        .build();
            case 2 ->
                instructions = List.of("Be careful.", "Be bold.", "Be brief.").get(random.nextInt(3));
            case 3 -> developer = List.of("Speak plainly.", "Speak French.").get(random.nextInt(2));
            case 4 -> now = now.plusSeconds(random.nextInt(200_000));
            case 5 -> approves = !approves;
            case 6 -> {
                order = random.nextInt(6);
                compactAt = 0.3 + random.nextInt(7) / 10.0;
                compactAt = Math.min(compactAt, 0.95);
            }
            case 7 -> retries = !retries;
            default -> changeTools(random);
        }
    }

    private void changeTools(Random random) {
        if (more.isEmpty() || random.nextInt(3) > 0) {
            more.add("Is number " + random.nextInt(3) + ".");
        } else {
            more.remove(random.nextInt(more.size()));
        }
    }

    private List<Tool> tools(TalkTools tools) {
        List<Tool> all = tools.always();
        for (int i = 0; i < more.size(); i++) {
            all.add(tools.of("more_" + i, more.get(i)));
        }
        return all;
    }

    /** An agent of this kind; {@code summaries} works for its compactors. */
    AgentLoop agent(ConversationStore store, TalkTools tools, Model model, Model summaries) {
        AgentLoop.Builder builder = AgentLoop.builder()
                .model(retries ? AT_ONCE.around(model) : model)
                .brokenResponses(AT_ONCE)
                .instructions(instructions)
                .developerInstructions(developer)
                .workspace(Path.of("/no/such/folder"))
                .clock(Clock.fixed(now, ZoneOffset.UTC))
                .tools(tools(tools))
                .approval(TalkTools.POLICY)
                .compactor(compactor(summaries))
                .compactAt(compactAt)
                .store(store);
        return (approves ? builder.approver(question -> answer(question.arguments(), question.rule())) : builder)
                .build();
    }

    // By the call alone, so that it does not matter which of two is asked about first.
    private static Approver.Answer answer(String arguments, String rule) {
        return switch (Math.floorMod(arguments.length(), 3)) {
            case 0 -> Approver.Answer.deny("better not");
            case 1 -> Approver.Answer.always(rule);
            default -> Approver.Answer.approve();
        };
    }

    private Compactor compactor(Model summaries) {
        Compactor cheap = Compactor.withoutOldOutputs();
        Compactor summary = Compactor.summary(summaries);
        Compactor trigger = Compactor.trigger(summaries);
        List<Compactor> all = new ArrayList<>(Arrays.asList(cheap, summary, trigger));
        return switch (order) {
            case 0 -> Compactor.NEVER;
            case 1 -> Compactor.cheapestOf(cheap, summary, trigger);
            case 2 -> Compactor.firstOf(cheap, trigger, summary);
            default -> all.get(order - 3);
        };
    }
}
