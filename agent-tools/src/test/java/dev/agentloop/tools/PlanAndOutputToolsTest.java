package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlanAndOutputToolsTest {
    private final Calls plans = new Calls(List.of(PlanTools.plan()));

    @Test
    void plan_valid_isAnswered() throws Exception {
        assertThat(plans.ok(
                        "update_plan",
                        "explanation",
                        "first look",
                        "plan",
                        List.of(
                                Map.of("step", "read", "status", "completed"),
                                Map.of("step", "write", "status", "in_progress"),
                                Map.of("step", "check", "status", "pending"))))
                .isEqualTo("Plan updated");
        assertThat(plans.ok("update_plan", "plan", List.of())).isEqualTo("Plan updated");
    }

    @Test
    void plan_invalid_isRefused() throws Exception {
        Map<String, String> running = Map.of("step", "a", "status", "in_progress");

        assertThat(plans.error("update_plan", "plan", List.of(running, running)))
                .isEqualTo("failed to parse function arguments: at most one step can be `in_progress`, got 2; "
                        + "make the others `pending`");
        assertThat(plans.error("update_plan", "plan", List.of(Map.of("step", "a", "status", "done"))))
                .isEqualTo("failed to parse function arguments: `status` must be one of `pending`, `in_progress`, "
                        + "`completed`, got `done`");
        assertThat(plans.error("update_plan", "plan", List.of(Map.of("step", "a"))))
                .isEqualTo("failed to parse function arguments: missing field `status` (string)");
        assertThat(plans.error("update_plan", "plan", List.of(Map.of("step", " ", "status", "pending"))))
                .endsWith("a `step` is empty");
        assertThat(plans.error("update_plan", "plan", "read")).endsWith("`plan` must be an array, got string \"read\"");
        assertThat(plans.error("update_plan")).endsWith("missing field `plan` (array)");
    }

    private static ToolOutput page(String text, String arguments) throws Exception {
        Tool paging = OutputTools.paging();
        return paging.call(
                ToolCall.function("call_9", "read_output", arguments), new Calls.Context(Map.of("call_1", text)));
    }

    @Test
    void paging_lines_countsThemAll() throws Exception {
        String text = IntStream.rangeClosed(1, 500).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));

        assertThat(page(text, "{\"call_id\":\"call_1\",\"offset\":499}").text())
                .isEqualTo("Lines 499 to 500 of 500:\nline 499\nline 500\n");
        assertThat(page(text, "{\"call_id\":\"call_1\"}").text())
                .startsWith("Lines 1 to 200 of 500:\nline 1\n")
                .endsWith("\nline 200\n");
        assertThat(page(text, "{\"call_id\":\"call_1\",\"offset\":501}").text())
                .isEqualTo("offset 501 is after the end; the output has 500 lines");
        assertThat(page(text, "{\"call_id\":\"call_2\"}").text())
                .isEqualTo(
                        "no truncated output of call id `call_2`; the id stands in the warning at the beginning of a "
                                + "truncated output");
    }

    @Test
    void paging_withoutLineBreaks_goesThroughAllOfIt() throws Exception {
        String text = "\uD83D\uDE00".repeat(50_000);
        StringBuilder read = new StringBuilder();
        int offset = 1;
        int of = Integer.MAX_VALUE;
        while (offset <= of) {
            String page = page(text, "{\"call_id\":\"call_1\",\"offset\":" + offset + ",\"limit\":2000}")
                    .text();
            assertThat(page.length()).isLessThan(31_000);
            String[] header = page.substring(0, page.indexOf(':')).split(" ", -1);
            offset = Integer.parseInt(header[3]) + 1;
            of = Integer.parseInt(header[5]);
            read.append(page.substring(page.indexOf('\n') + 1).replace("\n", ""));
        }

        assertThat(read).hasToString(text);
    }
}
