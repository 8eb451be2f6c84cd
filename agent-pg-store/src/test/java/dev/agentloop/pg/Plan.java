package dev.agentloop.pg;

import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * How a server will run a statement, as {@code EXPLAIN (FORMAT JSON)} tells it.
 *
 * @param reads whether the statement only reads
 */
record Plan(boolean reads, String json) {
    /**
     * All that a statement may be made of: no join of tables, and of the scans those by an index or of no table. For each row of
     * {@link #GIVEN} a table may be looked into.
     */
    private static final Set<String> ALLOWED = Set.of(
            "Index Scan",
            "Index Only Scan",
            "Bitmap Heap Scan",
            "Bitmap Index Scan",
            "BitmapAnd",
            "Function Scan",
            "Subquery Scan",
            "Nested Loop",
            "CTE Scan",
            "ModifyTable",
            "LockRows",
            "Limit",
            "Result",
            "Sort",
            "Aggregate",
            "Unique",
            "Recursive Union",
            "WorkTable Scan",
            "Append",
            "Merge Append");

    private static final Set<String> BY_INDEX = Set.of("Index Scan", "Index Only Scan", "Bitmap Index Scan");

    /** Rows that are in no table, but found by the statement itself just now. */
    private static final String GIVEN = "WorkTable Scan";

    private static final Pattern CONVERSATIONS_OWN = Pattern.compile("^agent_(entry|inbox)");

    /** What is wrong with it; empty if nothing is. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        Set<String> tables = new TreeSet<>();
        JsonFields explained = JsonFields.of(json.getBytes(StandardCharsets.UTF_8));
        JsonFields root = explained.inner(explained.all().get(0));
        JsonFields plan = root == null ? null : root.inner("Plan");
        if (plan == null) {
            throw new IllegalStateException("no plan: " + json);
        }
        look(plan, faults, tables);
        if (reads && tables.size() > 1) {
            faults.add("reads " + tables);
        }
        return faults;
    }

    private static void look(JsonFields node, List<String> faults, Set<String> tables) {
        String type = String.valueOf(node.text("Node Type"));
        String condition = String.valueOf(node.text("Index Cond"));
        String index = String.valueOf(node.text("Index Name"));
        if (!ALLOWED.contains(type)) {
            faults.add(type + (node.has("Relation Name") ? " of " + node.text("Relation Name") : ""));
        }
        if (type.equals("Nested Loop")
                && !GIVEN.equals(node.inners("Plans").get(0).text("Node Type"))) {
            faults.add(type + " over a table");
        }
        if (BY_INDEX.contains(type) && !isKeyed(index, condition)) {
            faults.add("not by the key of " + index + ": " + condition);
        }
        if (node.has("Relation Name")) {
            tables.add(String.valueOf(node.text("Relation Name")).replaceAll("_[0-9]+$", ""));
        }
        for (JsonFields inner : node.inners("Plans")) {
            look(inner, faults, tables);
        }
    }

    // Processes belong to no tenant, and words have the tenant in them.
    private static boolean isKeyed(String index, String condition) {
        return switch (index) {
            case "agent_node_pkey" -> condition.contains("(node = ") || condition.contains("(node > ");
            case "agent_text_words" -> condition.contains("(words @> ");
            default ->
                hasTenant(condition)
                        && (condition.contains("(conversation ")
                                || !CONVERSATIONS_OWN.matcher(index).find());
        };
    }

    private static boolean hasTenant(String condition) {
        return condition.contains("(tenant = ") || condition.contains("((tenant)::text = ");
    }
}
