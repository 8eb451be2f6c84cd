package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.internal.ConversationId;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.Steering;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.tool.HostTools;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What others left for the owner of a turn, from any process that has the store: decisions, more input, a cancellation. The
 * owner folds it into the log, and only then removes it. Belongs to the loop's thread, but for the static methods.
 */
public final class Inbox {
    /** What a message says that has all in its id and kind. */
    static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
    private static final String DECISION = "approval.decided";
    private static final String INPUT = "input";
    private static final String CANCEL = "cancel";

    private final Log log;
    private final Events events;
    private final HostTools tools;
    private final Clock clock;
    private final Steering steering;
    private final List<InboxMessage> found = new ArrayList<>();
    // What is on its way into the log, and of that what no entry says yet.
    private final Set<String> handed = new HashSet<>();
    private final List<String> pending = new ArrayList<>();

    /** @param steering takes what is to be said to the model while the run is under way */
    public Inbox(Log log, Events events, HostTools tools, Clock clock, Steering steering) {
        this.log = log;
        this.events = events;
        this.tools = tools;
        this.clock = clock;
        this.steering = steering;
    }

    /** Leaves more input for the turn that is under way; gives the id of the message. */
    public static String input(ConversationStore store, Clock clock, String conversation, List<? extends Item> items) {
        byte[] payload = Json.object(w -> w.raws("items", Entry.json(items)));
        String message = ConversationId.next(clock);
        store.leave(conversation, InboxMessage.of(message, INPUT, payload));
        return message;
    }

    /**
     * Hands input to the first of these runs of one conversation that takes it, once it is durable; where none does any more, it is
     * left for the next.
     *
     * @return false where nothing of the conversation is stored yet, so that there is no inbox, and no run takes it
     */
    public static boolean steer(ConversationStore store, Clock clock, List<RunControl> runs, List<Item> items) {
        String message;
        try {
            message = input(store, clock, runs.get(0).conversation(), items);
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
            return runs.stream().anyMatch(run -> run.steering().addAll(items));
        }
        if (runs.stream().noneMatch(run -> run.steering().offer(message, items))) {
            LOG.info(
                    "conversation {}: a message came as the run ended; the next says it",
                    runs.get(0).conversation());
        }
        return true;
    }

    /** Asks the owner of the turn that is under way to cancel it. */
    public static void cancel(ConversationStore store, Clock clock, String conversation) {
        store.leave(conversation, InboxMessage.of(ConversationId.next(clock), CANCEL, NOTHING));
    }

    /**
     * Leaves a decision about a call of the conversation whose log this is.
     *
     * @param version the version of the call's entry; 0 for whichever call of that id is open
     * @throws IllegalStateException if no such call awaits approval, or it was decided already
     */
    public static void decide(Log log, String callId, long version, Approver.Answer answer) {
        String id = log.id();
        Fold fold = log.fold();
        Call call = fold.open().get(callId);
        if (call == null || !call.undecided() || version != 0 && call.version() != version) {
            throw new IllegalStateException("no call " + callId + " of conversation " + id
                    + " awaits approval; these do: "
                    + fold.open().values().stream()
                            .filter(Call::undecided)
                            .map(open -> open.item().callId())
                            .collect(Collectors.joining(", ", "[", "]")));
        }
        if (!leave(log.store(), id, call, answer)) {
            throw new IllegalStateException("call " + callId + " of conversation " + id
                    + " was decided already, and the first decision holds; run the conversation to go on");
        }
    }

    // False if there is one about this call already.
    private static boolean leave(ConversationStore store, String conversation, Call call, Approver.Answer answer) {
        InboxMessage message = message(call, answer);
        if (store.leave(conversation, message)) {
            return true;
        }
        List<InboxMessage> left = store.inbox(conversation);
        if (left.stream().anyMatch(other -> answer(call, other) != null)) {
            return false;
        }
        // What stands in the way decides nothing: it is about other arguments, or no decision.
        store.removeMessages(conversation, List.of(message.id()));
        return store.leave(conversation, message);
    }

    private static InboxMessage message(Call call, Approver.Answer answer) {
        byte[] payload = Json.object(w -> w.flag("approved", answer.approved())
                .text("reason", answer.reason())
                .text("hash", Call.hash(call.call()))
                .text("rule", answer.rule()));
        return InboxMessage.of(id(call), DECISION, payload);
    }

    // By the call's name in the log: a late decision about a call of old decides nothing about a new one of the same
    // id.
    private static String id(Call call) {
        return DECISION + ":" + call.version();
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
            } else if (!handed.contains(message.id()) && !steering.has(message.id())) {
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

    /** Takes in what was erased elsewhere, if there is any, where no response is under way. */
    public void learnRedactions() {
        Map<String, Long> names = new LinkedHashMap<>();
        for (InboxMessage message : found) {
            long name = Redaction.name(message);
            if (name != 0 && handed.add(message.id())) {
                names.put(message.id(), name);
            }
        }
        if (!names.isEmpty()) {
            new Redaction(log, events).learn(names.values());
            List<String> ids = List.copyOf(names.keySet());
            log.add(Entry.inboxTaken(ids));
            log.then(() -> remove(ids));
            log.commit();
            // The next one of the same name is another one.
            handed.removeAll(ids);
            found.removeIf(message -> ids.contains(message.id()));
        }
    }

    /** Whether a conversation has entries that were erased elsewhere, so that what is known of it may say too much. */
    public static boolean toldOfRedaction(ConversationStore store, String conversation) {
        return store.inbox(conversation).stream().anyMatch(message -> Redaction.name(message) != 0);
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
            Approver.Answer answer = answer(call, message);
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
            if (Redaction.name(message) != 0) {
                continue; // It comes when the turn has begun.
            }
            items(message).forEach(item -> log.add(Entry.item(Entry.ITEM_USER, item)));
            steering.said(message.id());
            pending.add(message.id());
        }
        settle(List.of());
    }

    /**
     * Looks what came in since, hands on what is to be said to the model, and leaves the rest for the next turn.
     *
     * @return whether the run was cancelled from elsewhere
     */
    public boolean look() {
        read();
        boolean cancelled = false;
        for (InboxMessage message : found) {
            List<Item> items = items(message);
            if (message.kind().equals(CANCEL)) {
                cancelled = true;
                handed.add(message.id());
                pending.add(message.id());
            } else if (!items.isEmpty()) {
                steering.offer(message.id(), items);
            }
        }
        return cancelled;
    }

    private static List<Item> items(InboxMessage message) {
        JsonFields fields = message.kind().equals(INPUT) ? fields(message) : null;
        try {
            return fields == null ? List.of() : ItemLine.all(fields.inner("items"));
        } catch (IllegalArgumentException e) {
            LOG.warn("message {} of the inbox has something that is no item, and is passed over", message, e);
            return List.of();
        }
    }

    /** Puts into the log that what these messages and those that were handed on say is in the log, with which they are removed. */
    public void settle(List<String> said) {
        pending.addAll(said);
        if (!pending.isEmpty()) {
            List<String> ids = List.copyOf(pending);
            pending.clear();
            log.add(Entry.inboxTaken(ids));
            log.then(() -> remove(ids));
        }
    }

    /** What a message decides about a call; null if it decides nothing: another call, other arguments, too late. */
    private static Approver.@Nullable Answer answer(Call call, InboxMessage message) {
        boolean late = call.expires() != null && message.at().isAfter(call.expires());
        if (late || !message.kind().equals(DECISION) || !message.id().equals(id(call))) {
            return null;
        }
        JsonFields fields = fields(message);
        String hash = fields == null ? "" : fields.textOrEmpty("hash");
        if (fields == null || !hash.equals(Call.hash(call.call()))) {
            LOG.warn(
                    "a decision about call {} is for other arguments (hash \"{}\"), and decides nothing",
                    call.item().callId(),
                    hash);
            return null;
        }
        return Call.answer(fields);
    }

    /** The fields of a message; null where its payload is no JSON object. */
    private static @Nullable JsonFields fields(InboxMessage message) {
        try {
            return JsonFields.of(message.payload());
        } catch (RuntimeException e) {
            LOG.warn("message {} of the inbox is no JSON object, and is passed over", message, e);
            return null;
        }
    }
}
