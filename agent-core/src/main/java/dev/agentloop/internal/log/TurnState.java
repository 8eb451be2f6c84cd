package dev.agentloop.internal.log;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemTable;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the fold knows of the newest turn and its owner, and of what the owner still has to do. Not thread-safe. */
public final class TurnState {
    private static final String OWNER = "owner";
    private static final String ALLOWED = "allowed_tools";
    private static final String VERSIONS = "versions";
    private static final String ITEM = "item";

    private boolean ended = true;
    private long begun;
    private String owner = "";
    private String takenFrom = "";
    private @Nullable Set<String> allowed;
    private Set<String> taken = Set.of();
    private List<Long> toErase = List.of();
    private boolean asking;
    private long partial;
    private long redacted;

    /** Every entry names the turn that it belongs to. */
    void entry(long turn) {
        begun = turn;
    }

    void begun(JsonFields entry) {
        takenFrom = ended ? "" : owner;
        owner = entry.textOrEmpty(OWNER);
        ended = false;
        allowed = allowed(entry);
    }

    private static @Nullable Set<String> allowed(JsonFields entry) {
        return entry.has(ALLOWED) ? Set.copyOf(entry.texts(ALLOWED)) : null;
    }

    void ended() {
        ended = true;
        allowed = null;
    }

    /**
     * The turn that is open is that of the conversation which this one was forked from: nobody is at work on it here.
     *
     * @param answering whether the model was just answering
     */
    void forked(boolean answering) {
        owner = "";
        allowed = null;
        responseEnded(answering);
    }

    /** Whether the loop asks the model next. */
    void asks(boolean next) {
        asking = next;
    }

    void responseEnded(boolean asksAgain) {
        asking = asksAgain;
        partial = 0;
    }

    void partial(long version) {
        partial = partial == 0 ? version : partial;
    }

    void taken(JsonFields entry) {
        taken = Set.copyOf(entry.texts("ids"));
    }

    void redacted(JsonFields entry) {
        toErase = ItemTable.numbers(entry, VERSIONS);
        redacted = entry.number(ITEM, 0);
    }

    void erased() {
        toErase = List.of();
        redacted = 0;
    }

    /** Whether the model was not answered yet, or was answered with nothing; where calls have their outputs, it is asked then. */
    public boolean asking() {
        return asking;
    }

    /** The version of the first entry that has something of the answer which is not over; 0 where none has. */
    public long partial() {
        return partial;
    }

    /** The version of the entry that began the turn which is under way; 0 between turns. */
    public long underWay() {
        return ended ? 0 : begun;
    }

    /** Who began the newest turn; empty in a fork. */
    public String owner() {
        return owner;
    }

    /** The process in the name of an owner; empty where its store knows none. */
    public static String process(String owner) {
        int end = owner.indexOf('/');
        return end < 0 ? "" : owner.substring(0, end);
    }

    /** Whose turn was open when the newest one began; empty where none was. */
    public String takenFrom() {
        return takenFrom;
    }

    /** The names of the tools that the turn under way may call; null for all. */
    public @Nullable Set<String> allowed() {
        return allowed;
    }

    /** The ids of the messages that were taken from the inbox last. */
    public Set<String> taken() {
        return taken;
    }

    /** The entries of this log that are to be erased, and may not be yet. */
    public List<Long> toErase() {
        return toErase;
    }

    /** The name of what is to be erased wherever it stands, and may not be yet; 0 for nothing. */
    public long redacted() {
        return redacted;
    }

    void write(Json.Writer out) throws IOException {
        out.flag("asking", asking).number("partial", partial);
        out.flag("ended", ended).text(OWNER, owner).text("taken_from", takenFrom);
        out.texts("ids", new TreeSet<>(taken))
                .raws(VERSIONS, toErase.stream().map(String::valueOf).toList())
                .number(ITEM, redacted);
        Set<String> names = allowed;
        if (names != null) {
            out.texts(ALLOWED, new TreeSet<>(names));
        }
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state) {
        asking = state.flag("asking", false);
        partial = state.number("partial", 0);
        ended = state.flag("ended", true);
        owner = state.textOrEmpty(OWNER);
        takenFrom = state.textOrEmpty("taken_from");
        allowed = allowed(state);
        taken(state);
        redacted(state);
    }
}
