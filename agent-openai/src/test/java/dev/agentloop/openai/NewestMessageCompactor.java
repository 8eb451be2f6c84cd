package dev.agentloop.openai;

import dev.agentloop.Compactor;
import dev.agentloop.Usage;
import java.util.Optional;

/** Keeps only what must be kept: the user's newest message, and what the model has not gone on from. Asks nobody. */
final class NewestMessageCompactor implements Compactor {
    @Override
    public String name() {
        return "newest message";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return task.kept().size() < task.prompt().size() ? Optional.of(Offer.FREE) : Optional.empty();
    }

    @Override
    public Window compact(Task task) {
        return Window.built(task.items(task.kept()), Usage.NONE);
    }
}
