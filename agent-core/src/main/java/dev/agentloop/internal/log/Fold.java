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
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.prompt.PromptEnding;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a log says, entry by entry: the prompt, the calls without output, and what a run needs to know to go on.
 *
 * <p>A pure function of the entries: a process that reads a log and the one that wrote it have the same fold, so they send
 * the same bytes. Not thread-safe.
 */
public final class Fold {
    private static final String USAGE = "usage";
    private static final Set<String> COMPACTIONS = Set.of("compaction", "compaction_summary");

    private final Calls calls = new Calls();
    private final GivenRules rules = new GivenRules();
    private final ContextSections sections = new ContextSections();
    private final NewestResponse response = new NewestResponse();
    private final GrowingPrompt growing = new GrowingPrompt();
    private final CompactionState compactions = new CompactionState();
    private final HostCalls hostCalls = new HostCalls();
    private int breakpoints;
    private String unknown = "";
    private boolean hasNames = true;
    private int epoch;
    private @Nullable Prompt sent;
    private @Nullable String newEpoch;
    private final TurnState turn = new TurnState();
    private long base;
    private Usage total = Usage.NONE;

    public void apply(LogEntry entry) {
        apply(entry, null);
    }

    /** The same with the item that the entry has the bytes of, which is not read from them again; null where there is none. */
    void apply(LogEntry entry, @Nullable Item known) {
        String kind = entry.kind();
        turn.entry(entry.turn());
        base = entry.base();
        if (kind.startsWith(Entry.ITEM)) {
            item(entry, known);
            return;
        }
        if (kind.startsWith(LogEntry.ASIDE)) {
            aside(kind, entry.version());
            return;
        }
        if (entry.isErased() && entry.payload() == null) {
            return; // An older version of this library has restated the prompt since.
        }
        JsonFields fields = JsonFields.of(entry.content());
        switch (kind) {
            case Entry.CONVERSATION -> unknown = Entry.unknownFormat(fields);
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
            case Entry.COMPACTION_BEGUN -> total = total.plus(compactions.begun(Entry.usage(fields, USAGE)));
            case Entry.COMPACTION_FAILED -> total = total.plus(compactions.failed(fields));
            default -> unknown = kind;
        }
    }

    private void aside(String kind, long version) {
        if (kind.startsWith(Entry.OUTPUT_FULL)) {
            calls.keptWhole(kind.substring(Entry.OUTPUT_FULL.length()), version);
        } else if (kind.equals(Entry.PARTIAL)) {
            turn.partial(version);
        }
    }

    private void fork() {
        rules.forked();
        calls.forked();
        turn.forked(response.underWay());
        if (response.underWay()) {
            // The rest of it comes in the other conversation.
            growing.dropTrailingReasoning(compactions.tail());
            calls.responseEnded(true);
            compactions.responseEnded(false, false);
            response.end(null, false);
        }
        total = total.plus(compactions.lost());
        growing.endingChanged();
    }

    private void turn(String kind, JsonFields fields) {
        // A compaction that is still under way when a turn begins or ends was taken away by a crash or a cancellation.
        total = total.plus(compactions.lost());
        if (kind.equals(Entry.TURN_BEGUN)) {
            turn.begun(fields);
            placeWhatIsForked();
            turn.asks(response.text() == null);
        } else {
            turn.ended();
        }
        growing.endingChanged();
    }

    private void epoch(JsonFields fields, long version) {
        JsonFields.Field head = fields.field("head");
        if (head == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "entry " + version + " (epoch) has no head");
        }
        boolean first = !growing.begun();
        List<Long> gone = ItemTable.numbers(fields, Entry.REDACTED);
        if (!gone.isEmpty() && !first) {
            // As where the log is read with marks: all that is known of the items has them.
            replace(item -> item.redacted(Set.copyOf(gone)));
            calls.redacted(Set.copyOf(gone));
            rules.redacted(Set.copyOf(gone));
        }
        JsonFields window = fields.inner("window");
        List<NamedItem> before = first ? List.of() : named();
        JsonFields state = fields.inner(Entry.STATE);
        ItemTable table = window == null
                ? ItemTable.of(before)
                : ItemTable.read(WindowNames.of(window, fields, before, version), first ? state : null);
        List<NamedItem> items = table.window();
        growing.begin(ChunkedPrompt.of(fields.raw(head)), items);
        compactions.restarted();
        if (window != null) {
            growing.passedOver(WindowNames.erased(window, fields));
            restated(fields, version, before, table);
        }
        newEpoch = fields.textOrEmpty("reason");
        if (newEpoch.equals(Entry.REDACTED) && gone.isEmpty()) {
            response.keepOnly(items);
            calls.redacted(Set.of());
        }
        if (newEpoch.equals(Entry.REDACTED)) {
            breakpoints = growing.breakpoints(compactions.tail());
        }
        epoch++;
        hasNames &= !first || window == null || version == 1 || fields.has(ItemTable.VERSIONS);
        if (first && state != null) {
            read(state, table);
        }
    }

    private void replace(Function<NamedItem, @Nullable NamedItem> with) {
        growing.replace(with, compactions);
        sections.replace(with);
        response.replace(with);
        compactions.replace(with);
    }

    /** Whether the items have the names of their entries; not where the window that was read first says none. */
    public boolean hasNames() {
        return hasNames;
    }

    /** Takes the names of the items from a fold of the whole log. */
    public void takeNames(Fold whole) {
        replace(NamedItem.namesOf(whole.named()));
        hasNames = true;
    }

    /** Writes, into the entry that restates all items, what a reader cannot tell from them. */
    public void write(Json.Writer out) throws IOException {
        List<NamedItem> items = named();
        ItemTable table = ItemTable.of(items);
        out.object("turn", turn::write).text("unknown", unknown);
        out.number("epoch", epoch).number("breakpoints", breakpoints);
        response.write(out, table);
        Entry.writeUsage(out, "total", total);
        growing.writeDeferred(out, table);
        List<NamedItem> all =
                Stream.concat(items.stream(), growing.deferred().stream()).toList();
        sections.write(out, all, table);
        calls.write(out, table);
        rules.write(out);
        compactions.write(out, all, table);
        table.write(out);
    }

    // What write() wrote, when this entry is the first that is read.
    private void read(JsonFields state, ItemTable table) {
        JsonFields newest = state.inner("turn");
        if (newest != null) {
            turn.read(newest);
        }
        unknown = state.textOrEmpty("unknown");
        epoch = (int) state.number("epoch", 1);
        breakpoints = (int) state.number("breakpoints", 0);
        response.read(state, table);
        total = Entry.usage(state, "total");
        growing.readDeferred(state, table);
        sections.read(state, table, growing.deferred());
        calls.read(state, table);
        rules.read(state);
        compactions.read(state, table);
        growing.deferred().forEach(compactions::waits);
    }

    private void restated(JsonFields fields, long version, List<NamedItem> before, ItemTable table) {
        List<NamedItem> named = table.window();
        List<Item> items = named.stream().map(NamedItem::item).toList();
        calls.restated(named);
        compactions.restated(before, named, growing.deferred());
        JsonFields roles = fields.inner(Entry.ROLES);
        if (roles != null) {
            compactions.readRoles(roles, table, growing.deferred());
            calls.readFullOutputs(roles);
        }
        if (fields.has("by")) {
            compactions.ended(version, fields);
            total = total.plus(Entry.usage(fields, USAGE));
        }
        hostCalls.restart(items);
        sections.restated(named, growing.deferred());
    }

    private void item(LogEntry entry, @Nullable Item known) {
        String kind = entry.kind();
        boolean ofModel = kind.equals(Entry.ITEM_MODEL);
        placeWhatIsForked();
        response.notFinal();
        if (ofModel && !response.underWay()) {
            response.begin();
            responseBegun(true);
        }
        Item item = known != null ? known : entry.isErased() ? mark(entry) : Item.of(entry.content());
        if (item == null) {
            return;
        }
        hostCalls.note(item);
        if (item.type().equals(AppendedSettings.TOOLS)) {
            growing.endingChanged();
        }
        NamedItem named = new NamedItem(item, entry.version());
        sections.note(kind, named);
        if (item instanceof Item.Output output && answers(output, named, ofModel)) {
            return;
        }
        if (ofModel) {
            response.said(named);
            ofModel(item.type());
        } else {
            turn.asks(true);
        }
        (ofModel || !midway() ? growing.unplaced() : growing.deferred()).add(named);
        if (item instanceof Item.Call call) {
            calls.received(call, entry.version());
        }
        compactions.note(kind, named);
        breakpoints += ofModel ? 0 : ItemLine.breakpoints(item);
    }

    // A call has one output, the first that the loop or the host gives: the server has none to give.
    private boolean answers(Item.Output output, NamedItem named, boolean ofModel) {
        Call call = calls.open().get(output.callId());
        if (call != null && call.output() == null && !ofModel) {
            call.output(named);
            place();
        }
        return call != null;
    }

    private void ofModel(String type) {
        response.has(type);
        if (COMPACTIONS.contains(type)) {
            compactions.received();
        }
    }

    // The item that stands for an erased one; null where none does.
    private @Nullable Item mark(LogEntry entry) {
        byte[] line = entry.payload();
        Item item = line != null
                ? ItemMark.read(line)
                : calls.oldMark(
                        entry.kind().equals(Entry.ITEM_USER), entry.kind().startsWith(Entry.ITEM_OUTPUT));
        if (item == null) {
            growing.passOver(entry.version());
            if (entry.kind().equals(Entry.ITEM_MODEL) && line != null) {
                ofModel(ItemMark.kindOf(line));
            }
        }
        return item;
    }

    private void responseEnded(String kind, JsonFields fields) {
        boolean answered = kind.equals(Entry.RESPONSE);
        if (!response.underWay()) {
            response.begin();
            responseBegun(answered); // Nothing of it became an item.
        }
        boolean complete = answered && !fields.has("incomplete");
        calls.responseEnded(!answered);
        Usage usage = Entry.usage(fields, USAGE);
        compactions.counted(usage, prompt().size());
        compactions.responseEnded(answered, complete);
        response.end(
                answered ? fields : null,
                complete && fields.flag("end_turn", true) && calls.open().isEmpty());
        if (answered) {
            growing.endingChanged();
        }
        total = total.plus(usage);
        turn.responseEnded(!answered || complete && response.text() == null);
        place();
    }

    // Where it broke before anything of it was kept, the model has not gone on from what is new in the prompt.
    private void responseBegun(boolean goneOn) {
        calls.responseBegun();
        sent = prompt();
        if (goneOn) {
            compactions.sent(sent.size());
        }
        newEpoch = null;
        breakpoints = 0;
    }

    // Outputs become durable as they come and stand in the prompt in the order of their calls, behind the response: a
    // response is one piece of the server's own prefix, and the order of completion differs from run to run.
    // What is said meanwhile stands behind the outputs, for the same reason.
    private void place() {
        if (!response.underWay()) {
            calls.place(growing.unplaced());
        }
        if (!midway()) {
            growing.placeDeferred();
        }
    }

    // A fork has the prompt of the version that it was made at; outputs that waited for the end of a response have
    // their place as
    // soon as something comes after them.
    private void placeWhatIsForked() {
        if (!response.underWay()) {
            place();
        }
    }

    private boolean midway() {
        return response.underWay() || !calls.open().isEmpty();
    }

    /** The prompt; there must have been an epoch. */
    public Prompt prompt() {
        return growing.prompt(() -> new PromptEnding(turn.allowed(), appended().tools(), response.id()));
    }

    /** The items of the prompt with their names in the log. */
    public List<NamedItem> named() {
        return growing.items();
    }

    /** Whether an item of this name is in the prompt, or was before it was erased. */
    public boolean has(long version) {
        return growing.has(version);
    }

    /** The fixed fields of the prompt. */
    public Head head() {
        return ChunkedPrompt.fixed(prompt());
    }

    public boolean hasPrompt() {
        return growing.begun();
    }

    /** The prompt that was last sent and answered, also in an earlier epoch; null where none was. */
    public @Nullable Prompt lastSent() {
        return sent;
    }

    /** Why the prompt began again since it was last sent; null where it did not. */
    public @Nullable String newEpoch() {
        return newEpoch;
    }

    /** What is known of the newest response. */
    public NewestResponse response() {
        return response;
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
        return !growing.begun() || sections.are(prompt().items());
    }

    /** What is known of all calls. */
    public Calls calls() {
        return calls;
    }

    /** The final answer, where nothing was said after it; null elsewhere. */
    public @Nullable String answer() {
        return response.text();
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
        return sections.withAppended();
    }

    /** What items in the middle of the prompt add to its fixed fields. */
    public AppendedSettings appended() {
        return sections.appended();
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

    public Usage total() {
        return total;
    }

    /** The kind of an entry that this version of the library does not know; empty where it knows all. */
    public String unknown() {
        return unknown;
    }
}
