package dev.agentloop;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A compactor that keeps what must be kept and says one sentence instead of the rest, whenever a test wants it to. */
record Shortening(BooleanSupplier due) implements Compactor {
    @Override
    public String name() {
        return "shortening";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return due.getAsBoolean() ? Optional.of(Offer.FREE) : Optional.empty();
    }

    @Override
    public Window compact(Task task) {
        List<Item> items = new ArrayList<>(List.of(Item.user("What came before was left out.")));
        items.addAll(task.items(task.kept()));
        return Window.built(items, Usage.NONE);
    }
}
