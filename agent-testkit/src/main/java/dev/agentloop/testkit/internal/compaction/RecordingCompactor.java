package dev.agentloop.testkit.internal.compaction;

import dev.agentloop.Compactor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Does what another compactor does, and keeps what it gave before the loop judges it. */
record RecordingCompactor(Compactor inner, List<Given> given) implements Compactor {

    /** A window, and for what it was given. */
    record Given(Task task, Window window) {}

    RecordingCompactor(Compactor inner) {
        this(inner, new CopyOnWriteArrayList<>());
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return inner.offer(task);
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        Window window = inner.compact(task);
        given.add(new Given(task, window));
        return window;
    }
}
