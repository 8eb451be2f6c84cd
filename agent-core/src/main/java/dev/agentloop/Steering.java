package dev.agentloop;

import java.util.ArrayList;
import java.util.List;

/** What users say while a run is under way; waits until every call has its output. Thread-safe. */
final class Steering {
    private final List<Item> waiting = new ArrayList<>();
    private boolean closed;

    /** Takes an input in; false if the run does not look any more. */
    synchronized boolean addAll(List<? extends Item> items) {
        return !closed && waiting.addAll(items);
    }

    /** Hands out what waits. */
    synchronized List<Item> take() {
        List<Item> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    /** Lets nothing in any more, unless something waits already. */
    synchronized boolean closeIfEmpty() {
        closed = waiting.isEmpty();
        return closed;
    }

    /** Lets nothing in any more; what still waits is handed out. */
    synchronized List<Item> close() {
        closed = true;
        return take();
    }
}
