package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A call of the newest response, as far as the log tells: until its output is in the prompt. Not thread-safe. */
final class OpenCall {
    private final Item.Call item;
    private final long version;
    private boolean started;
    private boolean forked;
    private boolean asked;
    private boolean approved;
    private String question = "";
    private String place = "";
    private String rule = "";
    private @Nullable Instant expires;
    private Approver.@Nullable Answer answer;
    private @Nullable Item output;

    /** A call, and the version of its entry, which is its name. */
    OpenCall(Item.Call item, long version) {
        this.item = item;
        this.version = version;
    }

    /** Reads what {@link #write} wrote. */
    static OpenCall read(JsonFields state) {
        OpenCall call = new OpenCall((Item.Call) item(state, "item"), state.number("version", 0));
        call.started = state.flag("started", false);
        call.forked = state.flag("forked", false);
        call.approved = state.flag("was_approved", false);
        if (state.flag("asked", false)) {
            call.ask(state);
        }
        call.place = ItemBytes.orEmpty(state.text("place"));
        if (state.has("approved")) {
            call.answer = Decision.answer(state);
        }
        call.output = state.has("output") ? item(state, "output") : null;
        return call;
    }

    private static Item item(JsonFields state, String name) {
        JsonFields.Field field = Objects.requireNonNull(state.field(name), name);
        return Item.of(state.bytes(field));
    }

    /** Writes all that is known of the call. */
    void write(Json.Writer out) throws IOException {
        out.raw("item", item.json()).number("version", version);
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
        Item given = output;
        if (given != null) {
            out.raw("output", given.json());
        }
    }

    Item.Call item() {
        return item;
    }

    ToolCall call() {
        return ToolCall.of(item);
    }

    /** The version of its entry: its name in the log. */
    long version() {
        return version;
    }

    /** Whether the log says that its tool was started. */
    boolean started() {
        return started;
    }

    /** Whether it belongs to the conversation that this one was forked from, so that it must not run here. */
    boolean forked() {
        return forked;
    }

    /** Whether somebody has approved this very call, also where its tool was started since. */
    boolean approved() {
        return approved;
    }

    /** The decision about it, or null; none is left once its tool was started. */
    Approver.@Nullable Answer answer() {
        return answer;
    }

    /** Its output, durable and waiting for its place in the prompt; null where there is none. */
    @Nullable
    Item output() {
        return output;
    }

    /** Whether it waits for a decision that has not come. */
    boolean undecided() {
        return asked && answer == null;
    }

    void ask(JsonFields entry) {
        asked = true;
        question = ItemBytes.orEmpty(entry.text("question"));
        place = ItemBytes.orEmpty(entry.text("place"));
        rule = ItemBytes.orEmpty(entry.text("rule"));
        long at = entry.number("expires_at", 0);
        expires = at == 0 ? null : Instant.ofEpochMilli(at);
    }

    /** When the question about it expires; null if never. */
    @Nullable
    Instant expires() {
        return expires;
    }

    /** The question about it. */
    Outcome.Pending pending() {
        return new Outcome.Pending(
                item.callId(), version, item.name(), item.arguments(), question, expires, place, rule);
    }

    /** Where it takes effect, as the question about it said; empty where that said nothing, or there was none. */
    String place() {
        return place;
    }

    /** The question about it says so. */
    void askedFor(String where) {
        place = where;
    }

    void start() {
        started = true;
        asked = false;
        answer = null;
    }

    void fork() {
        forked = true;
    }

    // A decision is bound to the exact arguments that were asked about: one about others decides nothing.
    boolean decide(String argumentsHash, Approver.Answer decision) {
        boolean decided = answer == null && argumentsHash.equals(hash(call()));
        if (decided) {
            answer = decision;
            approved |= decision.approved();
        }
        return decided;
    }

    void output(Item item) {
        output = item;
    }

    /** A digest of a call's name and exact arguments. */
    static String hash(ToolCall call) {
        return HexFormat.of()
                .formatHex(Sha256.of(
                        call.name().getBytes(StandardCharsets.UTF_8),
                        new byte[1],
                        call.arguments().getBytes(StandardCharsets.UTF_8)));
    }
}
