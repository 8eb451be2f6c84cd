package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.internal.call.HostCalls;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.TokenEstimate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Has a model write down what the one that goes on must know, as the last message of the same prompt. */
public record SummaryCompactor(Model model, String request) implements Compactor {
    public static final String REQUEST = """
            The conversation is getting too long and is about to be shortened. Do not call a tool now. Write a handover for \
            the one who goes on with this work and will not see what came before, except the user's latest messages and what \
            was pinned. Say, in plain sentences and lists:
            - what the user wants, with all constraints and preferences that were stated;
            - what is done, what was found out and decided, and why;
            - what is under way and what remains to be done, in order;
            - names of files, functions and commands, and data that will be needed again, word for word.
            Do not say again what can be read from the files at any time.""";

    private static final String BEFORE =
            "What came before was left out to make room. Whoever worked on it has left this handover:\n\n";
    /** How many tokens of older messages of the user's stay, the newest first. */
    private static final long USER_TOKENS = 20_000;

    private static final long ANSWER_TOKENS = 1_500;
    private static final int TRIES = 4;

    @Override
    public String name() {
        return "summary";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        // There must be something to sum up that does not stay anyway.
        if (task.tail()
                <= task.kept().stream().filter(place -> place < task.tail()).count()) {
            return Optional.empty();
        }
        long tokens = task.context().tokens();
        return Optional.of(new Offer(tokens + TokenEstimate.ofBytes(request.length()), tokens, ANSWER_TOKENS));
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        Prompt prompt = task.prompt();
        for (int attempt = 1; ; attempt++) {
            try {
                return window(task, PaidAnswer.of(model, prompt.plus(List.of(Item.user(request)))));
            } catch (ModelException e) {
                if (e.kind() != ModelException.Kind.CONTEXT_LENGTH || attempt == TRIES) {
                    throw e;
                }
                prompt = withoutTheOldest(prompt);
            }
        }
    }

    private static Window window(Task task, PaidAnswer answer) {
        ModelResponse response = answer.response();
        String text = response.text().strip();
        if (text.isEmpty()
                || response.incomplete() != null
                || response.refusal().isPresent()) {
            throw answer.unusable("the model wrote no summary"
                    + (response.incomplete() == null ? "" : ", its answer is incomplete: " + response.incomplete()));
        }
        Set<Integer> places = new TreeSet<>(task.kept());
        places.addAll(TokenEstimate.newestUserMessages(task, USER_TOKENS));
        List<Item> items = new ArrayList<>();
        places.stream()
                .filter(place -> place < task.tail())
                .forEach(place -> items.add(task.prompt().item(place)));
        items.add(Item.user(BEFORE + text));
        items.addAll(task.prompt().items().subList(task.tail(), task.prompt().size()));
        return Window.built(items, answer.usage());
    }

    // A quarter of the items, and with each call its output or the host's answer, and its reasoning: what is left is
    // sent.
    private static Prompt withoutTheOldest(Prompt prompt) {
        List<Item> items = prompt.items();
        int from = Math.max(1, items.size() / 4);
        while (from < items.size() && items.get(from - 1) instanceof Item.Reasoning) {
            from++;
        }
        Set<String> gone = new HashSet<>();
        items.subList(0, from).forEach(item -> {
            if (item instanceof Item.Call call) {
                gone.add(call.callId());
            }
        });
        List<Item> rest = new ArrayList<>(items.subList(from, items.size()));
        rest.removeIf(item -> item instanceof Item.Output output && gone.contains(output.callId()));
        return ChunkedPrompt.of(ChunkedPrompt.fixed(prompt)).plus(HostCalls.withoutStrayAnswers(rest));
    }
}
