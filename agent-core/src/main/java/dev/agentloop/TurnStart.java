package dev.agentloop;

import dev.agentloop.spi.StoreException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins a turn: brings the log in line with the loop as it is built now, by appending. What was sent is never changed; a
 * request-level change begins an epoch by an entry of its own, everything else is a message.
 */
final class TurnStart {
    private static final Logger LOG = LoggerFactory.getLogger(TurnStart.class);

    private final RunScope run;
    private final EpochStart epoch;
    private final ContextChanges context;

    /** The beginning of a turn, or of what else changes the log between turns. */
    TurnStart(RunScope run) {
        this.run = run;
        this.epoch = new EpochStart(run);
        this.context = new ContextChanges(run);
    }

    /** Puts the turn's begin into the journal, whatever has to precede it, and what the inbox has. */
    void begin(Inbox inbox) {
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
        run.journal()
                .add(Draft.turnBegun(
                        run.config().owner(),
                        run.options().allowedTools(),
                        run.config().clock().instant()));
        if (fold.responding()) {
            run.journal()
                    .add(Draft.responseBroken(
                            "the process ended before the response did",
                            Usage.estimate(fold.prompt().length(), 0)));
        }
        if (fold.hasPrompt()) {
            inbox.fold();
            Redaction.finish(run);
            run.journal().commit();
            tellOfTakeover(fold);
        }
    }

    private void tellOfTakeover(Fold fold) {
        if (!fold.turn().takenFrom().isEmpty()
                && !fold.turn().takenFrom().equals(fold.turn().owner())) {
            LOG.warn(
                    "conversation {}: turn taken over at version {} from {}, which did not end it",
                    run.log().id(),
                    fold.turn().underWay(),
                    fold.turn().takenFrom());
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
            epoch.beginIfChanged();
        }
        if (!run.fold().hasPrompt()) {
            context.first();
        }
    }

    /** Puts an epoch with the tools as they are now into the journal; nothing where none were declared yet. */
    void repinTools() {
        if (!run.fold().open().isEmpty()) {
            throw new IllegalStateException("the calls " + run.fold().open().keySet()
                    + " have no output yet; run the conversation to its end, then pin the tools again");
        }
        if (run.fold().hasPrompt()) {
            epoch.repinTools();
        }
    }

    /** Makes the new context and the input durable, together with what the journal holds already. */
    void input(List<Item> input) {
        if (run.fold().hasPrompt()) {
            context.since();
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
}
