package dev.agentloop.internal.control;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentListener;
import dev.agentloop.RunOptions;
import dev.agentloop.RunOptions.Delivery;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the host's listener, whose failures are its own: logged once for a run, and dropped. A listener is told on a thread
 * of its own, through a buffer, unless the host wants it to be told on the run's.
 */
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    private final RunControl control;
    private final AgentListener listener;
    private final boolean direct;
    private final EventBuffer buffer = new EventBuffer();
    private Work delivery = new Work("", unwanted -> {});
    private boolean begun;
    private boolean failed;

    public Events(RunControl control, RunOptions options) {
        this.control = control;
        this.listener = options.listener();
        // Nobody listens: then no thread is needed for it.
        this.direct = options.delivery() == Delivery.DIRECT || listener == AgentListener.NONE;
    }

    /** Makes the listener's thread, where it needs one; {@code IllegalStateException} if there is none. */
    public void begin(Workers workers) {
        if (!direct) {
            delivery = new Work(
                    "agentloop listener of " + control.conversation(), unwanted -> buffer.drain(this::deliver));
            workers.execute(delivery);
            begun = true;
        }
    }

    /** Whether anybody listens; on any thread. */
    public boolean heard() {
        return listener != AgentListener.NONE;
    }

    /** Tells one event; waits while the buffer is full, and no longer than until the run is to end. */
    public void tell(AgentEvent event) {
        if (!heard()) {
            return;
        }
        if (direct) {
            tellHere(event);
        } else if (!buffer.offer(event)) {
            if (!control.isOver()) {
                awaitRoom();
            }
            buffer.put(event);
        }
    }

    private void tellHere(AgentEvent event) {
        control.answer(
                "the listener, told of " + event.getClass().getSimpleName() + ",",
                () -> {
                    listener.onEvent(event);
                    return true;
                },
                failure -> failed(event, failure));
    }

    private void awaitRoom() {
        try {
            control.await("the listener's buffer", buffer::awaitRoom);
        } catch (RunEnd over) {
            // The run notices by itself; this event still belongs to it, and is told.
            LOG.debug("conversation {}: the listener's buffer is full as the run ends", control.conversation());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deliver(AgentEvent event) {
        try {
            listener.onEvent(event);
        } catch (Throwable e) {
            // The host's code throws whatever it likes.
            failed(event, e);
        }
    }

    private boolean failed(AgentEvent event, Throwable failure) {
        if (!failed) {
            failed = true;
            LOG.warn(
                    "conversation {}: the listener failed at {}; the run goes on, further failures are not logged",
                    control.conversation(),
                    event.getClass().getSimpleName(),
                    failure);
        }
        return true;
    }

    /** From here on deltas belong to another item, or to another try of the response. */
    public void boundary() {
        buffer.boundary();
    }

    public void warn(String text) {
        LOG.warn("conversation {}: {}", control.conversation(), text);
        tell(new AgentEvent.Warning(text));
    }

    /** Waits until the listener has had the last event, no longer than until the deadline; what is late comes later. */
    public void end(long deadline) {
        if (!begun) {
            return;
        }
        buffer.close();
        // The caller's interrupt has ended the run; how it ended is told all the same.
        boolean interrupted = Thread.interrupted();
        try {
            buffer.awaitEmpty(deadline);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        int late = buffer.undelivered();
        if (late > 0) {
            LOG.warn(
                    "conversation {}: the run has ended, and its listener has not taken {} of its events yet; run()"
                            + " returns without it, and they are delivered when it goes on",
                    control.conversation(),
                    late);
            control.leave(delivery, false);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
