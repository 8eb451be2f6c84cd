package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Usage;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is counted and found of conversations, behind the appends. */
class ActivityTest {
    private static final Duration NEVER = Duration.ZERO;
    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    @BeforeAll
    static void start() {
        server = Servers.newest();
        store = Servers.store(server).activity(NEVER).open();
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    private static LogPosition append(PgConversationStore to, String id, String... kindsAndPayloads) {
        LogPosition head = to.head(id).orElse(LogPosition.START);
        List<LogEntry> entries = new ArrayList<>();
        LogPosition at = head;
        for (int i = 0; i < kindsAndPayloads.length; i += 2) {
            byte[] payload = kindsAndPayloads[i + 1].getBytes(StandardCharsets.UTF_8);
            LogEntry entry = LogEntry.after(at, kindsAndPayloads[i], 1, 1, payload);
            entries.add(entry);
            at = entry.position();
        }
        return to.append(id, head, entries);
    }

    private static String used(long input, long output) {
        return "{\"usage\":{\"input_tokens\":" + input + ",\"output_tokens\":" + output + "}}";
    }

    private static String says(String text) {
        return "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + text
                + "\"}]}";
    }

    private static Usage tokens(long input, long output) {
        return new Usage(input, 0, 0, output, 0, false);
    }

    private static UUID timed(String time, int number) {
        return new UUID(Instant.parse(time).toEpochMilli() << 16 | 0x7000, number);
    }

    /* --- usage --- */

    @Test
    void usage_ofARealConversation_isWhatTheLoopCounts() {
        AgentLoop loop = AgentLoop.builder()
                .model(ScriptedModel.answering(ScriptedResponse.says("One."), ScriptedResponse.says("Two.")))
                .store(store)
                .build();
        Conversation conversation = loop.newConversation();
        Usage first = conversation.run("Hello").usage();
        Usage both = first.plus(conversation.run("Once more").usage());
        assertThat(store.usage(conversation.id())).isEqualTo(new UsageSum(Usage.NONE, 0, 0, 0));
        store.refresh(conversation.id());
        assertThat(store.usage(conversation.id())).isEqualTo(new UsageSum(both, 2, 2, 1));
        assertThat(both.total()).isPositive();
        assertThat(store.search("once MORE", "", 10))
                .extracting(SearchMatch::conversation)
                .containsExactly(conversation.id());
    }

    @Test
    void usage_ofAFork_isItsOwn() {
        String source = newId();
        LogPosition head = append(store, source, "turn.begun", "{}", "response", used(10, 1));
        String fork = newId();
        store.fork(source, head, fork);
        append(store, fork, "fork", "{}", "response", used(5, 2), "item.user", says("onlyinthefork"));
        store.refresh(source);
        store.refresh(fork);
        assertThat(store.usage(source)).isEqualTo(new UsageSum(tokens(10, 1), 1, 1, 1));
        assertThat(store.usage(fork)).isEqualTo(new UsageSum(tokens(5, 2), 0, 1, 1));
        assertThat(store.search("onlyinthefork", "", 10)).containsExactly(new SearchMatch(fork, 5));
    }

    @Test
    void usage_ofACompaction_countsWhenItHasEnded() {
        String id = newId();
        append(store, id, "response", used(1, 1), "compaction.begun", used(100, 0));
        store.refresh(id);
        assertThat(store.usage(id).usage()).as("under way").isEqualTo(tokens(1, 1));
        append(store, id, "compaction.failed", used(40, 2));
        store.refresh(id);
        assertThat(store.usage(id).usage()).as("failed").isEqualTo(tokens(41, 3));
        append(store, id, "compaction.begun", used(100, 0));
        store.refresh(id);
        append(store, id, "turn.begun", "{}", "compaction.begun", used(7, 0), "epoch.window", used(3, 3));
        store.refresh(id);
        assertThat(store.usage(id).usage()).as("lost, and made").isEqualTo(tokens(144, 6));
    }

    @Test
    void usage_ofATenantInASpan_isByTheTimeOfTheIds() {
        PgConversationStore tenant = store.tenant("spans");
        PgConversationStore other = store.tenant("others");
        for (int hour = 0; hour < 4; hour++) {
            String id = timed("2026-01-01T0" + hour + ":00:00Z", 1).toString();
            for (PgConversationStore each : List.of(tenant, other)) {
                append(each, id, "turn.begun", "{}", "response", used(1L << hour, 1));
                each.refresh(id);
            }
        }
        assertThat(tenant.usage(Instant.parse("2026-01-01T01:00:00Z"), Instant.parse("2026-01-01T03:00:00Z")))
                .isEqualTo(new UsageSum(tokens(6, 2), 2, 2, 2));
        assertThat(tenant.usage(Instant.EPOCH, Instant.parse("9999-01-01T00:00:00Z")))
                .isEqualTo(new UsageSum(tokens(15, 4), 4, 4, 4));
        assertThat(store.tenant("nobody").usage(Instant.EPOCH, Instant.parse("9999-01-01T00:00:00Z")))
                .isEqualTo(new UsageSum(Usage.NONE, 0, 0, 0));
    }

    /* --- when it is counted --- */

    @Test
    void appends_areCountedSomeTimeLater_andWhatIsLeftWhenTheStoreCloses() throws SQLException {
        String soon = newId();
        String late = newId();
        try (PgConversationStore counting =
                Servers.store(server).activity(Duration.ofMillis(50)).open()) {
            append(counting, soon, "response", used(3, 4));
            await().until(() -> store.usage(soon).usage().equals(tokens(3, 4)));
        }
        try (PgConversationStore counting =
                Servers.store(server).activity(Duration.ofHours(1)).open()) {
            append(counting, late, "response", used(5, 6));
            assertThat(store.usage(late).conversations()).isZero();
        }
        assertThat(store.usage(late).usage()).isEqualTo(tokens(5, 6));
    }

    @Test
    void whatADeadProcessLeftUncounted_isCountedAfterTheNextAppend() {
        String id = newId();
        append(store, id, "response", used(3, 4), "item.user", says("leftbehind"));
        try (PgConversationStore next =
                Servers.store(server).activity(Duration.ofHours(1)).open()) {
            append(next, id, "response", used(1, 1));
        }
        assertThat(store.usage(id)).isEqualTo(new UsageSum(tokens(4, 5), 0, 2, 1));
        assertThat(store.search("leftbehind", "", 1)).hasSize(1);
    }

    @Test
    void manyWhoCountAtOnce_countOnce() {
        String id = newId();
        String[] responses = Stream.generate(() -> List.of("response", used(1, 2)))
                .limit(1_700)
                .flatMap(List::stream)
                .toArray(String[]::new);
        append(store, id, responses);
        List<CompletableFuture<Void>> counting = Stream.generate(
                        () -> CompletableFuture.runAsync(() -> store.refresh(id)))
                .limit(8)
                .toList();
        counting.forEach(CompletableFuture::join);
        assertThat(store.usage(id)).isEqualTo(new UsageSum(tokens(1_700, 3_400), 0, 1_700, 1));
    }

    /* --- search --- */

    @Test
    void search_findsAllWordsOfOneMessage_youngestFirst_inPages() {
        PgConversationStore tenant = store.tenant("searched");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            String id = timed("2026-02-01T00:00:0" + i + "Z", i).toString();
            append(tenant, id, "item.user", says("Grüße, red Fox " + i), "item.model", says("the blue fox"));
            append(tenant, id, "item.output", "{\"type\":\"function_call_output\",\"output\":\"redfoxes\"}");
            tenant.refresh(id);
            ids.add(0, id);
        }
        assertThat(tenant.search("FOX", "", 10)).containsExactlyElementsOf(matches(ids, 2));
        assertThat(tenant.search("fox, RED!", "", 10)).containsExactlyElementsOf(matches(ids, 1));
        assertThat(tenant.search("gru\u0308\u00dfe", "", 2)).containsExactlyElementsOf(matches(ids.subList(0, 2), 1));
        assertThat(tenant.search("grüße", ids.get(1), 2)).containsExactlyElementsOf(matches(ids.subList(2, 4), 1));
        assertThat(tenant.search("fox 3", "", 10)).containsExactlyElementsOf(matches(ids.subList(1, 2), 1));
        assertThat(tenant.search("red blue", "", 10)).as("not in one message").isEmpty();
        assertThat(tenant.search("redfoxes", "", 10)).as("what a tool said").isEmpty();
        assertThat(tenant.search(" ,;' ", "", 10)).isEmpty();
        assertThat(store.tenant("stranger").search("fox", "", 10)).isEmpty();
    }

    private static List<SearchMatch> matches(List<String> ids, long version) {
        return ids.stream().map(id -> new SearchMatch(id, version)).toList();
    }

    @Test
    void words_ofTwoTenants_shareNothing() throws SQLException {
        for (String tenant : List.of("one", "two")) {
            String id = newId();
            append(store.tenant(tenant), id, "item.user", says("sharedword"));
            store.tenant(tenant).refresh(id);
        }
        assertThat(one(server, "SELECT count(DISTINCT w) FROM agent_text, unnest(words) w WHERE w LIKE '%:sharedword'"))
                .isEqualTo("2");
    }

    /* --- privacy --- */

    @Test
    void erased_isNotFoundAnyMore_norCountedLater() throws SQLException {
        String id = newId();
        append(store, id, "item.user", says("secretword"), "item.user", says("secretword stays"));
        store.refresh(id);
        store.erase(id, Logs.marks(2L));
        assertThat(store.search("secretword", "", 10)).containsExactly(new SearchMatch(id, 1));
        store.erase(id, Logs.marks(1L));
        assertThat(store.search("secretword", "", 10)).isEmpty();
        String uncounted = newId();
        append(store, uncounted, "item.user", says("neverkept"));
        store.erase(uncounted, Logs.marks(1L));
        store.refresh(uncounted);
        assertThat(one(server, "SELECT count(*) FROM agent_text WHERE words::text LIKE '%neverkept%'"))
                .isEqualTo("0");
    }

    /** A mark may be an item in its turn, may say what was used, and may be no object at all. */
    @Test
    void marks_areNoWords_andCountForWhatTheySay() throws SQLException {
        String id = newId();
        append(
                store,
                id,
                "item.user",
                says("before"),
                "response",
                used(3, 1),
                "response",
                used(5, 1),
                "item.model",
                says("x"));
        store.erase(
                id,
                Map.of(
                        1L, says("markedword").getBytes(StandardCharsets.UTF_8),
                        2L, used(2, 1).getBytes(StandardCharsets.UTF_8),
                        3L, "[1]".getBytes(StandardCharsets.UTF_8),
                        4L, "null".getBytes(StandardCharsets.UTF_8)));
        store.refresh(id);
        assertThat(store.search("markedword", "", 10)).isEmpty();
        assertThat(store.usage(id).usage().input()).isEqualTo(2);
        assertThat(one(server, "SELECT counted FROM agent_activity WHERE conversation = '" + id + "'"))
                .isEqualTo("4");
    }

    @Test
    void erased_whileItIsCounted_isNotFound() throws Exception {
        String id = newId();
        append(store, id, "item.user", says("racedword"));
        try (Connection eraser = Logs.connect(server);
                Statement statement = eraser.createStatement()) {
            eraser.setAutoCommit(false);
            statement.execute("INSERT INTO agent_activity (tenant, conversation) VALUES ('', '" + id + "')");
            CompletableFuture<Void> counting = CompletableFuture.runAsync(() -> store.refresh(id));
            await().until(() -> one(
                            server,
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                    + " AND query LIKE '/* agentloop:begin_count%'")
                    .equals("1"));
            statement.execute("UPDATE agent_entry SET salt = NULL, payload = NULL WHERE conversation = '" + id + "'");
            eraser.commit();
            counting.join();
        }
        assertThat(store.search("racedword", "", 10)).isEmpty();
        assertThat(one(server, "SELECT counted FROM agent_activity WHERE conversation = '" + id + "'"))
                .isEqualTo("1");
    }

    @Test
    void deleted_leavesNeitherSumsNorWords() throws SQLException {
        String id = newId();
        append(store, id, "item.user", says("deletedword"), "response", used(1, 1));
        store.refresh(id);
        store.delete(id);
        store.refresh(id);
        assertThat(store.usage(id).conversations()).isZero();
        assertThat(store.search("deletedword", "", 10)).isEmpty();
        assertThat(one(
                        server,
                        "SELECT (SELECT count(*) FROM agent_text WHERE conversation = '" + id + "')"
                                + " + (SELECT count(*) FROM agent_activity WHERE conversation = '" + id + "')"))
                .isEqualTo("0");
    }
}
