package dev.agentloop;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the host's listener, whose failures are its own: logged once for a run, and dropped. */
final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    private final String conversation;
    private final AgentListener listener;
    private boolean failed;

    Events(String conversation, AgentListener listener) {
        this.conversation = conversation;
        this.listener = listener;
    }

    void tell(AgentEvent event) {
        try {
            listener.onEvent(event);
        } catch (RuntimeException e) {
            if (!failed) {
                failed = true;
                LOG.warn(
                        "conversation {}: the listener failed at {}; the run goes on, further failures are not logged",
                        conversation,
                        event.getClass().getSimpleName(),
                        e);
            }
        }
    }

    void warn(String text) {
        LOG.warn("conversation {}: {}", conversation, text);
        tell(new AgentEvent.Warning(text));
    }
}
