package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.spi.LogEntry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * The order. First the log says what is erased, together with a prompt that goes on without it and from which a reader can
 * start; then the store erases it; then the log says that it has. A crash in between leaves a log that the next turn
 * finishes.
 */
/** Erases what one item of a conversation says, in the prompt, in the log, and in the log's copies of the prompt. */
public final class Redaction {
    private static final String TEXT = "[redacted]";

    private final Log log;
    private final Events events;
    private final Item item;
    private final long version;

    /** The redaction of the item at that version; {@code IllegalArgumentException} if there is none. */
    public Redaction(Log log, Events events, long version) {
        this.log = log;
        this.events = events;
        this.version = version;
        LogEntry entry = log.store().read(log.id(), version - 1, 1).stream()
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("conversation " + log.id() + " has no version "
                        + version + " to redact; it stands at " + log.position().version()));
        if (!entry.kind().startsWith(Entry.ITEM)) {
            throw new IllegalArgumentException("entry " + version + " of conversation " + log.id() + " is "
                    + entry.kind() + ", and only items can be redacted: entries whose kind begins with item.");
        }
        this.item = Item.of(entry.content());
    }

    /** Puts the redaction into the log; what it names is erased when that is durable. */
    public void add(String reason) {
        List<Long> versions = versions();
        if (!rule().isEmpty()) {
            log.add(Entry.ruleRevoked(version));
        }
        List<Item> items = new ArrayList<>();
        for (Item each : log.fold().prompt().items()) {
            Item kept = each.equals(item) ? replacement() : each;
            if (kept != null) {
                items.add(kept);
            }
        }
        log.add(Entry.epoch(Entry.REDACTED, log.fold().prompt().head(), items));
        log.add(Entry.redacted(versions, reason));
        log.then(() -> {
            events.tell(new AgentEvent.EpochStarted(log.fold().epoch(), Entry.REDACTED));
            finish(log);
        });
    }

    /** Erases what the log says is to be erased, and puts into the log that it is. */
    static void finish(Log log) {
        List<Long> versions = log.fold().turn().toErase();
        if (!versions.isEmpty()) {
            Map<Long, byte[]> marks = new HashMap<>();
            versions.forEach(each -> marks.put(each, "{}".getBytes(StandardCharsets.UTF_8)));
            log.store().erase(log.id(), marks);
            log.add(Entry.erased());
        }
    }

    // What keeps calls and outputs in pairs stays, with nothing in it.
    private @Nullable Item replacement() {
        boolean custom = item.type().startsWith("custom_tool_call");
        if (item instanceof Item.Message message) {
            String part = message.role().equals("assistant") ? "output_text" : "input_text";
            return Item.of(Json.object(w -> w.text("type", "message")
                    .text("role", message.role())
                    .array("content", a -> a.element(p -> p.text("type", part).text("text", TEXT)))));
        }
        if (item instanceof Item.Call call) {
            return Item.of(Json.object(w -> w.text("type", call.type())
                    .text("call_id", call.callId())
                    .text("name", call.name())
                    .text(custom ? "input" : "arguments", custom ? TEXT : "{}")));
        }
        if (item instanceof Item.Output output) {
            return Item.of(Json.object(w -> w.text("type", output.type())
                    .text("call_id", output.callId())
                    .text("output", TEXT)));
        }
        return null;
    }

    // The item itself, the whole text of an output that was cut, every copy of the prompt that has it, and the
    // questions about a call, which say what the call said.
    private List<Long> versions() {
        String whole = item instanceof Item.Output output ? Entry.OUTPUT_FULL + call(output) : "";
        byte[] line = ItemLine.of(item);
        Set<Long> pieces = pieces();
        String rule = rule();
        byte[] allowed = Json.object(w -> w.text("rule", rule));
        byte[] told = Arrays.copyOfRange(allowed, 1, allowed.length - 1);
        return log.store().stream(log.id(), 0)
                .filter(entry -> entry.version() == version
                        || entry.kind().equals(whole)
                        || copies(entry, line)
                        || isOfCall(entry)
                        || pieces.contains(entry.version())
                        || !rule.isEmpty() && copies(entry, told))
                .map(LogEntry::version)
                .toList();
    }

    // What was kept of an answer while it came in, and of the tries before it.
    private Set<Long> pieces() {
        Set<Long> pieces = new HashSet<>();
        if (!(item instanceof Item.Message message) || !message.role().equals("assistant")) {
            return pieces;
        }
        for (LogEntry entry : log.store().stream(log.id(), 0).toList()) {
            if (entry.kind().equals(Entry.PARTIAL)) {
                pieces.add(entry.version());
            } else if (entry.kind().equals(Entry.RESPONSE)) {
                if (entry.version() > version) {
                    break;
                }
                pieces.clear();
            }
        }
        return pieces;
    }

    private boolean isOfCall(LogEntry entry) {
        boolean asks = entry.kind().equals(Entry.APPROVAL_ASKED) || entry.kind().equals(Entry.APPROVAL_DECIDED);
        return item instanceof Item.Call
                && asks
                && entry.payload() != null
                && JsonFields.of(entry.content()).number("call", 0) == version;
    }

    private String rule() {
        return log.fold().rules().all().stream()
                .filter(rule -> rule.call() == version)
                .map(Approver.Rule::text)
                .findFirst()
                .orElse("");
    }

    // The newest call before the output that has its id.
    private long call(Item.Output output) {
        return log.store().stream(log.id(), 0)
                .takeWhile(entry -> entry.version() < version)
                .filter(entry -> entry.kind().equals(Entry.ITEM_MODEL)
                        && entry.payload() != null
                        && Item.of(entry.content()) instanceof Item.Call call
                        && call.callId().equals(output.callId()))
                .mapToLong(LogEntry::version)
                .max()
                .orElse(0);
    }

    private static boolean copies(LogEntry entry, byte[] line) {
        return entry.kind().equals(Entry.EPOCH_WINDOW)
                && entry.payload() != null
                && new String(entry.content(), StandardCharsets.ISO_8859_1)
                        .contains(new String(line, StandardCharsets.ISO_8859_1));
    }
}
