package dev.agentloop.internal.control;

import dev.agentloop.Item;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What users say while a run is under way; waits until every call has its output. Thread-safe. */
public final class Steering {
    private final List<Said> waiting = new ArrayList<>();
    // On its way into the log.
    private final List<Said> handed = new ArrayList<>();
    private boolean begun;
    private boolean closed;

    // The messages of the inbox that are here, or were.
    private final Set<String> messages = new HashSet<>();

    /** An item, and the message of the store's inbox that has it, too, until the log does; null for none. */
    private record Said(Item item, @Nullable String message) {}

    /** What was handed out to be said, and the messages of the inbox that have been said with it. */
    public record Taken(List<Item> items, List<String> messages) {}

    /** Takes an input in; false if the run does not look any more. */
    public synchronized boolean addAll(List<? extends Item> items) {
        return add(items, null);
    }

    /** The run has its turn, and has read the inbox. */
    public synchronized void begin() {
        begun = true;
    }

    /**
     * Takes in what a message of the inbox has, from whichever thread, once: it stays in the inbox until the log has it. A run that
     * waits for its turn takes nothing: somebody else may have said it by then, and what is still in the inbox it reads there. False
     * if the run does not look any more.
     */
    public synchronized boolean offer(String message, List<? extends Item> items) {
        if (messages.contains(message) || !begun && !closed) {
            return true;
        }
        boolean taken = add(items, message);
        if (taken) {
            messages.add(message);
        }
        return taken;
    }

    /** A message of the inbox was said without having been here. */
    public synchronized void said(String message) {
        messages.add(message);
    }

    /** What was said was not made durable after all: messages that are not here can be taken in again. */
    public synchronized void again() {
        messages.removeIf(message -> waiting.stream().noneMatch(said -> message.equals(said.message())));
    }

    /** Whether a message of the inbox is here, or was. */
    public synchronized boolean has(String message) {
        return messages.contains(message);
    }

    private boolean add(List<? extends Item> items, @Nullable String message) {
        if (closed) {
            return false;
        }
        items.forEach(item -> waiting.add(new Said(item, message)));
        return true;
    }

    /** Hands out what waits; {@link #durable} says that the log has it. */
    public synchronized Taken take() {
        List<Item> items = waiting.stream().map(Said::item).toList();
        List<String> said = waiting.stream()
                .map(Said::message)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
        handed.addAll(waiting);
        waiting.clear();
        return new Taken(items, said);
    }

    /** The log has what was handed out. */
    public synchronized void durable() {
        handed.clear();
    }

    /** Whether the run still looks. */
    public synchronized boolean isOpen() {
        return !closed;
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
    public synchronized Taken close() {
        closed = true;
        return take();
    }

    /** Lets nothing in any more; gives what was taken from callers of this process and is not known to be in the log. */
    public synchronized List<Item> unsaid() {
        closed = true;
        List<Said> all = new ArrayList<>(handed);
        all.addAll(waiting);
        return all.stream()
                .filter(said -> said.message() == null)
                .map(Said::item)
                .toList();
    }
}
