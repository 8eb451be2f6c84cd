package dev.agentloop.internal.log;

import dev.agentloop.Approver;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.prompt.PrefixDifference;
import dev.agentloop.internal.prompt.TokenEstimate;
import dev.agentloop.spi.LogEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the log before it has its place: what it is, and its payload. The kinds of all entries are written down here
 * and nowhere else.
 *
 * @param item the item whose bytes the payload is, where it is at hand, so that nobody reads it again from them
 */
public record Entry(String kind, byte[] payload, @Nullable Item item) {
    /** An entry that is not that of an item which is at hand. */
    public Entry(String kind, byte[] payload) {
        this(kind, payload, null);
    }

    /** The number of the log's format. A reader that meets a higher one reads, and refuses to run. */
    static final int FORMAT = 1;

    static final String CONVERSATION = "conversation";
    public static final String EPOCH = "epoch";
    /** An epoch that restates all items, so that a reader can start from it. */
    public static final String EPOCH_WINDOW = "epoch.window";

    /** The field of such an epoch that has what a reader cannot tell from the items. */
    static final String STATE = "state";
    /** The field of one that takes a compaction back: what its items are that a reader may not have seen. */
    static final String ROLES = "roles";

    static final String FORK = "fork";
    static final String TURN_BEGUN = "turn.begun";
    public static final String TURN_ENDED = "turn.ended";
    /** The call that the next entry has came with another id. */
    static final String CALL_RENAMED = "call.renamed";

    public static final String TOOL_STARTED = "tool.started";
    public static final String RESPONSE = "response";
    static final String RESPONSE_BROKEN = "response.broken";
    public static final String APPROVAL_ASKED = "approval.asked";
    public static final String APPROVAL_DECIDED = "approval.decided";
    /** What was allowed with the approval of a call, for the rest of the conversation, is so no more. */
    static final String RULE_REVOKED = "rule.revoked";
    /** Followed by the version of the call's entry. */
    public static final String OUTPUT_FULL = LogEntry.ASIDE + "output.";
    /** A piece of an answer that was not whole yet when it was written. */
    public static final String PARTIAL = "aside.partial";
    /** All kinds that begin like this are items; their payload is the item's bytes. */
    public static final String ITEM = "item.";

    public static final String ITEM_USER = "item.user";
    public static final String ITEM_MODEL = "item.model";
    public static final String ITEM_OUTPUT = "item.output";
    public static final String ITEM_OUTPUT_ERROR = "item.output.error";
    public static final String ITEM_CONTEXT = "item.context.";
    public static final String SEALED = LogEntry.SEALED;
    /** Also why a prompt begins again: without what was erased from it. */
    public static final String REDACTED = "redacted";

    static final String ERASED = "erased";
    static final String INBOX_TAKEN = "inbox.taken";
    public static final String ITEM_PIN = "item.pin.";
    static final String UNPIN = "unpin";
    /** What a server's own compaction is called. */
    public static final String SERVER = "server";

    static final String COMPACTION_BEGUN = "compaction.begun";
    static final String COMPACTION_FAILED = "compaction.failed";
    /** Why a prompt begins again that is what it was before a compaction, and what came later. */
    public static final String COMPACTION_UNDONE = "compaction_undone";

    /** What is unknown of a conversation that begins like this; empty where it is of a format that is known. */
    static String unknownFormat(JsonFields conversation) {
        long format = conversation.number("format", 0);
        return format > FORMAT ? "conversation of format " + format : "";
    }

    private static Entry of(String kind, Json.Body body) {
        return new Entry(kind, Json.object(body));
    }

    public static Entry conversation(String id, String created) {
        return of(CONVERSATION, w -> w.number("format", FORMAT).text("id", id).text("created", created));
    }

    /** The prompt begins again with these fixed fields and, unless they are null, these items in place of all before. */
    public static Entry epoch(String reason, String head, @Nullable List<Item> window) {
        return of(window == null ? EPOCH : EPOCH_WINDOW, w -> {
            w.text("reason", reason).raw("head", head);
            if (window != null) {
                w.raws("window", json(window));
            }
        });
    }

    /** Whether a reader can start from this entry, which {@link #withState} makes complete. */
    boolean restates() {
        return kind.equals(EPOCH_WINDOW);
    }

    /** This entry with what it leads to, which a reader cannot tell from the items: their names, and the state. */
    Entry withState(List<NamedItem> items, Json.Body state) {
        JsonFields fields = JsonFields.of(payload);
        String versions = versions(items).stream().collect(Collectors.joining(",", "[", "]"));
        byte[] named = fields.has(ItemTable.VERSIONS) ? payload : fields.with(ItemTable.VERSIONS, versions);
        return new Entry(kind, JsonFields.of(named).with(STATE, Json.objectText(state)));
    }

    private static List<String> versions(List<NamedItem> items) {
        return items.stream().map(item -> String.valueOf(item.version())).toList();
    }

    private static void window(Json.Writer out, List<NamedItem> items) throws IOException {
        out.raws("window", items.stream().map(item -> item.item().json()).toList());
        out.raws(ItemTable.VERSIONS, versions(items));
    }

    /** The prompt begins again with what it was before a compaction, and what came since. */
    public static Entry undone(String reason, String head, List<NamedItem> window, Json.Body roles) {
        return of(EPOCH_WINDOW, w -> {
            w.text("reason", reason).raw("head", head);
            window(w, window);
            w.object(ROLES, roles);
        });
    }

    /** The prompt begins again with marks in the place of what has these names. */
    public static Entry redactedWindow(Set<Long> names, String head, List<NamedItem> window) {
        return of(EPOCH_WINDOW, w -> {
            w.text("reason", REDACTED).raw("head", head);
            window(w, window);
            w.raws(REDACTED, names.stream().sorted().map(String::valueOf).toList());
        });
    }

    /** The bytes of items, as text. */
    public static List<String> json(List<? extends Item> items) {
        return items.stream().map(Item::json).toList();
    }

    /** A compactor is about to work; what it may use is counted if nothing is heard of it any more. */
    public static Entry compactionBegun(String by, Usage estimate) {
        return of(COMPACTION_BEGUN, w -> {
            w.text("by", by);
            writeUsage(w, "usage", estimate);
        });
    }

    public static Entry compactionFailed(String by, String cause, Usage used) {
        return of(COMPACTION_FAILED, w -> {
            w.text("by", by).text("cause", cause);
            writeUsage(w, "usage", used);
        });
    }

    /** The prompt begins again with these items, because a compactor has shortened it. */
    public static Entry compaction(String by, Compactor.Task task, List<Item> window, Usage used) {
        return of(EPOCH_WINDOW, w -> {
            w.text("reason", PrefixDifference.COMPACTED)
                    .text("by", by)
                    .text("why", task.reason().name());
            w.number("tokens_before", task.context().tokens());
            w.number("tokens_after", TokenEstimate.ofBytes(task.prompt().length(0)) + TokenEstimate.of(window));
            writeUsage(w, "usage", used);
            w.raw("head", task.prompt().head()).raws("window", json(window));
        });
    }

    /** Nothing follows. */
    public static Entry sealed(String reason) {
        return of(SEALED, w -> w.text("reason", reason));
    }

    /** What has this name is to be erased wherever it stands: in this log in these entries. */
    public static Entry redacted(long item, Collection<Long> versions, String reason) {
        return of(
                REDACTED,
                w -> w.text("reason", reason)
                        .number("item", item)
                        .raws(
                                ItemTable.VERSIONS,
                                versions.stream().map(String::valueOf).toList()));
    }

    /** What was to be erased is. */
    public static Entry erased() {
        return of(ERASED, w -> {});
    }

    public static Entry unpin(String name) {
        return of(UNPIN, w -> w.text("name", name));
    }

    public static Entry fork(String of, long version) {
        return of(FORK, w -> w.text("of", of).number("version", version));
    }

    /** A turn begins, in which these tools may be called; null for all. */
    public static Entry turnBegun(String owner, @Nullable Set<String> allowed, Instant at) {
        return of(TURN_BEGUN, w -> {
            w.text("owner", owner).number("at", at.toEpochMilli());
            if (allowed != null) {
                w.texts("allowed_tools", new TreeSet<>(allowed));
            }
        });
    }

    /** A turn has ended; {@code detail} says more of the outcome, and is empty where there is no more to say. */
    public static Entry turnEnded(String outcome, String detail, Usage usage, int steps, Instant at) {
        return of(TURN_ENDED, w -> {
            w.text("outcome", outcome).number("steps", steps).number("at", at.toEpochMilli());
            if (!detail.isEmpty()) {
                w.text("detail", detail);
            }
            writeUsage(w, "usage", usage);
        });
    }

    public static Entry item(String kind, Item item) {
        return new Entry(kind, ItemLine.of(item), item);
    }

    /** The call of the next entry came with this id, which may be empty, and goes by another one. */
    public static Entry callRenamed(String from, String to) {
        return of(CALL_RENAMED, w -> w.text("from", from).text("call_id", to));
    }

    public static Entry toolStarted(long call, String callId) {
        return of(TOOL_STARTED, w -> w.number("call", call).text("call_id", callId));
    }

    public static Entry response(ModelResponse response, Instant at) {
        String incomplete = response.incomplete();
        return of(RESPONSE, w -> {
            w.text("id", response.id()).number("at", at.toEpochMilli());
            if (incomplete != null) {
                w.text("incomplete", incomplete);
            }
            if (!response.endTurn()) {
                w.flag("end_turn", false);
            }
            writeUsage(w, "usage", response.usage());
        });
    }

    public static Entry responseBroken(String cause, Usage estimate) {
        return of(RESPONSE_BROKEN, w -> {
            w.text("cause", cause);
            writeUsage(w, "usage", estimate);
        });
    }

    public static Entry approvalAsked(Outcome.Pending question, String hash) {
        Instant expires = question.expires();
        return of(APPROVAL_ASKED, w -> {
            w.number("call", question.call())
                    .text("call_id", question.callId())
                    .text("hash", hash)
                    .text("question", question.question())
                    .number("expires_at", expires == null ? 0 : expires.toEpochMilli());
            given(w, "place", question.place());
            given(w, "rule", question.rule());
        });
    }

    /** What these messages of the inbox say is in the log now. */
    public static Entry inboxTaken(List<String> ids) {
        return of(INBOX_TAKEN, w -> w.texts("ids", ids));
    }

    public static Entry approvalDecided(Call call, Approver.Answer answer) {
        return of(APPROVAL_DECIDED, w -> {
            w.number("call", call.version())
                    .text("call_id", call.item().callId())
                    .text("hash", Call.hash(call.call()))
                    .flag("approved", answer.approved())
                    .text("reason", answer.reason());
            given(w, "rule", answer.rule());
        });
    }

    /** What came of an answer since the last such entry. */
    public static Entry partial(String text) {
        return of(PARTIAL, w -> w.text("text", text));
    }

    private static void given(Json.Writer out, String name, String text) throws IOException {
        if (!text.isEmpty()) {
            out.text(name, text);
        }
    }

    public static Entry ruleRevoked(long call) {
        return of(RULE_REVOKED, w -> w.number("call", call));
    }

    public static Entry outputFull(Call call, String text) {
        return of(
                OUTPUT_FULL + call.version(),
                w -> w.text("call_id", call.item().callId()).text("text", text));
    }

    /** The usage in a payload under that name; none where there is none. */
    static Usage usage(JsonFields entry, String name) {
        JsonFields usage = entry.inner(name);
        if (usage == null) {
            return Usage.NONE;
        }
        return new Usage(
                usage.number("input_tokens", 0),
                usage.number("cached_tokens", 0),
                usage.number("cache_write_tokens", 0),
                usage.number("output_tokens", 0),
                usage.number("reasoning_tokens", 0),
                usage.flag("estimated", false));
    }

    static void writeUsage(Json.Writer entry, String name, Usage usage) throws IOException {
        entry.object(
                name,
                w -> w.number("input_tokens", usage.input())
                        .number("cached_tokens", usage.cached())
                        .number("cache_write_tokens", usage.cacheWritten())
                        .number("output_tokens", usage.output())
                        .number("reasoning_tokens", usage.reasoning())
                        .flag("estimated", usage.estimated()));
    }

    @Override
    public String toString() {
        return kind + " " + new String(payload, StandardCharsets.UTF_8);
    }
}
