package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins a turn: brings the log in line with the loop as it is built now, by appending. What was sent is never changed; a
 * request-level change begins an epoch by an entry of its own, everything else is a message.
 */
final class TurnStart {
    private static final Logger LOG = LoggerFactory.getLogger(TurnStart.class);
    private static final String INSTRUCTIONS = "instructions";

    private final RunScope run;

    TurnStart(RunScope run) {
        this.run = run;
    }

    /** Puts the turn's begin into the journal, and whatever has to precede it. */
    void begin() {
        Fold fold = run.fold();
        if (!fold.unknown().isEmpty()) {
            throw new StoreException(
                    StoreException.Kind.UNKNOWN_FORMAT,
                    "conversation " + run.log().id() + " has an entry of kind \"" + fold.unknown()
                            + "\", written by a newer version of this library; update to run it. Nothing was changed");
        }
        run.journal()
                .then(() -> run.events()
                        .tell(new AgentEvent.RunStarted(
                                run.log().id(), run.log().position().version())));
        prepare();
        run.journal().add(Draft.turnBegun(run.config().owner()));
        if (fold.responding()) {
            run.journal()
                    .add(Draft.responseBroken(
                            "the process ended before the response did",
                            Usage.estimate(fold.prompt().length(), 0)));
        }
        if (fold.hasPrompt()) {
            run.journal().commit();
        }
    }

    /** Puts what a new conversation begins with into the journal, and the new epoch of one that was changed. */
    void prepare() {
        if (run.log().position().version() == 0) {
            run.journal()
                    .add(Draft.conversation(
                            run.log().id(), run.config().clock().instant().toString()));
        }
        if (run.fold().open().isEmpty()) {
            beginEpochIfChanged();
        }
        if (!run.fold().hasPrompt()) {
            addContext();
        }
    }

    private void beginEpochIfChanged() {
        Fold fold = run.fold();
        LoopConfig config = run.config();
        if (!fold.hasPrompt()) {
            String head = config.settings(run.log().id())
                    .head(config.toolbox().json(config.model().settings().customTools()));
            run.journal().add(Draft.epoch("conversation_started", head, null));
            return;
        }
        JsonFields pinned = JsonFields.of(fold.prompt().head().getBytes(StandardCharsets.UTF_8));
        String cacheKey = ItemBytes.orEmpty(pinned.text("prompt_cache_key"));
        String now = config.settings(cacheKey).head("");
        String change = requestChange(pinned, JsonFields.of(now.getBytes(StandardCharsets.UTF_8)));
        if (change != null) {
            begin(change, cacheKey);
        } else {
            warnOfTools(pinned);
        }
    }

    private void begin(String reason, String cacheKey) {
        LoopConfig config = run.config();
        String head = config.settings(cacheKey)
                .head(config.toolbox().json(config.model().settings().customTools()));
        run.journal().add(Draft.epoch(reason, head, null));
        run.journal()
                .then(() ->
                        run.events().tell(new AgentEvent.EpochStarted(run.fold().epoch(), reason)));
    }

    // Tools are pinned and instructions are appended, so neither begins an epoch by itself.
    private static @Nullable String requestChange(JsonFields pinned, JsonFields now) {
        return HashChain.firstChange(pinned, now, List.of("tools", "parallel_tool_calls", "instructions"));
    }

    private void warnOfTools(JsonFields pinned) {
        JsonFields.Field tools = pinned.field("tools");
        String declared = tools == null ? "" : pinned.raw(tools);
        String now = run.config().toolbox().json(run.config().model().settings().customTools());
        if (!declared.equals(now)) {
            run.journal()
                    .then(() -> run.events()
                            .warn("the tools differ from those that this conversation was begun with; the model goes on"
                                    + " with the tools it was told of, new ones wait for the next epoch"));
        }
    }

    /** Makes the new context and the input durable, together with what the journal holds already. */
    void input(List<Item> input) {
        if (run.fold().hasPrompt()) {
            addContext();
        }
        input.forEach(item -> run.journal().add(Draft.item(Draft.ITEM_USER, item)));
        run.journal().commit();
        LOG.info(
                "conversation {}: run at version {} with {}, {} steps at most",
                run.log().id(),
                run.log().position().version(),
                run.fold().prompt().model(),
                run.limits().steps() == 0 ? "no limit of" : run.limits().steps());
    }

    private void addContext() {
        addInstructionsIfChanged();
        run.config().context().now().forEach((name, item) -> {
            if (!item.equals(run.fold().section(name))) {
                addSection(name, item);
            }
        });
    }

    private void addInstructionsIfChanged() {
        if (!run.fold().hasPrompt()) {
            return;
        }
        String pinned =
                ItemBytes.orEmpty(JsonFields.of(run.fold().prompt().head().getBytes(StandardCharsets.UTF_8))
                        .text("instructions"));
        String now = ItemBytes.orEmpty(run.config().instructions());
        Item replacement = Item.developer("These instructions replace all that were given before:\n\n" + now);
        Item last = run.fold().section(INSTRUCTIONS);
        boolean changed = last == null ? !pinned.equals(now) : !last.equals(replacement);
        if (changed) {
            addSection(INSTRUCTIONS, replacement);
        }
    }

    private void addSection(String name, Item item) {
        run.journal().add(Draft.item(Draft.ITEM_CONTEXT + name, item));
        run.journal().then(() -> run.events().tell(new AgentEvent.ContextAdded(name, item)));
    }
}
