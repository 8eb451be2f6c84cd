package dev.agentloop.internal.control;

import dev.agentloop.Item;
import java.util.ArrayList;
import java.util.List;

/** What users say while a run is under way; waits until every call has its output. Thread-safe. */
public final class Steering {
    private final List<Said> waiting = new ArrayList<>();
    // On its way into the log.
    private final List<Said> handed = new ArrayList<>();
    private boolean closed;

    /** An item, and whether the store's inbox has it too until the log does. */
    private record Said(Item item, boolean inInbox) {}

    /** Takes an input in; false if the run does not look any more. */
    public synchronized boolean addAll(List<? extends Item> items) {
        return add(items, false);
    }

    /** Takes in what the inbox has, and keeps until the log has it. */
    public synchronized boolean addFromInbox(List<? extends Item> items) {
        return add(items, true);
    }

    private boolean add(List<? extends Item> items, boolean inInbox) {
        if (closed) {
            return false;
        }
        items.forEach(item -> waiting.add(new Said(item, inInbox)));
        return true;
    }

    /** Hands out what waits; {@link #durable} says that the log has it. */
    public synchronized List<Item> take() {
        List<Item> taken = waiting.stream().map(Said::item).toList();
        handed.addAll(waiting);
        waiting.clear();
        return taken;
    }

    /** The log has what was handed out. */
    public synchronized void durable() {
        handed.clear();
    }

    public synchronized boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Lets nothing in any more, unless something waits already. */
    public synchronized boolean closeIfEmpty() {
        closed = waiting.isEmpty();
        return closed;
    }

    /** Lets nothing in any more; what still waits is handed out. */
    public synchronized List<Item> close() {
        closed = true;
        return take();
    }

    /** Lets nothing in any more; gives what was taken from callers of this process and is not known to be in the log. */
    public synchronized List<Item> unsaid() {
        closed = true;
        List<Said> all = new ArrayList<>(handed);
        all.addAll(waiting);
        return all.stream().filter(said -> !said.inInbox()).map(Said::item).toList();
    }
}
