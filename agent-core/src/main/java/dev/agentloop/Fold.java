package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a log says, entry by entry: the prompt, the calls without output, and what a run needs to know to go on.
 *
 * <p>A pure function of the entries: a process that reads a log and the one that wrote it have the same fold, so they send
 * the same bytes. Not thread-safe.
 */
final class Fold {
    private final Set<String> callIds = new HashSet<>();
    private final Map<String, OpenCall> open = new LinkedHashMap<>();
    private final Map<String, Item> sections = new LinkedHashMap<>();
    private final Map<String, Long> fullOutputs = new ConcurrentHashMap<>();
    private final RepeatedCalls repeats = new RepeatedCalls();
    private final List<Item> unplaced = new ArrayList<>();
    private final List<Item> deferred = new ArrayList<>();
    private final Compactions compactions = new Compactions();
    private AppendedSettings appended = new AppendedSettings();
    private int breakpoints;
    private @Nullable Set<String> allowed;
    private String responseId = "";
    private boolean endingStale;
    private @Nullable Prompt prompt;
    private String unknown = "";
    private String lastText = "";
    private @Nullable String answer;
    private boolean responding;
    private int epoch;
    private @Nullable Prompt sent;
    private @Nullable String newEpoch;
    private @Nullable Instant answeredAt;
    private boolean ended = true;
    private long turn;
    private long base;
    private Usage lastUsage = Usage.NONE;
    private Usage total = Usage.NONE;

    void apply(LogEntry entry) {
        String kind = entry.kind();
        turn = entry.turn();
        base = entry.base();
        if (kind.startsWith(Draft.ITEM)) {
            item(kind, Item.of(entry.content()));
            return;
        }
        JsonFields fields = JsonFields.of(entry.content());
        switch (kind) {
            case Draft.CONVERSATION -> checkFormat(fields.number("format", 0));
            case Draft.EPOCH, Draft.EPOCH_WINDOW -> epoch(fields, entry.version());
            case Draft.FORK -> fork();
            case Draft.TURN_BEGUN -> turn(false, names(fields.inner("allowed_tools")));
            case Draft.TURN_ENDED -> turn(true, null);
            case Draft.TOOL_STARTED -> open(fields).start();
            case Draft.RESPONSE, Draft.RESPONSE_BROKEN -> responseEnded(kind, fields);
            case Draft.APPROVAL_ASKED -> open(fields).ask();
            case Draft.APPROVAL_DECIDED ->
                open(fields)
                        .decide(
                                ItemBytes.orEmpty(fields.text("hash")),
                                new Approver.Answer(
                                        fields.flag("approved", false), ItemBytes.orEmpty(fields.text("reason"))));
            case Draft.UNPIN -> compactions.unpinned(ItemBytes.orEmpty(fields.text("name")));
            case Draft.COMPACTION_BEGUN -> compactionBegun(usage(fields));
            case Draft.COMPACTION_FAILED -> compactionFailed(fields);
            case Draft.OUTPUT_FULL -> fullOutputs.put(ItemBytes.orEmpty(fields.text("call_id")), entry.version());
            default -> unknown = kind;
        }
    }

    private void fork() {
        // Forked between reasoning and the item that it led to: without that the API refuses it.
        while (responding && !unplaced.isEmpty() && unplaced.get(unplaced.size() - 1) instanceof Item.Reasoning) {
            unplaced.remove(unplaced.size() - 1);
        }
        open.values().forEach(OpenCall::fork);
        turn(ended, null);
    }

    private void compactionBegun(Usage estimate) {
        // Between turns one may begin after one that was lost.
        total = total.plus(compactions.lost());
        compactions.begun(estimate);
    }

    private void compactionFailed(JsonFields fields) {
        compactions.lost();
        total = total.plus(usage(fields));
        if (Compaction.SERVER.equals(fields.text("by"))) {
            compactions.passedOver();
        }
    }

    private void turn(boolean isOver, @Nullable Set<String> mayCall) {
        // A compaction that is still under way when a turn begins or ends was taken away by a crash or a cancellation.
        total = total.plus(compactions.lost());
        ended = isOver;
        allowed = mayCall;
        endingStale = true;
    }

    private static @Nullable Set<String> names(@Nullable JsonFields array) {
        return array == null ? null : array.all().stream().map(array::text).collect(Collectors.toSet());
    }

    private void checkFormat(long format) {
        if (format > Draft.FORMAT) {
            unknown = "conversation of format " + format;
        }
    }

    private OpenCall open(JsonFields fields) {
        String id = ItemBytes.orEmpty(fields.text("call_id"));
        OpenCall call = open.get(id);
        // An entry about a call that has its output already says nothing any more.
        return call != null ? call : new OpenCall((Item.Call) Item.functionCall(id, "", ""));
    }

    private void epoch(JsonFields fields, long version) {
        JsonFields.Field head = fields.field("head");
        if (head == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "entry " + version + " (epoch) has no head");
        }
        List<Item> before = prompt == null ? List.of() : List.copyOf(prompt().items());
        List<Item> items = new ArrayList<>();
        JsonFields window = fields.inner("window");
        if (window != null) {
            window.all().forEach(field -> items.add(Item.of(window.bytes(field))));
        } else {
            items.addAll(before);
        }
        unplaced.clear();
        prompt = ChunkedPrompt.of(fields.raw(head)).plus(items);
        compactions.restarted();
        if (window != null) {
            restated(fields, version, before, items);
            appended = new AppendedSettings();
            items.forEach(appended::note);
            sections.values()
                    .retainAll(items.stream().map(CacheBreakpoint::without).collect(Collectors.toSet()));
        }
        newEpoch = ItemBytes.orEmpty(fields.text("reason"));
        endingStale = true;
        epoch++;
    }

    private void restated(JsonFields fields, long version, List<Item> before, List<Item> items) {
        compactions.restated(before, items);
        if (fields.has("by")) {
            Usage used = usage(fields);
            compactions.ended(version, fields, used);
            total = total.plus(used);
        }
    }

    private void item(String kind, Item item) {
        answer = null;
        appended.note(item);
        endingStale |= item.type().equals(AppendedSettings.TOOLS);
        if (kind.equals(Draft.ITEM_MODEL) && !responding) {
            responding = true;
            lastText = "";
            sent();
        }
        lastText = item instanceof Item.Message message ? message.text() : lastText;
        OpenCall answered = item instanceof Item.Output output ? open.get(output.callId()) : null;
        if (answered != null) {
            answered.output(item);
            place();
            return;
        }
        boolean ofModel = kind.equals(Draft.ITEM_MODEL);
        (ofModel || !midway() ? unplaced : deferred).add(item);
        if (ofModel && item instanceof Item.Compaction) {
            compactions.received();
        }
        if (item instanceof Item.Call call && callIds.add(call.callId()) && !call.incomplete()) {
            open.put(call.callId(), new OpenCall(call));
        } else if (kind.equals(Draft.ITEM_USER)) {
            compactions.said(item);
        } else if (kind.startsWith(Draft.ITEM_PIN)) {
            compactions.pinned(kind.substring(Draft.ITEM_PIN.length()), item);
        } else if (kind.startsWith(Draft.ITEM_CONTEXT)) {
            String section = kind.substring(Draft.ITEM_CONTEXT.length());
            sections.put(section, CacheBreakpoint.without(item));
            compactions.context(section, item);
        }
        breakpoints += ofModel ? 0 : CacheBreakpoint.count(item);
    }

    private void responseEnded(String kind, JsonFields fields) {
        if (!responding) {
            sent();
        }
        responding = false;
        Usage usage = usage(fields);
        compactions.counted(usage, prompt().size());
        boolean answered = kind.equals(Draft.RESPONSE);
        compactions.responseEnded(answered, answered && !fields.has("incomplete"));
        if (kind.equals(Draft.RESPONSE)) {
            lastUsage = usage;
            String id = ItemBytes.orEmpty(fields.text("id"));
            responseId = id.isEmpty() ? responseId : id;
            endingStale = true;
            long at = fields.number("at", 0);
            answeredAt = at == 0 ? null : Instant.ofEpochMilli(at);
        }
        total = total.plus(usage);
        boolean whole = kind.equals(Draft.RESPONSE) && !fields.has("incomplete") && fields.flag("end_turn", true);
        answer = whole && open.isEmpty() && !lastText.isBlank() ? lastText : null;
        place();
    }

    private void sent() {
        sent = prompt();
        compactions.sent(sent.size());
        newEpoch = null;
        breakpoints = 0;
    }

    // Outputs become durable as they come and stand in the prompt in the order of their calls, behind the response: a
    // response is one piece of the server's own prefix, and the order of completion differs from run to run.
    // What is said meanwhile stands behind the outputs, for the same reason.
    private void place() {
        placeOutputs();
        if (!midway()) {
            unplaced.addAll(deferred);
            deferred.clear();
        }
    }

    private boolean midway() {
        return responding || !open.isEmpty();
    }

    private void placeOutputs() {
        Iterator<OpenCall> calls = open.values().iterator();
        while (!responding && calls.hasNext()) {
            OpenCall call = calls.next();
            Item output = call.output();
            if (output == null) {
                return;
            }
            unplaced.add(output);
            repeats.count(call.item(), (Item.Output) output);
            calls.remove();
        }
    }

    static Usage usage(JsonFields fields) {
        JsonFields usage = fields.inner("usage");
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

    /** The prompt; there must have been an epoch. */
    Prompt prompt() {
        Prompt folded = prompt;
        if (folded == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "the log has items before its first epoch");
        }
        if (!unplaced.isEmpty()) {
            folded = folded.plus(unplaced);
            unplaced.clear();
            prompt = folded;
        }
        if (endingStale) {
            folded = ((ChunkedPrompt) folded).withEnding(new PromptEnding(allowed, appended.tools(), responseId));
            endingStale = false;
            prompt = folded;
        }
        return folded;
    }

    boolean hasPrompt() {
        return prompt != null;
    }

    /** The prompt that was last sent and answered, also in an earlier epoch; null where none was. */
    @Nullable
    Prompt lastSent() {
        return sent;
    }

    /** Why the prompt began anew since it was last sent; null where it did not. */
    @Nullable
    String newEpoch() {
        return newEpoch;
    }

    /** When the last whole response came in; null where there was none, or the log does not say it. */
    @Nullable
    Instant answeredAt() {
        return answeredAt;
    }

    /** The calls that have no place in the prompt yet, in order, keyed by id. */
    Map<String, OpenCall> open() {
        return open;
    }

    /** The final answer, where nothing was said after it; null elsewhere. */
    @Nullable
    String answer() {
        return answer;
    }

    boolean seen(String callId) {
        return callIds.contains(callId);
    }

    /** Whether the log ends in a response without its end. */
    boolean responding() {
        return responding;
    }

    /** How many cache breakpoints the prompt has that were in no request yet. */
    int breakpoints() {
        return breakpoints;
    }

    /** The newest item of a section of the context, without a cache breakpoint, or null. */
    @Nullable
    Item section(String name) {
        return sections.get(name);
    }

    /** The version of the entry with the whole output of that call, or null; may be asked on any thread. */
    @Nullable
    Long fullOutput(String callId) {
        return fullOutputs.get(callId);
    }

    /** The names of the tools that the turn under way may call; null for all. */
    @Nullable
    Set<String> allowed() {
        return allowed;
    }

    /** What is known of compactions, and of what must survive them. */
    Compactions compactions() {
        return compactions;
    }

    /** The newest item of each section of the context, and what was appended to the fixed fields. */
    List<Item> contextItems() {
        List<Item> items = new ArrayList<>(sections.values());
        // Several of these may hold together: they are said in one item.
        items.removeIf(item -> AppendedSettings.TYPES.contains(item.type()));
        if (!appended.tools().isEmpty()) {
            items.add(AppendedSettings.tools(appended.tools().values()));
        }
        String effort = appended.effort();
        if (effort != null) {
            items.add(AppendedSettings.effort(effort));
        }
        return items;
    }

    /** What items in the middle of the prompt add to its fixed fields. */
    AppendedSettings appended() {
        return appended;
    }

    RepeatedCalls repeats() {
        return repeats;
    }

    int epoch() {
        return epoch;
    }

    /** The version of the entry that began the turn which is under way; 0 between turns. */
    long turn() {
        return ended ? 0 : turn;
    }

    long base() {
        return base;
    }

    Usage lastUsage() {
        return lastUsage;
    }

    Usage total() {
        return total;
    }

    /** The kind of an entry that this version of the library does not know; empty where it knows all. */
    String unknown() {
        return unknown;
    }
}
