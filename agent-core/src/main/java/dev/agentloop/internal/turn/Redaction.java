package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Erasure;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.StoreException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/*
 * The order. First this log says what is erased, with a prompt that goes on without it. Then the other conversations that have
 * the entry are told, and what they made of it is erased: their windows, what they asked. Then the same here, the entry itself
 * last, for what quotes it is found by it. Then the log says that it is done. A crash in between leaves a log that the next
 * turn finishes: all of this can be done again.
 */
/** Erases what has a name in the log, wherever it stands: in the prompt, in the log and its copies, and in those of forks. */
public final class Redaction {
    /** How the kind of a message begins that tells an owner what was erased in its log. */
    static final String MESSAGE = "redacted";

    private final Log log;
    private final Events events;

    public Redaction(Log log, Events events) {
        this.log = log;
        this.events = events;
    }

    /**
     * Erases what has this name.
     *
     * @throws IllegalArgumentException if there is nothing to erase
     */
    public void redact(long version, String reason) {
        finish(log);
        Erasure erasure = Erasure.of(log.store(), log.id(), version);
        removeTaken();
        add(Set.of(version), erasure, reason);
        log.commit();
        finish(log);
        log.commit();
    }

    // A crash may have left messages in the inbox that the log has taken.
    private void removeTaken() {
        Set<String> taken = log.fold().turn().taken();
        List<String> left = log.store().inbox(log.id()).stream()
                .map(InboxMessage::id)
                .filter(taken::contains)
                .toList();
        if (!left.isEmpty()) {
            log.store().removeMessages(log.id(), left);
        }
    }

    private void add(Set<Long> names, Erasure erasure, String reason) {
        Fold fold = log.fold();
        if (!fold.hasNames()) {
            fold.takeNames(Log.foldOfAll(log.store(), log.id(), log.position().version()));
        }
        List<NamedItem> window = fold.named().stream()
                .map(item -> Fold.marked(item, names))
                .filter(Objects::nonNull)
                .toList();
        log.add(Entry.redactedWindow(names, fold.prompt().head(), window));
        Collection<Long> versions = erasure.marks(log.store(), log.id(), true).keySet();
        log.add(Entry.redacted(erasure.name(), versions, reason));
        int epoch = fold.epoch();
        log.then(() -> events.tell(new AgentEvent.EpochStarted(epoch, Entry.REDACTED)));
    }

    /**
     * Takes in what was erased elsewhere in entries that this log shares: the prompt begins again without it, and what this log
     * made of it is erased. A call that was to run is not run any more: nobody knows what it says.
     *
     * @param names of what was erased
     */
    void learn(Collection<Long> names) {
        for (long name : new TreeSet<>(names)) {
            Optional<Erasure> erasure = known(name);
            if (erasure.isPresent()) {
                finish(log);
                add(Set.of(name), erasure.get(), "redacted in a conversation that shares it by a fork");
                for (Call call : List.copyOf(log.fold().open().values())) {
                    if (call.version() == name && call.output() == null) {
                        log.add(Entry.item(
                                Entry.ITEM_OUTPUT_ERROR,
                                ItemMark.output(
                                        call.item().type() + "_output",
                                        call.item().callId())));
                    }
                }
                log.commit();
                finish(log);
                log.commit();
            }
        }
    }

    // Empty where neither the prompt nor the log has anything of it any more.
    private Optional<Erasure> known(long name) {
        Erasure erasure;
        try {
            erasure = Erasure.of(log.store(), log.id(), name);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        boolean there = log.fold().has(name)
                || !erasure.marks(log.store(), log.id(), true).isEmpty();
        return there ? Optional.of(erasure) : Optional.empty();
    }

    /** Erases what the log says is to be erased, and puts into the log that it is. */
    public static void finish(Log log) {
        long name = log.fold().turn().redacted();
        List<Long> old = log.fold().turn().toErase();
        if (name == 0 && !old.isEmpty()) {
            name = Erasure.oldName(log.store(), log.id(), old);
        }
        if (name != 0) {
            erase(log.store(), log.id(), name);
            log.add(Entry.erased());
        }
    }

    private static void erase(HostStore store, String id, long name) {
        Erasure erasure = Erasure.of(store, id, name);
        Set<String> done = new HashSet<>();
        // Asked again until there is none that was forked meanwhile.
        for (Set<String> more = sharing(store, id, name, done);
                !more.isEmpty();
                more = sharing(store, id, name, done)) {
            for (String other : more) {
                if (!other.equals(id)) {
                    tell(store, other, name);
                    erase(store, other, erasure.marks(store, other, false));
                }
            }
            erase(store, id, erasure.marks(store, id, false));
            erase(store, id, erasure.marks(store, id, true));
            done.addAll(more);
        }
    }

    private static Set<String> sharing(HostStore store, String id, long name, Set<String> done) {
        Set<String> sharing = new TreeSet<>(store.sharing(id, name));
        sharing.removeAll(done);
        return sharing;
    }

    private static void tell(HostStore store, String other, long name) {
        try {
            store.leave(other, InboxMessage.of(MESSAGE + ":" + name, MESSAGE, Inbox.NOTHING));
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private static void erase(HostStore store, String id, Map<Long, byte[]> marks) {
        if (marks.isEmpty()) {
            return;
        }
        try {
            store.erase(id, marks);
        } catch (StoreException e) {
            // Another process has one of them open, and finds the message.
            if (e.kind() != StoreException.Kind.LOCKED) {
                throw e;
            }
        }
    }

    /** What a message says was erased; 0 for another message. */
    static long name(InboxMessage message) {
        String version = message.kind().equals(MESSAGE) && message.id().startsWith(MESSAGE + ":")
                ? message.id().substring(MESSAGE.length() + 1)
                : "";
        return version.matches("[0-9]{1,18}") ? Long.parseLong(version) : 0;
    }
}
