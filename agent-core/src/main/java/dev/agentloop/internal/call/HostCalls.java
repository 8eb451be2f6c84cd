package dev.agentloop.internal.call;

import dev.agentloop.Item;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemLine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the API's own tools that the host must answer and the loop cannot: shell, computer, patch, approval of a remote
 * MCP server. Without an answer the API refuses the next prompt. Not thread-safe.
 */
public final class HostCalls {
    /** The kinds of such calls, each with the kind of its answer. */
    private static final Map<String, String> ANSWERS = Map.of(
            "shell_call", "shell_call_output",
            "local_shell_call", "local_shell_call_output",
            "computer_call", "computer_call_output",
            "apply_patch_call", "apply_patch_call_output",
            "tool_search_call", "tool_search_output",
            "mcp_approval_request", "mcp_approval_response");

    private static final Set<String> OUTPUTS = Set.copyOf(ANSWERS.values());

    private final List<Open> open = new ArrayList<>();

    /** A call, and all that an answer may name it by. */
    private record Open(String type, Set<String> ids) {}

    /** Whether an item is what a host answers such a call with. */
    public static boolean isAnswer(Item item) {
        return OUTPUTS.contains(item.type());
    }

    /** The first of the host's answers in a prompt that has no call before it, in words; null where each has one. */
    public static @Nullable String strayAnswer(List<Item> items) {
        List<Item> paired = withoutStrayAnswers(items);
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            if (i == paired.size() || !item.equals(paired.get(i))) {
                return item.type() + " " + ids(JsonFields.of(ItemLine.of(item)));
            }
        }
        return null;
    }

    /** The items without the host's answers that have no call before them. */
    public static List<Item> withoutStrayAnswers(List<Item> items) {
        Set<String> called = new HashSet<>();
        List<Item> paired = new ArrayList<>(items.size());
        for (Item item : items) {
            boolean call = ANSWERS.containsKey(item.type());
            Set<String> ids = call || isAnswer(item) ? ids(JsonFields.of(ItemLine.of(item))) : Set.of();
            if (call) {
                called.addAll(ids);
            }
            if (!isAnswer(item) || !Collections.disjoint(ids, called)) {
                paired.add(item);
            }
        }
        return paired;
    }

    /** Takes in an item of the prompt, in order. */
    public void note(Item item) {
        if (ANSWERS.containsKey(item.type())) {
            JsonFields fields = JsonFields.of(ItemLine.of(item));
            if (!doneByServer(item.type(), fields)) {
                open.add(new Open(item.type(), ids(fields)));
            }
        } else if (isAnswer(item)) {
            Set<String> ids = ids(JsonFields.of(ItemLine.of(item)));
            open.removeIf(call -> !Collections.disjoint(call.ids(), ids));
        }
    }

    // A shell in the provider's own container, and a search for tools that the server makes, are not the host's to
    // answer.
    private static boolean doneByServer(String type, JsonFields call) {
        if (type.equals("tool_search_call")) {
            return !"client".equals(call.text("execution"));
        }
        JsonFields environment = call.inner("environment");
        String where = environment == null ? null : environment.text("type");
        return where != null && where.startsWith("container");
    }

    private static Set<String> ids(JsonFields item) {
        Set<String> ids = new LinkedHashSet<>();
        for (String name : List.of("call_id", "id", "approval_request_id")) {
            String id = item.text(name);
            if (id != null && !id.isEmpty()) {
                ids.add(id);
            }
        }
        return ids;
    }

    /** Starts again, with the items of a prompt that begins again. */
    public void restart(List<Item> items) {
        open.clear();
        items.forEach(this::note);
    }

    /** What awaits an answer of the host's, in words; null where nothing does. */
    public @Nullable String unanswered() {
        return open.isEmpty()
                ? null
                : open.stream()
                        .map(call -> call.type() + " "
                                + call.ids().stream().findFirst().orElse("without an id"))
                        .collect(Collectors.joining(", "));
    }

    /** Refuses new input while something awaits an answer that is not in it. */
    public void check(String conversation, List<Item> input) {
        if (open.isEmpty() || input.isEmpty()) {
            return;
        }
        HostCalls after = new HostCalls();
        after.open.addAll(open);
        input.forEach(after::note);
        String unanswered = after.unanswered();
        if (unanswered != null) {
            throw new IllegalStateException("conversation " + conversation + " has calls that only you can answer: "
                    + unanswered + "; append their outputs first, the API refuses a prompt without them");
        }
    }
}
