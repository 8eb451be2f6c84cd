package dev.agentloop.internal.run;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.internal.turn.Ownership;
import dev.agentloop.spi.ConversationStore;
import java.util.UUID;

/**
 * An agent on a store.
 *
 * @param owner its name in logs
 * @param turns which conversations it is changing right now
 */
public record Agent(
        AgentParts parts, HostStore store, String owner, ConversationLocks turns, Ownership ownership) {

    /** The agent of these parts on a store, by an owner of its own. */
    public static Agent on(ConversationStore store, AgentParts parts) {
        HostStore kept = new HostStore(store);
        String process = kept.leases().process();
        String owner = (process.isEmpty() ? "" : process + "/")
                + ProcessHandle.current().pid() + "-" + UUID.randomUUID();
        return new Agent(
                parts, kept, owner, new ConversationLocks(owner), new Ownership(kept, parts.workers(), owner));
    }
}
