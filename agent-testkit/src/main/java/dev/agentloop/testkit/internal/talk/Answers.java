package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Draws what a scripted model answers. Belongs to one thread at a time. */
final class Answers {
    /** After so many responses with calls, one follows that has none. */
    private static final int MOST_STEPS = 4;

    private final Sayings sayings;
    private Random random = new Random(0);
    private int steps;

    Answers(Sayings sayings) {
        this.sayings = sayings;
    }

    /** How an answer ends. */
    enum How {
        WHOLE,
        /** It breaks off after some of its items. */
        BROKEN,
        INCOMPLETE,
        /** It is whole, and the model wants to go on. */
        GOES_ON,
        /** The host cancels the run in its midst. */
        CANCELLED,
        /** The host says something more in its midst. */
        STEERED,
        /** The model fails, by an exception of no kind that is known. */
        FAILS,
        NULL
    }

    /**
     * An answer.
     *
     * @param told how many of the items are told before the response is over
     * @param failure thrown in place of the response, after {@code told} items; null for a response
     */
    record Answer(
            How how,
            List<Item> items,
            int told,
            Usage usage,
            @Nullable ModelException failure) {}

    /** Begins anew, for the next operation. */
    void begin(Random from) {
        random = from;
        steps = 0;
    }

    Random random() {
        return random;
    }

    /** What is answered to that prompt. */
    Answer to(Prompt prompt) {
        ModelException refused = refused(prompt);
        if (refused != null) {
            return new Answer(How.BROKEN, List.of(), 0, Usage.NONE, refused);
        }
        List<Item> items = items();
        How how = how();
        int told = random.nextInt(5) == 0 && how == How.WHOLE ? random.nextInt(items.size() + 1) : items.size();
        if (how == How.BROKEN) {
            return new Answer(how, items, random.nextInt(items.size() + 1), Usage.NONE, broken());
        }
        return new Answer(how, items, told, usage(prompt), null);
    }

    private How how() {
        int dice = random.nextInt(100);
        if (dice < 12) {
            return How.BROKEN;
        } else if (dice < 70) {
            return How.WHOLE;
        }
        return switch (dice) {
            case 70, 71, 72, 73 -> How.INCOMPLETE;
            case 74, 75, 76 -> How.GOES_ON;
            case 77, 78, 79 -> How.CANCELLED;
            case 80, 81, 82, 83, 84 -> How.STEERED;
            case 85 -> How.FAILS;
            case 86 -> How.NULL;
            default -> How.WHOLE;
        };
    }

    private ModelException broken() {
        Kind kind =
                List.of(Kind.TRANSPORT, Kind.TRANSPORT, Kind.SERVER, Kind.QUOTA).get(random.nextInt(4));
        return ModelException.of(kind, "it broke off").build();
    }

    // What a server refuses before it answers.
    private @Nullable ModelException refused(Prompt prompt) {
        int dice = random.nextInt(100);
        if (dice < 3 && has(prompt, Item.Reasoning.class)) {
            return ModelException.of(Kind.INVALID_ENCRYPTED_CONTENT, "cannot be read")
                    .code("invalid_encrypted_content")
                    .build();
        } else if (dice < 5 && has(prompt, Item.Compaction.class)) {
            return ModelException.of(Kind.INVALID_ENCRYPTED_CONTENT, "cannot be read")
                    .build();
        } else if (dice < 7) {
            return ModelException.of(Kind.INVALID_IMAGE, "is no image").build();
        } else if (dice < 10) {
            return ModelException.of(Kind.CONTEXT_LENGTH, "is too long").build();
        }
        return dice < 11 ? ModelException.of(Kind.POLICY, "may not be said").build() : null;
    }

    private static boolean has(Prompt prompt, Class<? extends Item> kind) {
        return prompt.items().stream().anyMatch(kind::isInstance);
    }

    /** The items of a response. */
    private List<Item> items() {
        if (random.nextInt(25) == 0) {
            return new ArrayList<>();
        }
        boolean calls = steps < MOST_STEPS && random.nextInt(100) < 60;
        steps = calls ? steps + 1 : 0;
        return items(calls ? 1 + random.nextInt(4) : 0);
    }

    /** The items of a response with so many calls. */
    List<Item> items(int calls) {
        List<Item> items = new ArrayList<>();
        if (random.nextInt(14) == 0) {
            items.add(sayings.strange(random));
        }
        if (random.nextInt(25) == 0) {
            items.add(sayings.compaction());
        }
        if (random.nextInt(2) == 0) {
            items.add(sayings.reasoning());
        }
        if (random.nextInt(20) == 0) {
            items.add(sayings.refusal(random));
        } else if (calls == 0 || random.nextInt(3) == 0) {
            items.add(sayings.message(random));
        }
        items.addAll(sayings.calls(random, calls));
        if (random.nextInt(30) == 0) {
            items.add(sayings.reasoning());
        }
        return items;
    }

    private Usage usage(Prompt prompt) {
        return switch (random.nextInt(12)) {
            case 0, 1 -> Usage.NONE;
            case 2 -> Usage.reported(7, 1_000_000, 3, 1, 9);
            case 3 ->
                random.nextInt(8) == 0
                        ? Usage.reported(Long.MAX_VALUE - 5, 0, 0, Long.MAX_VALUE - 9, 0)
                        : Usage.reported(1L << 40, -3, -1, 1L << 33, 0);
            case 4 -> new Usage(-40, -2, -3, -9, -1, false);
            default -> Usage.reported(prompt.length() / 4, prompt.length() / 8, 0, 5 + random.nextInt(50), 2);
        };
    }
}
