package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.TokenEstimate;
import dev.agentloop.internal.prompt.WithoutImages;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Leaves out images and long outputs of calls that the model has gone on from long ago. */
public final class OldOutputsCompactor implements Compactor {
    private static final int LONG = 2_048;
    /** Less than this part of the prompt is not worth a new prefix. */
    private static final int WORTHWHILE = 5;

    @Override
    public String name() {
        return "old outputs";
    }

    @Override
    public Optional<Offer> offer(Task task) {
        long gain = TokenEstimate.of(task.prompt().items()) - TokenEstimate.of(shortened(task));
        return gain * WORTHWHILE >= task.context().tokens() && gain > 0 ? Optional.of(Offer.FREE) : Optional.empty();
    }

    @Override
    public Window compact(Task task) {
        return Window.built(shortened(task), Usage.NONE);
    }

    private static List<Item> shortened(Task task) {
        List<Item> items = new ArrayList<>(task.prompt().items());
        for (int i = 0; i < task.tail(); i++) {
            if (!task.kept().contains(i)) {
                items.set(i, shortened(items.get(i)));
            }
        }
        return items;
    }

    private static Item shortened(Item item) {
        Item plain = WithoutImages.of(item, "to make room");
        if (!(plain instanceof Item.Output output) || ItemLine.of(plain).length <= LONG) {
            return plain;
        }
        JsonFields fields = JsonFields.of(ItemLine.of(output));
        String note = "[This output of about " + TokenEstimate.of(plain)
                + " tokens was left out to make room. Run the call again if it is needed.]";
        return Item.of(Json.object(w -> {
            for (JsonFields.Field field : fields.all()) {
                if (field.name().equals("output")) {
                    w.text("output", note);
                } else {
                    w.raw(field.name(), fields.raw(field));
                }
            }
        }));
    }
}
