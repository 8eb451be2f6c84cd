package dev.agentloop.examples.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.agentloop.AgentEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * How much of what calls print while they run goes into the events: a command can print without end, and its output for the
 * model comes whole or cut in {@code tool_ended}. Used by the thread that runs.
 */
final class JsonProgress {
    /** How many characters of one call are written at the most, with what each event takes itself. */
    static final int MOST = 64 * 1024;

    /** About as long as an event without its text. */
    private static final int EVENT = 64;

    private final Map<String, Call> calls = new HashMap<>();

    /** What one call has printed. */
    private static final class Call {
        private int written;
        private long leftOut;
    }

    /**
     * The part of a text that is still written.
     *
     * @return the text or its beginning; empty where there is no more room, and nothing is to be written
     */
    String take(AgentEvent.ToolProgress event) {
        Call call = calls.computeIfAbsent(event.callId(), id -> new Call());
        String text = event.text();
        int room = Math.max(0, MOST - call.written - EVENT);
        int end = Math.min(room, text.length());
        if (end > 0 && end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        // Once something is left out, all that follows is: a reader has the beginning, not pieces.
        end = call.leftOut > 0 ? 0 : end;
        call.leftOut += text.length() - end;
        call.written += end == 0 ? 0 : end + EVENT;
        return text.substring(0, end);
    }

    /** Whether something of what a call printed was left out so far. */
    boolean isCut(String callId) {
        Call call = calls.get(callId);
        return call != null && call.leftOut > 0;
    }

    /** Writes how much was left out of a call that has ended, if anything was, and forgets the call. */
    void end(String callId, JsonGenerator json) throws IOException {
        Call call = calls.remove(callId);
        if (call != null && call.leftOut > 0) {
            json.writeNumberField("progress_left_out", call.leftOut);
        }
    }
}
