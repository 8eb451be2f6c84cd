package dev.agentloop.internal.control;

import dev.agentloop.AgentEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way to a listener that is slower than the run: in order, nothing dropped. If it is full, deltas that stand
 * next to each other and belong to one item become one.
 *
 * <p>Thread-safe: the run's thread puts events in, and the listener's takes them out.
 */
public final class EventBuffer {
    /** How many events wait before deltas are merged, or the run waits. */
    public static final int MOST_EVENTS = 1_024;

    /** How many characters of text they have by then. */
    static final long MOST_CHARACTERS = 1 << 20;

    private static final long SMALL = 64;

    private record Waiting(AgentEvent event, long item, long size) {}

    private final Deque<Waiting> events = new ArrayDeque<>();
    private long size;
    private long item;
    private boolean taken;
    private boolean closed;

    /** From here on deltas belong to another item, or to another try of the response. */
    synchronized void boundary() {
        item++;
    }

    /** Puts an event in if there is room, or can be made by merging deltas. */
    synchronized boolean offer(AgentEvent event) {
        if (full()) {
            merge();
        }
        boolean room = !full();
        if (room) {
            put(event);
        }
        return room;
    }

    /** Puts an event in whether there is room or not. */
    synchronized void put(AgentEvent event) {
        Waiting waiting = new Waiting(event, item, sizeOf(event));
        events.add(waiting);
        size += waiting.size();
        notifyAll();
    }

    private boolean full() {
        return events.size() >= MOST_EVENTS || size >= MOST_CHARACTERS;
    }

    private static long sizeOf(AgentEvent event) {
        if (event instanceof AgentEvent.Delta delta) {
            return delta.text().length();
        }
        if (event instanceof AgentEvent.ToolProgress progress) {
            return SMALL + progress.text().length();
        }
        if (event instanceof AgentEvent.ToolEnded ended) {
            return SMALL + ended.output().text().length();
        }
        return event instanceof AgentEvent.ItemAdded added
                ? SMALL + added.item().bytes().remaining()
                : SMALL;
    }

    private void merge() {
        Deque<Waiting> merged = new ArrayDeque<>();
        StringBuilder text = new StringBuilder();
        @Nullable Waiting first = null;
        for (Iterator<Waiting> all = events.iterator(); all.hasNext(); ) {
            Waiting next = all.next();
            if (first != null && joins(first, next)) {
                text.append(((AgentEvent.Delta) next.event()).text());
                continue;
            }
            flush(first, text, merged);
            first = null;
            if (next.event() instanceof AgentEvent.Delta delta) {
                first = next;
                text.append(delta.text());
            } else {
                merged.add(next);
            }
        }
        flush(first, text, merged);
        events.clear();
        events.addAll(merged);
    }

    private static boolean joins(Waiting first, Waiting next) {
        return next.event() instanceof AgentEvent.Delta delta
                && first.event() instanceof AgentEvent.Delta before
                && before.kind() == delta.kind()
                && first.item() == next.item();
    }

    private static void flush(@Nullable Waiting first, StringBuilder text, Deque<Waiting> merged) {
        if (first != null) {
            AgentEvent.Delta delta = (AgentEvent.Delta) first.event();
            merged.add(new Waiting(new AgentEvent.Delta(delta.kind(), text.toString()), first.item(), text.length()));
            text.setLength(0);
        }
    }

    /** Waits until there may be room. */
    synchronized void awaitRoom() throws InterruptedException {
        while (full()) {
            wait();
        }
    }

    /** Says that no event comes any more. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Hands out all events, one at a time, until the last; never ends before. */
    void drain(Consumer<AgentEvent> listener) {
        while (true) {
            AgentEvent next;
            synchronized (this) {
                taken = false;
                notifyAll();
                while (events.isEmpty() && !closed) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        // A listener that was interrupted late, or the end of the agent: what there is, is delivered.
                    }
                }
                if (events.isEmpty()) {
                    return;
                }
                Waiting waiting = events.remove();
                size -= waiting.size();
                taken = true;
                next = waiting.event();
            }
            listener.accept(next);
        }
    }

    /** Waits until all events were taken and the listener has returned from the last, no longer than until the deadline. */
    synchronized void awaitEmpty(long deadline) throws InterruptedException {
        while (undelivered() > 0) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                return;
            }
            wait(millis);
        }
    }

    /** How many events the listener has not returned from. */
    synchronized int undelivered() {
        return events.size() + (taken ? 1 : 0);
    }
}
