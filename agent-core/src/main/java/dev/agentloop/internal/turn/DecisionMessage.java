package dev.agentloop.internal.turn;

import dev.agentloop.Approver;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The message of the inbox that decides about a call. It may come from other hands than this library's. */
public final class DecisionMessage {
    static final String KIND = "approval.decided";

    private static final Logger LOG = LoggerFactory.getLogger(DecisionMessage.class);

    private DecisionMessage() {}

    /**
     * Leaves a decision about a call of a conversation.
     *
     * @param version the version of the call's entry; 0 for whichever call of that id is open
     * @throws IllegalStateException if no such call awaits approval, or it was decided already
     */
    public static void leave(HostStore store, String id, String callId, long version, Approver.Answer answer) {
        Fold fold = Log.load(store, id).fold();
        Call call = fold.open().get(callId);
        if (call == null || !call.undecided() || version != 0 && call.version() != version) {
            throw new IllegalStateException("no call " + callId + " of conversation " + id
                    + " awaits approval; these do: "
                    + fold.open().values().stream()
                            .filter(Call::undecided)
                            .map(open -> open.item().callId())
                            .collect(Collectors.joining(", ", "[", "]")));
        }
        if (!leave(store, id, call, answer)) {
            throw new IllegalStateException("call " + callId + " of conversation " + id
                    + " was decided already, and the first decision holds; run the conversation to go on");
        }
    }

    /** Leaves a decision; false if there is one about this call already. */
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
        return InboxMessage.of(id(call), KIND, payload);
    }

    // By the call's name in the log: a late decision about a call of old decides nothing about a new one of the same
    // id.
    private static String id(Call call) {
        return KIND + ":" + call.version();
    }

    /** What a message decides about a call; null if it decides nothing: another call, other arguments, too late. */
    static Approver.@Nullable Answer answer(Call call, InboxMessage message) {
        boolean late = call.expires() != null && message.at().isAfter(call.expires());
        if (late || !message.kind().equals(KIND) || !message.id().equals(id(call))) {
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
    static @Nullable JsonFields fields(InboxMessage message) {
        try {
            return JsonFields.of(message.payload());
        } catch (RuntimeException e) {
            LOG.warn("message {} of the inbox is no JSON object, and is passed over", message, e);
            return null;
        }
    }
}
