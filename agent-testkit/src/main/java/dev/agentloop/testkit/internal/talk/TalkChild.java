package dev.agentloop.testkit.internal.talk;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.CrashPoints;
import java.nio.file.Path;

/** Goes on with the talk of a journal, in a process that can be killed around each append. */
public final class TalkChild {
    private TalkChild() {}

    /** Holds a talk's operations, or those up to the kill. */
    public static void hold(ConversationStore store, Path journal, long seed) {
        ConversationStore killed = CrashPoints.ofThisProcess().around(store);
        try (Talk talk = new Talk(killed, seed, Journal.in(journal))) {
            RandomTalk.operations(seed).forEach(talk::hold);
        }
    }
}
