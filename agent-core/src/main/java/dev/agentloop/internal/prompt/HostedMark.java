package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * The fields are those of the API's specification that an item of its kind must have, or that join the two halves.
 */
/** What stands in the place of an erased call of one of the API's own tools, or of its answer: the API takes none of the two alone. */
final class HostedMark {
    private static final List<String> KEPT = List.of(
            "type", "id", "call_id", "approval_request_id", "status", "execution", "server_label", "name", "approve");

    private static final String ONE_POINT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAA"
            + "CklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg==";

    // By kind: the field that says what was done, and what stands there.
    private static final Map<String, Said> SAID = Map.ofEntries(
            Map.entry("shell_call", new Said("action", "{\"commands\":[\"" + ItemMark.TEXT + "\"]}")),
            Map.entry(
                    "shell_call_output",
                    new Said(
                            "output",
                            "[{\"stdout\":\"" + ItemMark.TEXT
                                    + "\",\"stderr\":\"\",\"outcome\":{\"type\":\"exit\",\"exit_code\":0}}]")),
            Map.entry(
                    "local_shell_call",
                    new Said("action", "{\"type\":\"exec\",\"command\":[\"" + ItemMark.TEXT + "\"],\"env\":{}}")),
            Map.entry("local_shell_call_output", new Said("output", "\"" + ItemMark.TEXT + "\"")),
            Map.entry("computer_call", new Said("action", "{\"type\":\"screenshot\"}")),
            Map.entry(
                    "computer_call_output",
                    new Said("output", "{\"type\":\"computer_screenshot\",\"image_url\":\"" + ONE_POINT + "\"}")),
            Map.entry(
                    "apply_patch_call",
                    new Said("operation", "{\"type\":\"delete_file\",\"path\":\"" + ItemMark.TEXT + "\"}")),
            Map.entry("apply_patch_call_output", new Said("output", "\"" + ItemMark.TEXT + "\"")),
            Map.entry("tool_search_call", new Said("arguments", "{}")),
            Map.entry("tool_search_output", new Said("tools", "[]")),
            Map.entry("mcp_approval_request", new Said("arguments", "\"{}\"")),
            Map.entry("mcp_approval_response", new Said("reason", "\"" + ItemMark.TEXT + "\"")));

    private HostedMark() {}

    private record Said(String field, String mark) {}

    /** The mark; null for an item that is no half of such a pair. */
    static @Nullable Item of(Item item) {
        Said said = SAID.get(item.type());
        if (said == null) {
            return null;
        }
        JsonFields fields = JsonFields.of(ItemLine.of(item));
        JsonFields environment = fields.inner("environment");
        return Item.of(Json.object(w -> {
            for (String name : KEPT) {
                JsonFields.Field field = fields.field(name);
                if (field != null) {
                    w.raw(name, fields.raw(field));
                }
            }
            // Whether the call is the host's to answer.
            if (environment != null && environment.has("type")) {
                w.object("environment", e -> {
                    e.text("type", environment.textOrEmpty("type"));
                    if (environment.has("container_id")) {
                        e.text("container_id", environment.textOrEmpty("container_id"));
                    }
                });
            }
            w.raw(said.field(), said.mark());
            if (item.type().equals("computer_call")) {
                w.raws("pending_safety_checks", List.of());
            }
        }));
    }
}
