package dev.agentloop;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that the model may ask the host to do.
 *
 * <p>Implementations are called from many threads at once and by many conversations; {@link #specification},
 * {@link #access} and {@link #afterCrash} are called on the loop's thread and must be quick and without effect. One that takes two
 * seconds is named in the log; where one throws or answers null, the careful answer is taken.
 */
public interface Tool {

    /** What the model is told about this tool. Always the same value: it is sent once and pinned for the conversation. */
    Specification specification();

    /**
     * Does what the call asks for. Called on a thread of the agent's, once for a call, and again only after a crash where
     * {@link #afterCrash} says so.
     *
     * <p>Cancellation interrupts the thread; whoever goes on for more than two seconds after that is abandoned, and its
     * output is dropped. Checking the arguments is the tool's own task.
     *
     * @return what the model reads; null counts as a failure
     * @throws Exception whatever goes wrong, Errors included: the model is told that the tool failed and why, by
     *     {@link ToolFailure}, and the exception is logged
     */
    ToolOutput call(ToolCall call, ToolContext context) throws Exception;

    /**
     * How far this call reaches; decides whether it may run beside others and whether it needs approval.
     *
     * <p>What it throws, and null, counts as {@link Access#UNRESTRICTED}.
     */
    default Access access(ToolCall call) {
        return Access.WRITES;
    }

    /** What is done with a call that was started before a crash and has no output: one that only reads is run again. */
    default AfterCrash afterCrash(ToolCall call) {
        return access(call) == Access.READS ? AfterCrash.RUN_AGAIN : AfterCrash.REPORT;
    }

    /**
     * Whether what this tool changes refuses a lower {@link ToolContext#fencingToken} than it has seen. After a takeover from
     * an owner that may still be running, only the calls of such a tool, and calls that only read, are run again.
     */
    default boolean honoursFencing() {
        return false;
    }

    /**
     * Where this call takes effect, as a person who approves it must know: for a command, the real folder that it runs in. An
     * approval holds for this place only: a call that would take effect elsewhere by the time it starts is not run, and the
     * model is told. Called on the loop's thread, as {@link #access} is, when the question is asked and just before the start.
     *
     * @return empty where there is only one place, or none
     */
    default String place(ToolCall call) {
        return "";
    }

    /**
     * What a person who is asked about this call can allow for the rest of the conversation, in words that they and
     * {@link #allowedBy} understand: "commands that begin with: mvn test". Called on the loop's thread, as {@link #access} is.
     *
     * @return the narrowest rule that is of use; empty where each call is to be asked about
     */
    default Optional<String> rule(ToolCall call) {
        return Optional.empty();
    }

    /**
     * Whether a call that the policy would ask about is allowed by rules that a person gave in this conversation. A rule
     * turns only a question into leave: what the policy refuses stays refused. Called on the loop's thread, as
     * {@link #access} is, and again just before the call starts.
     *
     * <p>What it throws counts as no. Rules are kept in the log, and may be of another version of the tool, made for another
     * workspace, or written by hand: what is not understood, or allows too much, allows nothing.
     *
     * @param rules at least one, as {@link #rule} gave it or a person chose
     */
    default boolean allowedBy(List<String> rules, ToolCall call) {
        return false;
    }

    /** The longest that a call may take; null for the limit of the run, {@link Limits#toolTimeout}. */
    default @Nullable Duration timeout() {
        return null;
    }

    /**
     * Whether the newest call of this tool and its output stay word for word when the prompt is compacted, such as a plan or
     * the handle of something that still runs.
     */
    default boolean keptInCompaction() {
        return false;
    }

    /** The most tokens of text that an output may put into the prompt, at about four bytes a token. */
    default int outputTokens() {
        return 10_000;
    }

    /** How far a call reaches. */
    enum Access {
        /** It only reads, within what the host opened to it. Such calls run side by side. */
        READS,
        /** It changes things, within what the host opened to it. Such a call runs alone. */
        WRITES,
        /** It may do whatever this process may. Such a call runs alone, and needs approval unless access is full. */
        UNRESTRICTED
    }

    /** What is done with a call that was started and whose end nobody saw. */
    enum AfterCrash {
        /** Run it again: doing it twice is the same as doing it once. */
        RUN_AGAIN,
        /** Ask as for an approval: run it again, or tell the model that its result is unknown. */
        ASK,
        /** Tell the model that its result is unknown. */
        REPORT
    }

    /**
     * What the model is told about a tool.
     *
     * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
     * @param description what the tool does and when to use it
     * @param parameters the JSON Schema of the arguments, an object; sent in exactly these characters
     * @param strict whether the server is to hold the model to the schema
     * @param grammar the grammar of a custom tool, or null; with one, the tool is declared as a custom tool where the model
     *     has those, and elsewhere as a function with {@code parameters}
     */
    record Specification(
            String name,
            String description,
            String parameters,
            boolean strict,
            @Nullable Grammar grammar) {

        public Specification {
            if (!name.matches("[a-zA-Z0-9_-]{1,64}")) {
                throw new IllegalArgumentException("a tool's name is 1 to 64 of a-z A-Z 0-9 _ -, but this is \"" + name
                        + "\" (" + name.length() + " characters)");
            }
        }

        /** A function that is not held to its schema by the server. */
        public static Specification function(String name, String description, String parameters) {
            return new Specification(name, description, parameters, false, null);
        }
    }

    /**
     * A grammar that the server holds a custom tool's input to.
     *
     * @param syntax {@code lark} or {@code regex}
     * @param definition the grammar's text
     */
    record Grammar(String syntax, String definition) {}
}
