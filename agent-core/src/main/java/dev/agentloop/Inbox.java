package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.InboxMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What others left for the owner of a turn, from any process that has the store: decisions, more input, a cancellation. The
 * owner folds it into the log, and only then removes it. Belongs to the loop's thread, but for the static methods.
 */
final class Inbox {
    /** How long a message may lie before a run that is under way sees it. */
    static final Duration INTERVAL = Duration.ofSeconds(2);

    /** What a message says that has all in its id and kind. */
    static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
    private static final String INPUT = "input";
    private static final String CANCEL = "cancel";

    private final RunScope run;
    private final List<InboxMessage> found = new ArrayList<>();
    // What is on its way into the log, and of that what no entry says yet.
    private final Set<String> handed = new HashSet<>();
    private final List<String> pending = new ArrayList<>();

    Inbox(RunScope run) {
        this.run = run;
    }

    /** Leaves more input for the turn that is under way. */
    static void input(LoopConfig config, String conversation, List<? extends Item> items) {
        byte[] payload = Json.object(w -> w.raws("items", Draft.json(items)));
        config.store().leave(conversation, InboxMessage.of(ConversationId.next(config.clock()), INPUT, payload));
    }

    /** Asks the owner of the turn that is under way to cancel it. */
    static void cancel(LoopConfig config, String conversation) {
        config.store().leave(conversation, InboxMessage.of(ConversationId.next(config.clock()), CANCEL, NOTHING));
    }

    /** Reads what was left. */
    void read() {
        found.clear();
        if (run.log().position().version() == 0) {
            return; // Nobody can leave anything for a conversation that there is not yet.
        }
        List<String> leftovers = new ArrayList<>();
        for (InboxMessage message : run.store().inbox(run.log().id())) {
            if (run.fold().turn().taken().contains(message.id())) {
                // A crash came between the entry and the removal.
                leftovers.add(message.id());
            } else if (!handed.contains(message.id())) {
                found.add(message);
            }
        }
        remove(leftovers);
    }

    private void remove(List<String> ids) {
        if (!ids.isEmpty()) {
            run.store().removeMessages(run.log().id(), ids);
        }
    }

    /** Whether something that was left is for the model. */
    boolean saysSomething() {
        return found.stream().anyMatch(message -> !items(message).isEmpty());
    }

    /** What was decided about the calls that await a decision, those included whose time is up. */
    Map<OpenCall, Approver.Answer> decisions() {
        Map<OpenCall, Approver.Answer> decisions = new LinkedHashMap<>();
        for (OpenCall call : run.fold().open().values()) {
            Approver.Answer answer = call.undecided() ? decision(call) : null;
            if (answer != null) {
                decisions.put(call, answer);
            }
        }
        return decisions;
    }

    private Approver.@Nullable Answer decision(OpenCall call) {
        for (InboxMessage message : found) {
            Approver.Answer answer = Decision.answer(call, message);
            if (answer != null) {
                return answer;
            }
        }
        Instant expiry = call.expires();
        return expiry != null && run.config().clock().instant().isAfter(expiry)
                ? Approver.Answer.deny("nobody decided about it until " + expiry + ", when the question expired")
                : null;
    }

    /** Puts what was read into the journal, as a turn begins; a cancellation was for the turn before. */
    void fold() {
        HostTools tools = new HostTools(run);
        decisions().forEach((call, given) -> {
            String id = call.item().callId();
            Approver.Answer answer = tools.withoutForeignRule(call.call(), given);
            run.journal().add(Draft.approvalDecided(call, answer));
            run.journal().then(() -> run.events().tell(new AgentEvent.ApprovalDecided(id, answer)));
        });
        for (InboxMessage message : found) {
            items(message).forEach(item -> run.journal().add(Draft.item(Draft.ITEM_USER, item)));
            handed.add(message.id());
            pending.add(message.id());
        }
        settle();
    }

    /**
     * Looks what came in since, hands on what is to be said to the model, and leaves the rest for the next turn.
     *
     * @return whether the run was cancelled from elsewhere
     */
    boolean look(Steering steering) {
        read();
        boolean cancelled = false;
        for (InboxMessage message : found) {
            boolean cancel = message.kind().equals(CANCEL);
            List<Item> items = items(message);
            if (cancel || !items.isEmpty() && steering.addFromInbox(items)) {
                cancelled |= cancel;
                handed.add(message.id());
                pending.add(message.id());
            }
        }
        return cancelled;
    }

    private static List<Item> items(InboxMessage message) {
        JsonFields fields = message.kind().equals(INPUT) ? Decision.fields(message) : null;
        JsonFields items = fields == null ? null : fields.inner("items");
        if (items == null) {
            return List.of();
        }
        try {
            return items.all().stream()
                    .map(place -> Item.of(items.bytes(place)))
                    .toList();
        } catch (IllegalArgumentException e) {
            LOG.warn("message {} of the inbox has something that is no item, and is passed over", message, e);
            return List.of();
        }
    }

    /** Puts into the journal that what was handed on is in the log, with which it is removed here. */
    void settle() {
        if (!pending.isEmpty()) {
            List<String> ids = List.copyOf(pending);
            pending.clear();
            run.journal().add(Draft.inboxTaken(ids));
            run.journal().then(() -> remove(ids));
        }
    }
}
