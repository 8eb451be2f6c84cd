package dev.agentloop.openai;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Writes down what a listener is told. */
class Told implements Model.Listener {
    final List<Item> items = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    final List<Duration> waits = new ArrayList<>();
    final StringBuilder text = new StringBuilder();

    @Override
    public void onItem(Item item) {
        items.add(item);
        events.add("item " + item.type());
    }

    @Override
    public void onDelta(Model.DeltaKind kind, String piece) {
        events.add(kind + " " + piece);
        if (kind == Model.DeltaKind.TEXT) {
            text.append(piece);
        }
    }

    /** Follows the contract: what was told in a try that failed is void. */
    @Override
    public void onRetry(int attempt, Duration wait, ModelException cause) {
        events.add("retry " + attempt);
        waits.add(wait);
        items.clear();
        text.setLength(0);
    }
}
