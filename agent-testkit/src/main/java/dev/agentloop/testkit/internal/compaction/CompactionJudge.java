package dev.agentloop.testkit.internal.compaction;

import dev.agentloop.Item;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.request.PairingRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Judges a shortened prompt by the items before and after and by what the one who held the conversation knows of it. Has
 * nothing in common with the rules of the loop, so that neither hides a fault of the other.
 */
final class CompactionJudge {
    private static final List<String> CONTEXT =
            List.of("<permissions instructions>", "# AGENTS.md instructions", "<environment_context>", "Developer: ");
    private static final int BYTES_PER_TOKEN = 4;
    // By its size in patches; how many bytes tell of it is nobody's gain.
    private static final int IMAGE_TOKENS = 1_844;

    private final Known known;
    private final List<Item> before;
    private final List<Item> after;
    private final Map<CompactionInvariant, String> problems = new EnumMap<>(CompactionInvariant.class);

    /**
     * What is known of a conversation.
     *
     * @param said the messages of the user's, in any order
     * @param responses the items of the model's responses, the oldest first
     * @param pins what is pinned now
     * @param keptTools the names of the tools whose newest call stays
     */
    record Known(Collection<Item> said, List<List<Item>> responses, Collection<Item> pins, Set<String> keptTools) {}

    private CompactionJudge(Known known, List<Item> before, List<Item> after) {
        this.known = known;
        this.before = List.copyOf(before);
        this.after = List.copyOf(after);
    }

    /** What is wrong with a prompt that took the place of another one; empty where nothing is. */
    static Map<CompactionInvariant, String> prompt(boolean returned, Known known, List<Item> before, List<Item> after) {
        CompactionJudge judge = new CompactionJudge(known, before, after);
        judge.judge();
        judge.problems.keySet().removeIf(invariant -> !invariant.holdsFor(returned));
        return judge.problems;
    }

    /** What is wrong with a window as a compactor gave it, before the loop has put anything back. */
    static Map<CompactionInvariant, String> window(
            boolean returned, Known known, List<Item> before, List<Item> window) {
        CompactionJudge judge = new CompactionJudge(known, before, window);
        judge.judge();
        judge.problems.keySet().removeIf(invariant -> !invariant.isTheCompactors(returned));
        return judge.problems;
    }

    private void judge() {
        size();
        pairs();
        reasoning();
        newestOf("message of the user's", CompactionInvariant.USER_MESSAGE, known.said()::contains);
        newestResponse();
        known.keptTools().forEach(this::newestCall);
        known.pins().stream()
                .filter(before::contains)
                .forEach(pin -> stays(CompactionInvariant.PINS, "pin", List.of(pin)));
        serverItem();
        CONTEXT.forEach(this::context);
        settings();
    }

    private void problem(CompactionInvariant invariant, String text) {
        problems.putIfAbsent(invariant, text);
    }

    private void size() {
        if (after.isEmpty()) {
            problem(CompactionInvariant.NOT_EMPTY, "nothing is left");
        }
        long tokensBefore = tokens(before);
        long tokensAfter = tokens(after);
        if (tokensAfter >= tokensBefore) {
            problem(CompactionInvariant.SMALLER, "about " + tokensAfter + " tokens instead of " + tokensBefore);
        }
    }

    // What fills a context is tokens, of which each item has a whole number: fewer items with as many bytes have fewer.
    static long tokens(List<Item> items) {
        return items.stream()
                .mapToLong(item -> {
                    List<Integer> images = images(item);
                    int text = item.bytes().remaining()
                            - images.stream().mapToInt(Integer::intValue).sum();
                    return (text + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN + (long) IMAGE_TOKENS * images.size();
                })
                .sum();
    }

    /** How many bytes tell of each image of an item. */
    private static List<Integer> images(Item item) {
        JsonFields fields = JsonFields.of(item.json().getBytes(StandardCharsets.UTF_8));
        List<Integer> images = new ArrayList<>();
        for (String name : List.of("content", "output")) {
            JsonFields parts = fields.inner(name);
            if (parts == null) {
                continue;
            }
            for (JsonFields.Field place : parts.all()) {
                JsonFields part = parts.inner(place);
                if (part != null && "input_image".equals(part.text("type"))) {
                    images.add(place.end() - place.start());
                }
            }
        }
        return images;
    }

    private void pairs() {
        List<String> broken = PairingRules.problems(after);
        if (!broken.isEmpty()) {
            problem(CompactionInvariant.PAIRED, String.join("; ", broken));
        }
    }

    private void reasoning() {
        Map<Item, Item> ledTo = new HashMap<>();
        Map<Item, Item> cameFrom = new HashMap<>();
        for (int i = 1; i < before.size(); i++) {
            if (before.get(i - 1) instanceof Item.Reasoning) {
                ledTo.put(before.get(i - 1), before.get(i));
                cameFrom.put(before.get(i), before.get(i - 1));
            }
        }
        for (int i = 0; i < after.size(); i++) {
            Item item = after.get(i);
            Item next = i + 1 < after.size() ? after.get(i + 1) : null;
            Item previous = i > 0 ? after.get(i - 1) : null;
            if (item instanceof Item.Reasoning && !Objects.equals(ledTo.get(item), next)) {
                problem(CompactionInvariant.REASONING, "item " + i + " is reasoning without what it led to");
            }
            if (item instanceof Item.Call && !Objects.equals(cameFrom.getOrDefault(item, previous), previous)) {
                problem(CompactionInvariant.REASONING, "item " + i + " is a call without its reasoning");
            }
        }
    }

    private void newestOf(String what, CompactionInvariant invariant, Predicate<Item> is) {
        for (int i = before.size() - 1; i >= 0; i--) {
            if (is.test(before.get(i))) {
                stays(invariant, "newest " + what, List.of(before.get(i)));
                return;
            }
        }
    }

    private void newestResponse() {
        for (int i = known.responses().size() - 1; i >= 0; i--) {
            // Of one that was cut off, by a fork, only the beginning is there.
            int at = before.lastIndexOf(known.responses().get(i).get(0));
            if (at >= 0) {
                stays(
                        CompactionInvariant.NEWEST_RESPONSE,
                        "newest response and all after it",
                        before.subList(at, before.size()));
                return;
            }
        }
    }

    private void newestCall(String tool) {
        for (int i = before.size() - 1; i >= 0; i--) {
            if (before.get(i) instanceof Item.Call call && call.name().equals(tool)) {
                List<Item> pair = new ArrayList<>(List.of(call));
                before.stream()
                        .filter(item -> item instanceof Item.Output output
                                && output.callId().equals(call.callId()))
                        .forEach(pair::add);
                if (!after.containsAll(pair)) {
                    problem(CompactionInvariant.KEPT_TOOLS, "the newest call of " + tool + ", or its output, is gone");
                }
                return;
            }
        }
    }

    private void stays(CompactionInvariant invariant, String what, List<Item> items) {
        if (Collections.indexOfSubList(after, items) < 0) {
            problem(invariant, "the " + what + " is not there word for word: " + items.get(0));
        }
    }

    private void serverItem() {
        boolean there = after.stream()
                .anyMatch(item -> item instanceof Item.Compaction
                        && !String.valueOf(PairingRules.fields(item).text("id")).isEmpty()
                        && PairingRules.fields(item).has("id"));
        if (!there) {
            problem(CompactionInvariant.SERVER_ITEM, "there is no compaction item with the server's id");
        }
    }

    /** Of each section the newest holds, so the newest must be the same. */
    private void context(String start) {
        Item then = newestMessage(before, start);
        if (then != null && !then.equals(newestMessage(after, start))) {
            problem(CompactionInvariant.CONTEXT, "the newest \"" + start + "\" is another one now, or gone");
        }
    }

    private static @Nullable Item newestMessage(List<Item> items, String start) {
        Item newest = null;
        for (Item item : items) {
            newest = item instanceof Item.Message message && message.text().startsWith(start) ? item : newest;
        }
        return newest;
    }

    private void settings() {
        Map<String, String> then = settings(before);
        Map<String, String> now = settings(after);
        if (!then.equals(now)) {
            problem(CompactionInvariant.SETTINGS, "appended were " + then + ", and now " + now);
        }
    }

    /** The effort and the tools that were appended, as they hold behind all items. */
    private static Map<String, String> settings(List<Item> items) {
        Map<String, String> settings = new TreeMap<>();
        for (Item item : items) {
            JsonFields fields = PairingRules.fields(item);
            if (item.type().equals("configuration_update")) {
                settings.put("effort", String.valueOf(fields.raw(Objects.requireNonNull(fields.field("reasoning")))));
            } else if (item.type().equals("additional_tools")) {
                JsonFields tools = Objects.requireNonNull(fields.inner("tools"));
                tools.all()
                        .forEach(tool -> settings.put(
                                "tool "
                                        + Objects.requireNonNull(tools.inner(tool))
                                                .text("name"),
                                tools.raw(tool)));
            }
        }
        return settings;
    }
}
