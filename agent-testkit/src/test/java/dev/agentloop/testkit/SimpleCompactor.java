package dev.agentloop.testkit;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A host's own compactor: keeps what must be kept and says one sentence instead of the rest. */
class SimpleCompactor implements Compactor {
    @Override
    public String name() {
        return "simple";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return task.kept().size() < task.prompt().size() ? Optional.of(Offer.FREE) : Optional.empty();
    }

    @Override
    public Window compact(Task task) {
        List<Item> items = new ArrayList<>(List.of(Item.user("Older messages were left out.")));
        items.addAll(kept(task));
        return Window.built(items, Usage.NONE);
    }

    List<Item> kept(Task task) {
        return task.items(task.kept());
    }
}
