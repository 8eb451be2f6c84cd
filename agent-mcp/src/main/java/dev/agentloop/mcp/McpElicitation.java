package dev.agentloop.mcp;

import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers what a server asks the user while one of its tools runs.
 *
 * <p>Called on a thread of its own, several at once where servers ask at once; may block for as long as the tool's timeout
 * lasts. The thread is interrupted when the server takes its question back or is closed. What it throws is answered as
 * {@link Action#CANCEL}.
 */
@FunctionalInterface
public interface McpElicitation {

    /** The answer to a question. */
    Answer answer(Question question) throws InterruptedException;

    /**
     * What a server asks. The text is the server's own: show who asks, and never let it ask for passwords.
     *
     * @param server the server's name
     * @param message what the user is to read
     * @param schema the JSON Schema of the answer, an object with simple fields; empty where the user is sent to an address
     * @param address where the user is to go instead, or null
     */
    record Question(
            String server,
            String message,
            String schema,
            @Nullable URI address) {}

    /**
     * What the user says.
     *
     * @param action whether there is an answer
     * @param content the fields of the answer: texts, numbers, booleans or lists of texts; fields that are left out get the
     *     defaults of the schema
     */
    record Answer(Action action, Map<String, ?> content) {
        public Answer {
            content = Map.copyOf(content);
        }

        /** An answer. */
        public static Answer accept(Map<String, ?> content) {
            return new Answer(Action.ACCEPT, content);
        }

        /** The user says no. */
        public static Answer decline() {
            return new Answer(Action.DECLINE, Map.of());
        }

        /** The user says nothing. */
        public static Answer cancel() {
            return new Answer(Action.CANCEL, Map.of());
        }
    }

    /** Whether there is an answer. */
    enum Action {
        /** There is. */
        ACCEPT,
        /** The user said no. */
        DECLINE,
        /** The user turned away. */
        CANCEL
    }
}
