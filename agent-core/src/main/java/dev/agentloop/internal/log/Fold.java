package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.call.Calls;
import dev.agentloop.internal.call.GivenRules;
import dev.agentloop.internal.call.HostCalls;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.Head;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.PromptEnding;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a log says, entry by entry: the prompt, the calls without output, and what a run needs to know to go on.
 *
 * <p>A pure function of the entries: a process that reads a log and the one that wrote it have the same fold, so they send
 * the same bytes. Not thread-safe.
 */
public final class Fold {
    private static final String USAGE = "usage";

    private final Calls calls = new Calls();
    private final GivenRules rules = new GivenRules();
    private final Map<String, Item> sections = new LinkedHashMap<>();
    private final List<Item> unplaced = new ArrayList<>();
    private final List<Item> deferred = new ArrayList<>();
    private final CompactionState compactions = new CompactionState();
    private final HostCalls hostCalls = new HostCalls();
    private AppendedSettings appended = new AppendedSettings();
    private int breakpoints;
    private String responseId = "";
    private boolean endingStale;
    private @Nullable Prompt prompt;
    private String unknown = "";
    private String lastText = "";
    private boolean image;
    private @Nullable String answer;
    private boolean responding;
    private int epoch;
    private @Nullable Prompt sent;
    private @Nullable String newEpoch;
    private @Nullable Instant answeredAt;
    private final TurnState turn = new TurnState();
    private long base;
    private Usage lastUsage = Usage.NONE;
    private Usage total = Usage.NONE;

    public void apply(LogEntry entry) {
        String kind = entry.kind();
        turn.entry(entry.turn());
        base = entry.base();
        if (kind.startsWith(Entry.ITEM)) {
            item(kind, Item.of(entry.content()), entry.version());
            return;
        }
        if (kind.startsWith(Entry.OUTPUT_FULL)) {
            calls.keptWhole(kind.substring(Entry.OUTPUT_FULL.length()), entry.version());
            return;
        }
        if (kind.startsWith(LogEntry.ASIDE)) {
            return; // No fold needs it, and its payload was left out.
        }
        JsonFields fields = JsonFields.of(entry.content());
        switch (kind) {
            case Entry.CONVERSATION -> checkFormat(fields.number("format", 0));
            case Entry.EPOCH, Entry.EPOCH_WINDOW -> epoch(fields, entry.version());
            case Entry.FORK -> fork();
            case Entry.TURN_BEGUN, Entry.TURN_ENDED -> turn(kind, fields);
            case Entry.CALL_RENAMED -> calls.renamed(fields.textOrEmpty("from"));
            case Entry.TOOL_STARTED -> calls.about(fields).start();
            case Entry.RESPONSE, Entry.RESPONSE_BROKEN -> responseEnded(kind, fields);
            case Entry.APPROVAL_ASKED -> calls.about(fields).ask(fields);
            case Entry.APPROVAL_DECIDED -> rules.decided(calls.about(fields), fields);
            case Entry.RULE_REVOKED -> rules.revoked(fields.number("call", 0));
            case Entry.SEALED -> {} // The store refuses whatever would follow.
            case Entry.REDACTED -> turn.redacted(fields);
            case Entry.ERASED -> turn.erased();
            case Entry.INBOX_TAKEN -> turn.taken(fields);
            case Entry.UNPIN -> compactions.unpinned(fields.textOrEmpty("name"));
            case Entry.COMPACTION_BEGUN -> compactionBegun(Entry.usage(fields, USAGE));
            case Entry.COMPACTION_FAILED -> compactionFailed(fields);
            default -> unknown = kind;
        }
    }

    private void fork() {
        rules.forked();
        // Forked between reasoning and the item that it led to: without that the API refuses it.
        unplaced.subList(settled(), unplaced.size()).clear();
        calls.open().values().forEach(Call::fork);
        turn.forked();
        total = total.plus(compactions.lost());
        endingStale = true;
    }

    private void compactionBegun(Usage estimate) {
        // Between turns one may begin after one that was lost.
        total = total.plus(compactions.lost());
        compactions.begun(estimate);
    }

    private void compactionFailed(JsonFields fields) {
        compactions.lost();
        total = total.plus(Entry.usage(fields, USAGE));
        if (Entry.SERVER.equals(fields.text("by"))) {
            compactions.passedOver();
        }
    }

    private void turn(String kind, JsonFields fields) {
        // A compaction that is still under way when a turn begins or ends was taken away by a crash or a cancellation.
        total = total.plus(compactions.lost());
        if (kind.equals(Entry.TURN_BEGUN)) {
            turn.begun(fields);
        } else {
            turn.ended();
        }
        endingStale = true;
    }

    private void checkFormat(long format) {
        if (format > Entry.FORMAT) {
            unknown = "conversation of format " + format;
        }
    }

    private void epoch(JsonFields fields, long version) {
        JsonFields.Field head = fields.field("head");
        if (head == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "entry " + version + " (epoch) has no head");
        }
        List<Item> before = prompt == null ? List.of() : prompt().items();
        JsonFields window = fields.inner("window");
        List<Item> items = window == null ? List.copyOf(before) : ItemLine.all(window);
        unplaced.clear();
        prompt = ChunkedPrompt.of(fields.raw(head)).plus(items);
        compactions.restarted();
        if (window != null) {
            restated(fields, version, before, items);
            calls.restated(items);
            hostCalls.restart(items);
            appended = new AppendedSettings();
            items.forEach(appended::note);
            sections.values()
                    .retainAll(items.stream().map(ItemLine::withoutBreakpoints).collect(Collectors.toSet()));
        }
        newEpoch = fields.textOrEmpty("reason");
        if (newEpoch.equals(Entry.REDACTED)) {
            forgetAllBut(items);
        }
        endingStale = true;
        epoch++;
        JsonFields state = fields.inner(Entry.STATE);
        if (before.isEmpty() && state != null) {
            read(state, items);
        }
    }

    private void forgetAllBut(List<Item> items) {
        boolean said = items.stream()
                .anyMatch(item ->
                        item instanceof Item.Message message && message.text().equals(lastText));
        lastText = said ? lastText : "";
        answer = said ? answer : null;
        calls.repeats().forgetUnless(items);
    }

    /** Writes, into the entry that restates all items, what a reader cannot tell from them. */
    public void write(Json.Writer out) throws IOException {
        List<Item> items = prompt().items();
        List<Item> plain = items.stream().map(ItemLine::withoutBreakpoints).toList();
        out.object("turn", turn::write).flag("responding", responding).text("unknown", unknown);
        out.number("epoch", epoch).number("breakpoints", breakpoints).text("response_id", responseId);
        out.text("last_text", lastText).flag("answered", answer != null);
        out.number("answered_at", answeredAt == null ? 0 : answeredAt.toEpochMilli());
        Entry.writeUsage(out, "last_usage", lastUsage);
        Entry.writeUsage(out, "total", total);
        out.raws("deferred", Entry.json(deferred));
        out.objects("sections", sections.entrySet(), (w, section) -> {
            w.text("name", section.getKey()).number("item", plain.indexOf(section.getValue()));
        });
        calls.write(out);
        rules.write(out);
        compactions.write(out, items);
    }

    // What write() wrote, when this entry is the first that is read.
    private void read(JsonFields state, List<Item> items) {
        JsonFields newest = state.inner("turn");
        if (newest != null) {
            turn.read(newest);
        }
        responding = state.flag("responding", false);
        unknown = state.textOrEmpty("unknown");
        epoch = (int) state.number("epoch", 1);
        breakpoints = (int) state.number("breakpoints", 0);
        responseId = state.textOrEmpty("response_id");
        lastText = state.textOrEmpty("last_text");
        answer = state.flag("answered", false) ? lastText : null;
        long at = state.number("answered_at", 0);
        answeredAt = at == 0 ? null : Instant.ofEpochMilli(at);
        lastUsage = Entry.usage(state, "last_usage");
        total = Entry.usage(state, "total");
        deferred.addAll(ItemLine.all(state.inner("deferred")));
        for (JsonFields section : state.inners("sections")) {
            Item item = items.get((int) section.number("item", 0));
            sections.put(section.textOrEmpty("name"), ItemLine.withoutBreakpoints(item));
        }
        calls.read(state);
        rules.read(state);
        compactions.read(state, items);
        deferred.forEach(compactions::said);
    }

    private void restated(JsonFields fields, long version, List<Item> before, List<Item> items) {
        compactions.restated(before, items);
        JsonFields roles = fields.inner(Entry.ROLES);
        if (roles != null) {
            compactions.readRoles(roles, items);
        }
        deferred.forEach(compactions::said);
        if (fields.has("by")) {
            compactions.ended(version, fields);
            total = total.plus(Entry.usage(fields, USAGE));
        }
    }

    private void item(String kind, Item item, long version) {
        answer = null;
        hostCalls.note(item);
        appended.note(item);
        endingStale |= item.type().equals(AppendedSettings.TOOLS);
        if (kind.equals(Entry.ITEM_MODEL) && !responding) {
            responding = true;
            responseBegun();
        }
        lastText = item instanceof Item.Message message ? message.text() : lastText;
        Call answered = item instanceof Item.Output output ? calls.open().get(output.callId()) : null;
        if (answered != null) {
            answered.output(item);
            place();
            return;
        }
        boolean ofModel = kind.equals(Entry.ITEM_MODEL);
        image |= ofModel && item.type().equals("image_generation_call");
        (ofModel || !midway() ? unplaced : deferred).add(item);
        if (ofModel && item instanceof Item.Compaction) {
            compactions.received();
        }
        if (item instanceof Item.Call call) {
            calls.received(call, version);
        } else if (kind.equals(Entry.ITEM_USER)) {
            compactions.said(item);
        } else if (kind.startsWith(Entry.ITEM_PIN)) {
            compactions.pinned(kind.substring(Entry.ITEM_PIN.length()), item);
        } else if (kind.startsWith(Entry.ITEM_CONTEXT)) {
            String section = kind.substring(Entry.ITEM_CONTEXT.length());
            sections.put(section, ItemLine.withoutBreakpoints(item));
            compactions.context(section, item);
        }
        breakpoints += ofModel ? 0 : ItemLine.breakpoints(item);
    }

    private void responseEnded(String kind, JsonFields fields) {
        if (!responding) {
            responseBegun(); // Nothing of it became an item.
        }
        responding = false;
        boolean answered = kind.equals(Entry.RESPONSE);
        boolean complete = answered && !fields.has("incomplete");
        calls.responseEnded(!answered);
        Usage usage = Entry.usage(fields, USAGE);
        compactions.counted(usage, prompt().size());
        compactions.responseEnded(answered, complete);
        if (answered) {
            lastUsage = usage;
            String id = fields.textOrEmpty("id");
            responseId = id.isEmpty() ? responseId : id;
            endingStale = true;
            long at = fields.number("at", 0);
            answeredAt = at == 0 ? null : Instant.ofEpochMilli(at);
        }
        total = total.plus(usage);
        answer = complete && fields.flag("end_turn", true) && calls.open().isEmpty() && (image || !lastText.isBlank())
                ? lastText
                : null;
        place();
    }

    private void responseBegun() {
        lastText = "";
        image = false;
        calls.responseBegun();
        sent = prompt();
        compactions.sent(sent.size());
        newEpoch = null;
        breakpoints = 0;
    }

    // Outputs become durable as they come and stand in the prompt in the order of their calls, behind the response: a
    // response is one piece of the server's own prefix, and the order of completion differs from run to run.
    // What is said meanwhile stands behind the outputs, for the same reason.
    private void place() {
        if (!responding) {
            calls.place(unplaced);
        }
        if (!midway()) {
            unplaced.addAll(deferred);
            deferred.clear();
        }
    }

    private boolean midway() {
        return responding || !calls.open().isEmpty();
    }

    /** The prompt; there must have been an epoch. */
    public Prompt prompt() {
        Prompt folded = prompt;
        if (folded == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "the log has items before its first epoch");
        }
        List<Item> settled = unplaced.subList(0, settled());
        if (!settled.isEmpty()) {
            folded = folded.plus(settled);
            settled.clear();
            prompt = folded;
        }
        if (endingStale) {
            folded =
                    ((ChunkedPrompt) folded).withEnding(new PromptEnding(turn.allowed(), appended.tools(), responseId));
            endingStale = false;
            prompt = folded;
        }
        return folded.plus(unplaced);
    }

    // How many of the items stay whatever follows: not the reasoning at the end of a response that is not over, which a
    // fork
    // takes out. When the prompt is asked for changes nothing.
    private int settled() {
        int settled = unplaced.size();
        while (responding && settled > 0 && unplaced.get(settled - 1) instanceof Item.Reasoning) {
            settled--;
        }
        return settled;
    }

    /** The fixed fields of the prompt. */
    public Head head() {
        return ChunkedPrompt.fixed(prompt());
    }

    public boolean hasPrompt() {
        return prompt != null;
    }

    /** The prompt that was last sent and answered, also in an earlier epoch; null where none was. */
    public @Nullable Prompt lastSent() {
        return sent;
    }

    /** Why the prompt began again since it was last sent; null where it did not. */
    public @Nullable String newEpoch() {
        return newEpoch;
    }

    /** When the last whole response came in; null where there was none, or the log does not say it. */
    public @Nullable Instant answeredAt() {
        return answeredAt;
    }

    /** The calls that have no place in the prompt yet, in order, keyed by id. */
    public Map<String, Call> open() {
        return calls.open();
    }

    /** Refuses, with an {@link IllegalStateException}, what needs that all calls have their outputs. */
    public void refuseWhileOpen() {
        if (!open().isEmpty()) {
            throw new IllegalStateException(
                    "the calls " + open().keySet() + " have no output yet; run the conversation to its end first");
        }
    }

    /** What was allowed for the rest of the conversation. */
    public GivenRules rules() {
        return rules;
    }

    /** What only the host can answer. */
    public HostCalls hostCalls() {
        return hostCalls;
    }

    /** Whether the prompt has nothing but what the loop itself tells a model first. */
    public boolean saysNothing() {
        if (prompt == null) {
            return true;
        }
        List<Item> items = prompt().items();
        return items.size() <= sections.size()
                && items.stream().map(ItemLine::withoutBreakpoints).allMatch(sections::containsValue);
    }

    /** What is known of all calls. */
    public Calls calls() {
        return calls;
    }

    /** The final answer, where nothing was said after it; null elsewhere. */
    public @Nullable String answer() {
        return answer;
    }

    /** Whether the log ends in a response without its end. */
    public boolean responding() {
        return responding;
    }

    /** How many cache breakpoints the prompt has that were in no request yet. */
    public int breakpoints() {
        return breakpoints;
    }

    /** The newest item of a section of the context, without a cache breakpoint, or null. */
    public @Nullable Item section(String name) {
        return sections.get(name);
    }

    /** What is known of compactions, and of what must survive them. */
    public CompactionState compactions() {
        return compactions;
    }

    /** The newest item of each section of the context, and what was appended to the fixed fields. */
    public List<Item> contextItems() {
        List<Item> items = new ArrayList<>(sections.values());
        // Several of these may hold together: they are said in one item.
        items.removeIf(item -> AppendedSettings.TYPES.contains(item.type()));
        items.addAll(appended.items());
        return items;
    }

    /** What items in the middle of the prompt add to its fixed fields. */
    public AppendedSettings appended() {
        return appended;
    }

    public int epoch() {
        return epoch;
    }

    /** What is known of the newest turn. */
    public TurnState turn() {
        return turn;
    }

    public long base() {
        return base;
    }

    public Usage lastUsage() {
        return lastUsage;
    }

    public Usage total() {
        return total;
    }

    /** The kind of an entry that this version of the library does not know; empty where it knows all. */
    public String unknown() {
        return unknown;
    }
}
