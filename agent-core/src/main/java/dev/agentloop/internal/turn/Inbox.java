package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.internal.ConversationId;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.Steering;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.tool.HostTools;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
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
public final class Inbox {
    /** How long a message may lie before a run that is under way sees it. */
    public static final Duration INTERVAL = Duration.ofSeconds(2);

    /** What a message says that has all in its id and kind. */
    static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
    private static final String INPUT = "input";
    private static final String CANCEL = "cancel";

    private final Log log;
    private final Events events;
    private final HostTools tools;
    private final Clock clock;
    private final List<InboxMessage> found = new ArrayList<>();
    // What is on its way into the log, and of that what no entry says yet.
    private final Set<String> handed = new HashSet<>();
    private final List<String> pending = new ArrayList<>();

    public Inbox(Log log, Events events, HostTools tools, Clock clock) {
        this.log = log;
        this.events = events;
        this.tools = tools;
        this.clock = clock;
    }

    /** Leaves more input for the turn that is under way. */
    public static void input(ConversationStore store, Clock clock, String conversation, List<? extends Item> items) {
        byte[] payload = Json.object(w -> w.raws("items", Entry.json(items)));
        store.leave(conversation, InboxMessage.of(ConversationId.next(clock), INPUT, payload));
    }

    /** Asks the owner of the turn that is under way to cancel it. */
    public static void cancel(ConversationStore store, Clock clock, String conversation) {
        store.leave(conversation, InboxMessage.of(ConversationId.next(clock), CANCEL, NOTHING));
    }

    /** Reads what was left. */
    public void read() {
        found.clear();
        if (log.position().version() == 0) {
            return; // Nobody can leave anything for a conversation that there is not yet.
        }
        List<String> leftovers = new ArrayList<>();
        for (InboxMessage message : log.store().inbox(log.id())) {
            if (log.fold().turn().taken().contains(message.id())) {
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
            log.store().removeMessages(log.id(), ids);
        }
    }

    /** Whether something that was left is for the model. */
    public boolean saysSomething() {
        return found.stream().anyMatch(message -> !items(message).isEmpty());
    }

    /** What was decided about the calls that await a decision, those included whose time is up. */
    public Map<Call, Approver.Answer> decisions() {
        Map<Call, Approver.Answer> decisions = new LinkedHashMap<>();
        for (Call call : log.fold().open().values()) {
            Approver.Answer answer = call.undecided() ? decision(call) : null;
            if (answer != null) {
                decisions.put(call, answer);
            }
        }
        return decisions;
    }

    private Approver.@Nullable Answer decision(Call call) {
        for (InboxMessage message : found) {
            Approver.Answer answer = DecisionMessage.answer(call, message);
            if (answer != null) {
                return answer;
            }
        }
        Instant expiry = call.expires();
        return expiry != null && clock.instant().isAfter(expiry)
                ? Approver.Answer.deny("nobody decided about it until " + expiry + ", when the question expired")
                : null;
    }

    /** Puts what was read into the log, as a turn begins; a cancellation was for the turn before. */
    void fold() {
        decisions().forEach((call, given) -> {
            String id = call.item().callId();
            Approver.Answer answer = tools.withoutForeignRule(call.call(), given);
            log.add(Entry.approvalDecided(call, answer));
            log.then(() -> events.tell(new AgentEvent.ApprovalDecided(id, answer)));
        });
        for (InboxMessage message : found) {
            items(message).forEach(item -> log.add(Entry.item(Entry.ITEM_USER, item)));
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
    public boolean look(Steering steering) {
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
        JsonFields fields = message.kind().equals(INPUT) ? DecisionMessage.fields(message) : null;
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

    /** Puts into the log that what was handed on is in the log, with which it is removed here. */
    public void settle() {
        if (!pending.isEmpty()) {
            List<String> ids = List.copyOf(pending);
            pending.clear();
            log.add(Entry.inboxTaken(ids));
            log.then(() -> remove(ids));
        }
    }
}
