package dev.agentloop.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Usage;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The command log over conversations that the program itself has had, and over entries that it never writes. */
class LogCommandTest extends AgentTest {
    private static final String LONG = "Remember: " + "a long story. ".repeat(20_000);

    private static final Usage NEARLY_FULL = Usage.reported(260_000, 1_000, 0, 10, 0);

    private ConversationStore store() {
        return new FileStore(folder.resolve("conversations"));
    }

    private static String exit(ChildJvm agent, int exitCode) {
        assertThat(agent.exitCode()).as(agent.err()).isEqualTo(exitCode);
        return agent.err();
    }

    /** A conversation with a tool, an approval, a compaction and a failure. */
    private String talked() throws IOException {
        Files.writeString(workspace.resolve("notes.txt"), "buy bread\n".repeat(30));
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.says("I look.")
                        .andCalls("call_1", "shell_command", "{\"command\":\"cat notes.txt\"}")
                        .using(Usage.reported(1_000, 0, 0, 10, 0)),
                ScriptedResponse.calls("call_2", "shell_command", "{\"command\":\"touch made\"}")
                        .using(Usage.reported(1_100, 1_000, 0, 10, 0)),
                ScriptedResponse.says("Made.").using(NEARLY_FULL),
                ScriptedResponse.says("There was a story.").using(Usage.reported(2_000, 0, 0, 100, 0)),
                ScriptedServer.error(401, "invalid_api_key", "Incorrect API key provided"))) {
            String id;
            try (ChildJvm agent = start(server, "exec", "-")) {
                agent.type(LONG).endInput();
                id = conversation(exit(agent, ExitCode.AWAITING_APPROVAL));
            }
            try (ChildJvm agent = start(server, "approve", id)) {
                exit(agent, ExitCode.FINISHED);
            }
            try (ChildJvm agent = start(server, "exec", "--resume", id, "Go \u001b[2Kon")) {
                exit(agent, ExitCode.FAILED);
            }
            return id;
        }
    }

    /** Appends an entry of a kind that nobody knows, and erases the user's first message. */
    private void change(String id) {
        try (ConversationStore store = store()) {
            LogPosition head = store.head(id).orElseThrow();
            store.append(
                    id,
                    head,
                    List.of(LogEntry.after(
                            head, "from.the.future", 0, 1, "{\"answer\":42}".getBytes(StandardCharsets.UTF_8))));
            store.erase(
                    id,
                    store.read(id, 0, 100).stream()
                            .filter(entry -> entry.kind().equals("item.user"))
                            .limit(1)
                            .collect(Collectors.toMap(
                                    LogEntry::version, entry -> "{}".getBytes(StandardCharsets.UTF_8))));
        }
    }

    @Test
    void text_tellsWhatHappened() throws IOException {
        String id = talked();
        String before = look(ExitCode.FINISHED, "log", id);
        assertThat(before)
                .containsPattern(" 1  conversation " + id + " begun at \\S+, format 1\n")
                .containsPattern("epoch 1, conversation_started: gpt-5.1-codex, \\d+ tools\n")
                .containsPattern("turn 1 at 20\\S+Z by \\S+\n")
                .containsPattern(
                        "user: Remember: a long story.*…\n +\\[280,009 characters; --full prints them all\\]\n")
                .contains("    model: I look.\n", "    calls shell_command (call_1): {\"command\":\"cat notes.txt\"}\n")
                .containsPattern("call_1 gave:\n +Exit code: 0\n")
                .contains("            buy bread\n", "characters; --full prints them all]\n")
                .containsPattern("step 2 at 20\\S+Z: 1,100 tokens in, 90 % of them cached, 10 out\n")
                .containsPattern("  call_2 needs approval: .*; never expires\n")
                .containsPattern(
                        "turn 1 ended at 20\\S+Z: awaiting approval \\(1 tool call .*\\) after 2 steps and \\d+\\.\\d s; 2,100 tokens in")
                .contains("  call_2 approved\n")
                .containsPattern("turn 2 ended at 20\\S+Z: finished after 1 step ")
                .containsPattern("compaction by summary begun; may use about ")
                .containsPattern(
                        "epoch 2, context_compacted: gpt-5.1-codex, \\d+ tools, \\d+ items\n"
                                + " +compacted by summary \\(before turn\\): 260,\\d+ tokens before, about [\\d,]+ after; used 2,000")
                .contains("    user: Go \\u001b[2Kon\n")
                .containsPattern("turn 3 ended at 20\\S+Z: failed \\(.*401.*\\) after 1 step")
                .containsPattern("\n {8}\\d+ entries, 3 turns; 26\\d,\\d+ tokens in")
                .doesNotContain("\u001b", "cost", "unknown");
        change(id);
        assertThat(look(ExitCode.FINISHED, "log", "--prices", "1,0,0,0", id))
                .containsPattern(" item\\.user: erased\n")
                .contains("    unknown kind from.the.future: {\"answer\":42}\n")
                .containsPattern("step 2 at 20\\S+Z: 1,100 tokens in, 90 % of them cached, 10 out, cost 0.0001\n")
                .containsPattern("3 turns; .* out, cost 0\\.2\\d+\n")
                .doesNotContain("a long story");
        assertThat(look(ExitCode.FINISHED, "log", "--full", id))
                .contains("buy bread\n            ".repeat(29) + "buy bread\n")
                .doesNotContain("--full prints");
    }

    @Test
    void json_isEveryEntryAsItIsStored() throws IOException {
        String id = talked();
        change(id);
        List<String> lines =
                look(ExitCode.FINISHED, "log", "--json", id).lines().toList();
        List<LogEntry> entries;
        try (ConversationStore store = store()) {
            entries = store.read(id, 0, 1_000);
        }
        assertThat(lines).hasSameSizeAs(entries);
        for (int i = 0; i < lines.size(); i++) {
            LogEntry entry = entries.get(i);
            JsonNode line = new ObjectMapper().readTree(lines.get(i));
            assertThat(line.path("version").asLong()).isEqualTo(i + 1);
            assertThat(line.path("kind").asText()).isEqualTo(entry.kind());
            assertThat(line.path("turn").asLong()).isEqualTo(entry.turn());
            assertThat(line.path("base").asLong()).isEqualTo(entry.base());
            assertThat(line.path("hash").asText()).isEqualTo(entry.hash());
            byte[] payload = entry.payload();
            assertThat(lines.get(i))
                    .endsWith(
                            payload == null
                                    ? ",\"erased\":true}"
                                    : ",\"payload\":" + new String(payload, StandardCharsets.UTF_8) + "}");
        }
        assertThat(lines).filteredOn(line -> line.contains(",\"erased\":true")).hasSize(1);
    }

    /** Appends entries, each written as its kind, a space and its payload. */
    private void append(String id, String... written) {
        List<LogEntry> entries = new ArrayList<>();
        LogPosition position = LogPosition.START;
        for (String one : written) {
            int space = one.indexOf(' ');
            byte[] payload = one.substring(space + 1).getBytes(StandardCharsets.UTF_8);
            LogEntry entry = LogEntry.after(position, one.substring(0, space), 0, 0, payload);
            entries.add(entry);
            position = entry.position();
        }
        try (ConversationStore store = store()) {
            store.append(id, LogPosition.START, entries);
        }
    }

    @Test
    void logOfManyPages_isRead() {
        String[] entries = new String[1_230];
        Arrays.setAll(
                entries,
                i ->
                        "item.user {\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"number "
                                + i + "\"}]}");
        append("01900000-0000-7000-8000-000000000001", entries);
        assertThat(look(ExitCode.FINISHED, "log", "--json", "last").lines()).hasSize(1_230);
        assertThat(look(ExitCode.FINISHED, "log", "last"))
                .contains("  1230    user: number 1229\n", "1,230 entries, 0 turns; 0 tokens in");
    }

    @Test
    void idThatTheServerGave_isSaid_whereTheCallHasAnother() {
        append(
                "01900000-0000-7000-8000-000000000001",
                "call.renamed {\"from\":\"call_0\",\"call_id\":\"call_0~2\"}",
                "call.renamed {\"from\":\"\",\"call_id\":\"~4\"}");
        assertThat(look(ExitCode.FINISHED, "log", "last"))
                .contains("the server calls call_0~2 call_0\n", "the server calls ~4 by no id\n");
    }

    private void appendWhatACrashLeft() {
        append(
                "01900000-0000-7000-8000-000000000001",
                "turn.begun {\"owner\":\"node-1/a\",\"at\":1000}",
                "tool.started {\"call\":2,\"call_id\":\"call_1\"}",
                "compaction.begun {\"by\":\"summary\",\"usage\":{\"input_tokens\":500,\"output_tokens\":50}}",
                "turn.begun {\"owner\":\"node-2/b\",\"at\":2000,\"allowed_tools\":[\"read_file\"]}",
                "aside.partial {\"text\":\"Once upon\"}",
                "response.broken {\"cause\":\"the connection broke\",\"usage\":{\"input_tokens\":7}}",
                "approval.asked {\"call_id\":\"call_2\",\"question\":\"may it?\",\"expires_at\":3000}",
                "approval.asked {\"call_id\":\"call_3\",\"question\":\"may it?\",\"expires_at\":3000}",
                "approval.decided {\"call_id\":\"call_3\",\"approved\":false,\"reason\":\"nobody decided\"}",
                "compaction.failed {\"by\":\"server\",\"cause\":\"it was too long\",\"usage\":{\"input_tokens\":3}}",
                "aside.output.9 {\"call_id\":\"call_4\",\"text\":\"" + "x".repeat(2_000) + "\"}",
                "item.user [1]",
                "fork {\"of\":\"01900000-0000-7000-8000-000000000000\",\"version\":11}",
                "turn.begun {\"owner\":\"node-3/c\",\"at\":4000}",
                "turn.ended {\"outcome\":\"LimitReached\",\"detail\":\"2 of 2\",\"steps\":2,\"at\":66000}",
                "redacted {\"reason\":\"asked for\",\"versions\":[3,4]}",
                "erased {}",
                "sealed {\"reason\":\"moved\"}");
    }

    @Test
    void whatACrashLeft_isSaid() {
        appendWhatACrashLeft();
        assertThat(look(ExitCode.FINISHED, "log", "last"))
                .contains("turn 1 at 1970-01-01T00:00:01Z by node-1/a\n")
                .contains("turn 1 has no end: it is under way, or its process has died; 500 tokens in")
                .contains("turn 2 at 1970-01-01T00:00:02Z by node-2/b; may call read_file\n")
                .contains("  taken over from node-1/a, which did not end its turn\n")
                .contains("unfinished answer: Once upon\n")
                .contains("the response broke off: the connection broke; 7 tokens in")
                .contains("call_2 needs approval: may it?; expires at 1970-01-01T00:00:03Z\n")
                .contains("call_3 refused: nobody decided\n")
                .contains("compaction by server failed, and nothing was changed: it was too long; used 3 tokens in")
                .contains("call_4 gave 2,000 characters, cut for the model; --full prints them all\n")
                .contains("forked from 01900000-0000-7000-8000-000000000000 after its version 11\n")
                .contains("item.user, which cannot be read: [1]\n", "turn 3 at 1970-01-01T00:00:04Z by node-3/c\n")
                .contains("turn 3 ended at 1970-01-01T00:01:06Z: limit reached (2 of 2) after 2 steps and 1 min 2 s; ")
                .contains("to be erased: the entries 3, 4; asked for\n", "sealed: nothing follows; moved\n")
                .doesNotContain("taken over from node-2/b", "unknown")
                .contains("18 entries, 3 turns; 510 tokens in, 0 % of them cached, 50 out\n")
                .contains("call call_1 was started and has no output\n", "call call_2 awaits a decision; its question");
        assertThat(look(ExitCode.FINISHED, "log", "--full", "last"))
                .contains("call_4 gave in full: " + "x".repeat(2_000));
    }

    @Test
    void whatIsAlwaysAllowed_isSaid_whereItWasGiven_andAtTheEnd() {
        append(
                "01900000-0000-7000-8000-000000000001",
                "approval.decided {\"call\":1,\"call_id\":\"call_1\",\"approved\":true,\"reason\":\"\",\"rule\":\"commands a\"}",
                "fork {\"of\":\"01900000-0000-7000-8000-000000000000\",\"version\":1}",
                "approval.decided {\"call\":3,\"call_id\":\"call_2\",\"approved\":true,\"reason\":\"\",\"rule\":\"commands b\"}",
                "approval.decided {\"call\":4,\"call_id\":\"call_3\",\"approved\":true,\"reason\":\"\",\"rule\":\"commands c\"}",
                "rule.revoked {\"call\":3}");
        assertThat(look(ExitCode.FINISHED, "log", "last"))
                .contains("call_1 approved\n", "always allowed from here on: commands a\n")
                .contains("no longer always allowed: commands b\n")
                .contains("        always allowed: commands c\n")
                .doesNotContain("        always allowed: commands a", "        always allowed: commands b");
    }

    @Test
    void id_canBeCutShort() {
        String first = "01900000-0000-7000-8000-00000000000a";
        String second = "01900000-0000-7000-8000-00000000000b";
        String third = "01910000-0000-7000-8000-000000000000";
        for (String id : List.of(first, second, third)) {
            append(id, "fork {\"of\":\"" + id + "\",\"version\":1}");
        }
        assertThat(look(ExitCode.FINISHED, "log", "last")).contains("forked from " + third);
        assertThat(look(ExitCode.FINISHED, "log", "0191")).contains("forked from " + third);
        assertThat(look(ExitCode.FINISHED, "log", "01900000-0000-7000-8000-00000000000A"))
                .contains("forked from " + first);
        assertThat(look(ExitCode.USAGE, "log", "0190"))
                .contains("several conversations begin with 0190: " + second + ", " + first + "; give more of the id");
        assertThat(look(ExitCode.USAGE, "log", "0192")).contains("there is no conversation 0192 in ", "with --store");
    }
}
