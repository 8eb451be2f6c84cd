package dev.agentloop;

import dev.agentloop.spi.ConversationStore;
import java.util.UUID;

/**
 * An agent on a store.
 *
 * @param owner its name in logs
 * @param turns which conversations it is changing right now
 */
record Agent(AgentParts parts, HostStore store, String owner, Turns turns, AbandonedTurns abandoned) {

    /** The agent of these parts on a store, by an owner of its own. */
    static Agent on(ConversationStore store, AgentParts parts) {
        HostStore kept = new HostStore(store);
        String process = kept.leases().process();
        String owner = (process.isEmpty() ? "" : process + "/")
                + ProcessHandle.current().pid() + "-" + UUID.randomUUID();
        return new Agent(parts, kept, owner, new Turns(owner), new AbandonedTurns(kept, parts.workers(), owner));
    }
}
