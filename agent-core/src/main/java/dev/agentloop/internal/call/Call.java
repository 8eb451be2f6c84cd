package dev.agentloop.internal.call;

import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.Sha256;
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A call of the newest response, until its output is in the prompt: what the log says of it, and how far the run that is under
 * way has brought it. Not thread-safe.
 */
public final class Call {
    private Item.Call item;
    private final long version;
    private State state = State.RECEIVED;
    private @Nullable Tool tool;
    private Tool.Access access = Tool.Access.UNRESTRICTED;
    private Leave leave = Leave.POLICY;
    private boolean started;
    private boolean forked;
    private boolean asked;
    private boolean approved;
    private String question = "";
    private String place = "";
    private String rule = "";
    private @Nullable Instant expires;
    private Approver.@Nullable Answer answer;
    private @Nullable NamedItem output;

    /** How far it is. */
    public enum State {
        /** It came in, and is to be judged, or refused. */
        RECEIVED,
        /** It waits, neither started nor answered: what a person is asked about before it must stay as it is. */
        HELD,
        /** A person is to decide about it. */
        ASKED,
        /** It may start as soon as what is at work lets it. */
        APPROVED,
        /** The log has its start, and its tool is at work once that is durable. */
        RUNNING,
        /** Its output is there. */
        ANSWERED
    }

    /** Who lets it run. */
    public enum Leave {
        POLICY,
        /** A rule that a person has given with the approval of another call. */
        RULE,
        /** A person, who was asked about this very call. */
        PERSON
    }

    /** A call, and the version of its entry, which is its name. */
    public Call(Item.Call item, long version) {
        this.item = item;
        this.version = version;
    }

    /** Reads what {@link #write} wrote. */
    public static @Nullable Call read(JsonFields state, ItemTable items) {
        NamedItem item = items.at(state, "item");
        if (item == null || !(item.item() instanceof Item.Call called)) {
            return null;
        }
        Call call = new Call(called, state.number("version", 0));
        call.started = state.flag("started", false);
        call.forked = state.flag("forked", false);
        call.approved = state.flag("was_approved", false);
        if (state.flag("asked", false)) {
            call.ask(state);
        }
        call.place = state.textOrEmpty("place");
        if (state.has("approved")) {
            call.answer = answer(state);
        }
        NamedItem output = items.at(state, "output");
        if (output != null) {
            call.output(output); // Whatever was asked before: nobody is to answer that any more.
        }
        return call;
    }

    /** Writes all that is known of the call. */
    public void write(Json.Writer out, ItemTable items) throws IOException {
        out.number("item", items.place(named())).number("version", version);
        out.flag("started", started).flag("forked", forked).flag("asked", asked);
        Instant expiry = expires;
        out.text("question", question).number("expires_at", expiry == null ? 0 : expiry.toEpochMilli());
        out.text("place", place).text("rule", rule);
        Approver.Answer decided = answer;
        if (approved) {
            out.flag("was_approved", true);
        }
        if (decided != null) {
            out.flag("approved", decided.approved()).text("reason", decided.reason());
        }
        if (output != null) {
            out.number("output", items.place(output));
        }
    }

    /** Has marks in the place of what was erased: the call itself and what was asked about it, or its output. */
    void redacted(Set<Long> versions) {
        if (versions.contains(version)) {
            item = (Item.Call) Objects.requireNonNull(ItemMark.of(item));
            question = question.isEmpty() ? "" : ItemMark.TEXT;
            place = "";
            rule = "";
            answer = answer == null ? null : new Approver.Answer(answer.approved(), "", "");
        }
        output = output == null ? null : output.redacted(versions);
    }

    NamedItem named() {
        return new NamedItem(item, version);
    }

    public Item.Call item() {
        return item;
    }

    public ToolCall call() {
        return ToolCall.of(item);
    }

    /** The version of its entry: its name in the log. */
    public long version() {
        return version;
    }

    public State state() {
        return state;
    }

    /** A run takes it up: whatever the one before has made of it, it is judged again. */
    public void takeUp() {
        state = State.RECEIVED;
        tool = null;
        access = Tool.Access.UNRESTRICTED;
        leave = Leave.POLICY;
    }

    /** What it was held for is over; whoever let it run still does. */
    public void release() {
        state = State.RECEIVED;
    }

    /** It is a call of this tool, and reaches so far. */
    public void judged(Tool of, Tool.Access reach) {
        tool = of;
        access = reach;
    }

    /** The tool that it was last judged with. */
    public Tool tool() {
        return Objects.requireNonNull(tool, "a call is judged before anything else");
    }

    public Tool.Access access() {
        return access;
    }

    /** Whether it may run beside others. */
    public boolean onlyReads() {
        return access == Tool.Access.READS;
    }

    public void leaveBy(Leave who) {
        leave = who;
    }

    public boolean hasLeaveOf(Leave who) {
        return leave == who;
    }

    public void hold() {
        state = State.HELD;
    }

    public void approve() {
        state = State.APPROVED;
    }

    /** Its name for those outside of the log. */
    public String key(String tenant, String conversation) {
        return (tenant.isEmpty() ? "" : tenant + "/") + conversation + "/" + version;
    }

    /** Whether the log says that its tool was started. */
    public boolean started() {
        return started;
    }

    /** Whether it belongs to the conversation that this one was forked from, so that it must not run here. */
    public boolean forked() {
        return forked;
    }

    /** Whether somebody has approved this very call, also where its tool was started since. */
    public boolean approved() {
        return approved;
    }

    /** The decision about it, or null; none is left once its tool was started. */
    public Approver.@Nullable Answer answer() {
        return answer;
    }

    /** Its output, durable and waiting for its place in the prompt; null where there is none. */
    public @Nullable NamedItem output() {
        return output;
    }

    /** Whether it waits for a decision that has not come. */
    public boolean undecided() {
        return asked && answer == null;
    }

    public void ask(JsonFields entry) {
        asked = true;
        state = State.ASKED;
        question = entry.textOrEmpty("question");
        place = entry.textOrEmpty("place");
        rule = entry.textOrEmpty("rule");
        long at = entry.number("expires_at", 0);
        expires = at == 0 ? null : Instant.ofEpochMilli(at);
    }

    /** When the question about it expires; null if never, or once its tool was started. */
    public @Nullable Instant expires() {
        return expires;
    }

    /** The question about it. */
    public Outcome.Pending pending() {
        return new Outcome.Pending(
                item.callId(), version, item.name(), item.arguments(), question, expires, place, rule);
    }

    /** Where it takes effect, as the question about it said; empty where that said nothing, or there was none. */
    public String place() {
        return place;
    }

    public void start() {
        started = true;
        state = State.RUNNING;
        asked = false;
        question = "";
        rule = "";
        expires = null;
        answer = null;
    }

    public void fork() {
        forked = true;
    }

    // A decision is bound to the exact arguments that were asked about: one about others decides nothing.
    public boolean decide(String argumentsHash, Approver.Answer decision) {
        boolean decided = answer == null && argumentsHash.equals(hash(call()));
        if (decided) {
            answer = decision;
            approved |= decision.approved();
            state = decision.approved() ? State.APPROVED : State.RECEIVED;
        }
        return decided;
    }

    public void output(NamedItem item) {
        output = item;
        state = State.ANSWERED;
    }

    /** The answer that the fields of a decision tell of, in a message or in the log. */
    public static Approver.Answer answer(JsonFields fields) {
        boolean approved = fields.flag("approved", false);
        return new Approver.Answer(approved, fields.textOrEmpty("reason"), approved ? fields.textOrEmpty("rule") : "");
    }

    /** A digest of a call's name and exact arguments. */
    public static String hash(ToolCall call) {
        return HexFormat.of()
                .formatHex(Sha256.of(
                        call.name().getBytes(StandardCharsets.UTF_8),
                        new byte[1],
                        call.arguments().getBytes(StandardCharsets.UTF_8)));
    }
}
