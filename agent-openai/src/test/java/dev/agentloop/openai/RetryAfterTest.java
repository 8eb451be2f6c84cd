package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.failed;
import static dev.agentloop.openai.Events.saying;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How long servers ask to wait, in the forms that they have for it, and what is done about it; over real sockets. */
class RetryAfterTest {
    private static final String DATE = "Date: Fri, 31 Dec 1999 23:59:49 GMT";
    private static final long NONE = -1;

    private record Row(long millis, int status, String body, String... headers) {}

    private static Row header(long millis, String... headers) {
        return new Row(millis, 429, "", headers);
    }

    private static Row body(long millis, String body) {
        return new Row(millis, 429, body);
    }

    private static Row words(long millis, String message) {
        return body(millis, "{\"error\":{\"message\":\"" + message + "\"}}");
    }

    private static final List<Row> HEADERS = List.of(
            header(60_000, "Retry-After: 60"),
            header(60_000, "Retry-After: 60s"),
            header(60_000, "retry-after:   60 s  "),
            header(60_000, "RETRY-AFTER: 60 Seconds"),
            header(1_000, "Retry-After: 1s"),
            header(1_500, "Retry-After: 1.5"),
            header(1_001, "Retry-After: 1.0001"),
            header(350, "Retry-After: 350ms"),
            header(90_000, "Retry-After: 1m30s"),
            header(3_723_500, "Retry-After: 1h2m3.5s"),
            header(0, "Retry-After: 0"),
            header(250, "retry-after-ms: 250", "Retry-After: 2"),
            header(250, "X-Ms-Retry-After-Ms: 250", "Retry-After: 2"),
            header(2_000, "retry-after-ms: soon", "Retry-After: 2"),
            header(1, "retry-after-ms: 0.2"),
            header(10_000, DATE, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"),
            header(10_000, DATE, "Retry-After: fri, 31 dec 1999 23:59:59 utc"),
            header(10_000, DATE, "Retry-After: Friday, 31-Dec-99 23:59:59 GMT"),
            header(10_000, DATE, "Retry-After: Fri Dec 31 23:59:59 1999"),
            header(13_000, DATE, "Retry-After: Sat Jan  1 00:00:02 2000"),
            header(10_000, DATE, "Retry-After: 1999-12-31T23:59:59Z"),
            header(10_000, DATE, "Retry-After: 2000-01-01T00:59:59+01:00"),
            header(10_000, "Retry-After: 5, 10"),
            header(60_000, "Retry-After: 60s,1s"),
            header(10_000, "Retry-After: 10", "Retry-After: 5"),
            header(5_000, "Retry-After: soon, 5"),
            header(10_000, DATE, "Retry-After: 5, Fri, 31 Dec 1999 23:59:59 GMT"),
            header(20_000, DATE, "Retry-After: Friday, 31-Dec-99 23:59:59 GMT, 20"));

    private static final List<Row> NONSENSE = List.of(
            header(NONE),
            header(NONE, "Retry-After:"),
            header(NONE, "Retry-After: soon", "retry-after-ms: soon"),
            header(NONE, "Retry-After: -1", "retry-after-ms: -1"),
            header(NONE, "Retry-After: NaN", "retry-after-ms: Infinity"),
            header(NONE, "Retry-After: 1e300", "retry-after-ms: 99999999999999999999"),
            header(NONE, "Retry-After: 0x10"),
            header(NONE, "Retry-After: 315360000"),
            header(NONE, "Retry-After: 3650 days"),
            header(NONE, "Retry-After: 5 parsecs"),
            header(NONE, DATE, "Retry-After: Fri, 31 Dec 1999 23:59:00 GMT"),
            header(NONE, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"),
            header(NONE, DATE, "Retry-After: Mon, 31 Dec 1999 23:59:59 GMT"),
            header(NONE, DATE, "Retry-After: Thu, 31 Dec 2009 23:59:59 GMT"),
            body(NONE, "{\"error\":{\"message\":\"m\",\"retry_after\":-5}}"),
            body(NONE, "{\"error\":{\"message\":\"m\",\"retry_after\":true}}"),
            body(NONE, "{\"error\":{\"message\":\"m\",\"retry_after\":[1]}}"),
            words(NONE, "try again in 5 parsecs"),
            words(NONE, "try again in 5"),
            words(NONE, "try again in 99999999 hours"),
            words(NONE, "nothing of the kind, 20s"),
            new Row(1_000, 429, "{\"error\":{\"message\":\"try again in 1s\"}}", "Retry-After: -1"));

    private static final List<Row> BODIES = List.of(
            body(13_000, "{\"error\":{\"message\":\"m\",\"retry_after\":13}}"),
            body(350, "{\"error\":{\"message\":\"m\",\"retry_after\":0.35}}"),
            body(13_000, "{\"error\":{\"message\":\"m\",\"retry_after\":\"13\"}}"),
            body(350, "{\"error\":{\"message\":\"m\",\"retry_after_ms\":350,\"retry_after\":1}}"),
            body(13_000, "{\"error\":{\"message\":\"m\",\"retryAfter\":\"13s\"}}"),
            body(13_000, "{\"message\":\"m\",\"retry_after_seconds\":13}"),
            body(13_000, "{\"error\":{\"message\":\"m\"},\"retry_after\":13}"),
            body(13_000, "{\"error\":\"slow\",\"retry_after\":13}"),
            body(
                    13_124,
                    "{\"error\":{\"code\":429,\"message\":\"m\",\"details\":[{\"@type\":\"QuotaFailure\"},"
                            + "{\"@type\":\"RetryInfo\",\"retryDelay\":\"13.1239s\"}]}}"),
            body(13_000, "[{\"error\":{\"message\":\"m\",\"details\":[{\"retryDelay\":\"13s\"}]}}]"),
            new Row(2_000, 429, "{\"error\":{\"message\":\"m\",\"retry_after\":13}}", "Retry-After: 2"),
            body(13_000, "{\"error\":{\"message\":\"try again in 9s\",\"retry_after\":13}}"),
            words(1_200, "Please try again in 1.2s."),
            words(350, "Please try again in 350ms."),
            words(2_000, "try again in 2 seconds"),
            words(360_000, "Try again in 6m0s"),
            words(3_723_500, "try again in 1h2m3.5s"),
            words(60_000, "Your current pricing tier. Please retry after 60 seconds."),
            words(13_124, "Please retry in 13.123456789s."));

    private static final List<Row> LIMITS = List.of(
            header(
                    8_640,
                    "x-ratelimit-remaining-requests: 0",
                    "x-ratelimit-reset-requests: 8.64s",
                    "x-ratelimit-remaining-tokens: 100",
                    "x-ratelimit-reset-tokens: 6m0s"),
            header(
                    360_000,
                    "x-ratelimit-remaining-requests: 9",
                    "x-ratelimit-reset-requests: 1ms",
                    "x-ratelimit-remaining-tokens: 0",
                    "x-ratelimit-reset-tokens: 6m0s"),
            header(
                    360_000,
                    "x-ratelimit-remaining-requests: 0",
                    "x-ratelimit-reset-requests: 1ms",
                    "x-ratelimit-remaining-tokens: 0",
                    "x-ratelimit-reset-tokens: 6m0s"),
            // One request is more than what is left of the tokens.
            header(
                    36_000,
                    "x-ratelimit-remaining-requests: 9",
                    "x-ratelimit-reset-requests: 1ms",
                    "x-ratelimit-remaining-tokens: 100",
                    "x-ratelimit-reset-tokens: 36s"),
            header(1_000, "x-ratelimit-reset-requests: 24h", "x-ratelimit-reset-tokens: 1s"),
            header(NONE, "x-ratelimit-remaining-requests: 9", "x-ratelimit-reset-requests: 6m0s"),
            header(30_000, "ratelimit-reset: 30"),
            header(30_000, "RateLimit-Remaining: 0", "RateLimit-Reset: 30"),
            header(NONE, "ratelimit-remaining: 3", "ratelimit-reset: 30"),
            header(30_000, "x-ratelimit-reset: 30"),
            header(10_000, DATE, "x-ratelimit-reset: 946684799"),
            header(10_500, DATE, "x-ratelimit-reset: 946684799500"),
            header(NONE, DATE, "x-ratelimit-reset: 946684700"),
            header(10_000, DATE, "x-ratelimit-reset-tokens: 1999-12-31T23:59:59Z"),
            header(2_000, "Retry-After: 2", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 6m0s"),
            new Row(NONE, 500, "", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 6m0s"),
            new Row(NONE, 503, "", "ratelimit-reset: 30"),
            new Row(30_000, 503, "", "Retry-After: 30"));

    @Test
    void retryAfter_inHeaders_isRead() throws Exception {
        check(HEADERS, "table");
    }

    @Test
    void retryAfter_thatNoServerMeans_countsAsNone() throws Exception {
        check(NONSENSE, "table");
    }

    @Test
    void retryAfter_inBodies_isRead() throws Exception {
        check(BODIES, "table");
    }

    @Test
    void rateLimitHeaders_of429_tellTheWait() throws Exception {
        check(LIMITS, "table");
    }

    @Test
    void retryAfter_anyMemberOfItsForms_isRead() throws Exception {
        long seed = Long.getLong("waits.seed", System.nanoTime());
        WaitForms forms = new WaitForms(new Random(seed));
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            WaitForms.Member member = forms.next();
            rows.add(new Row(
                    member.millis(), 429, member.body(), member.headers().toArray(String[]::new)));
        }
        check(rows, "-Dwaits.seed=" + seed);
    }

    private static void check(List<Row> rows, String about) throws Exception {
        List<String> wrong = new ArrayList<>();
        AtomicInteger answered = new AtomicInteger();
        try (RawServer server = RawServer.answering(request -> reply(rows.get(answered.getAndIncrement())))) {
            OpenAiModel model = model(server, RetryPolicy.NEVER);
            for (Row row : rows) {
                try {
                    model.respond(prompt(model), new Told());
                    wrong.add("no failure of " + shown(row));
                } catch (ModelException e) {
                    long read = e.retryAfter().map(Duration::toMillis).orElse(NONE);
                    if (read != row.millis() || e.status() != row.status()) {
                        wrong.add(read + " ms, status " + e.status() + " of " + shown(row));
                    }
                }
            }
            assertThat(server.failures()).isEmpty();
        }
        assertThat(wrong).as(about).isEmpty();
    }

    private static String shown(Row row) {
        return row.millis() + " ms: " + List.of(row.headers()) + " " + row.body();
    }

    private static Reply reply(Row row) {
        return Replies.json(row.status(), row.body(), row.headers());
    }

    private static OpenAiModel model(RawServer server, RetryPolicy policy) {
        return OpenAiModel.builder("gpt-5.1")
                .baseUrl(server.baseUrl())
                .retries(policy)
                .build();
    }

    private static Prompt prompt(OpenAiModel model) {
        return Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
    }

    @Test
    void retryAfter_dateWithoutTheServersClock_isReadByOurs() throws Exception {
        String date = Instant.now().plusSeconds(3_600).toString();
        try (RawServer server = RawServer.answering(Replies.json(429, "", "Retry-After: " + date))) {
            OpenAiModel model = model(server, RetryPolicy.NEVER);

            assertThatThrownBy(() -> model.respond(prompt(model), new Told()))
                    .isInstanceOfSatisfying(
                            ModelException.class,
                            e -> assertThat(e.retryAfter().orElseThrow())
                                    .isBetween(Duration.ofMinutes(30), Duration.ofHours(1)));
        }
    }

    @Test
    void rateLimitHeaders_ofAStreamThatFails_areNotItsWait() throws Exception {
        Reply broken = (connection, in, out) -> {
            byte[] events = Replies.bytes(CREATED + failed("rate_limit_exceeded", "Slow"));
            out.write(Replies.bytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: "
                    + events.length + "\r\nx-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 6m0s\r\n\r\n"));
            out.write(events);
            out.flush();
        };
        try (RawServer server = RawServer.answering(broken)) {
            OpenAiModel model = model(server, RetryPolicy.NEVER);

            assertThatThrownBy(() -> model.respond(prompt(model), new Told()))
                    .isInstanceOfSatisfying(
                            ModelException.class,
                            e -> assertThat(e.retryAfter()).isEmpty());
        }
    }

    @Test
    void respond_waitOfAMinuteAskedFor_isWaitedFor() throws IOException {
        for (String asked : List.of("60", "31", "120")) {
            Told interrupts = new Told() {
                @Override
                public void onRetry(int attempt, Duration wait, ModelException cause) {
                    super.onRetry(attempt, wait, cause);
                    Thread.currentThread().interrupt();
                }
            };
            try (RawServer server =
                    RawServer.answering(Replies.error(429, "rate_limit_exceeded", "slow", "Retry-After: " + asked))) {
                OpenAiModel model = model(server, RetryPolicy.DEFAULT);

                assertThatThrownBy(() -> model.respond(prompt(model), interrupts))
                        .isInstanceOf(InterruptedException.class);
            }
            Duration least = Duration.ofSeconds(Long.parseLong(asked));
            assertThat(interrupts.waits).hasSize(1);
            assertThat(interrupts.waits.get(0))
                    .isBetween(least, least.multipliedBy(11).dividedBy(10));
        }
    }

    @Test
    void respond_longerWaitThanAllowed_saysBothAndIsNotTriedAgain() throws IOException {
        try (RawServer server =
                RawServer.answering(Replies.error(429, "rate_limit_exceeded", "slow", "Retry-After: 1h30m"))) {
            OpenAiModel model = model(server, RetryPolicy.DEFAULT);

            assertThatThrownBy(() -> model.respond(prompt(model), new Told()))
                    .hasMessage(
                            server.baseUrl() + "/responses answered HTTP 429 (rate_limit_exceeded): slow. Send fewer"
                                    + " requests and tokens a minute, or have the limit raised. (request req_1) The server asks for"
                                    + " a wait of 5400 s, but RetryPolicy.maxAskedDelay allows 120 s: not tried again.");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void respond_noWaitOrTheShortestAskedFor_backsOffAsWithoutOne() throws Exception {
        RetryPolicy policy = new RetryPolicy(4, 0, Duration.ofMillis(5), Duration.ofSeconds(1));
        for (String asked : List.of("Retry-After: 0", "retry-after-ms: 1", "Retry-After: -7")) {
            Told told = new Told();
            Reply slow = Replies.error(429, "rate_limit_exceeded", "slow", asked);
            try (RawServer server = RawServer.answering(slow, slow, slow, slow, Replies.stream(saying("Hello")))) {
                OpenAiModel model = model(server, policy);
                model.respond(prompt(model), told);
            }
            assertThat(told.waits).hasSize(4);
            for (int i = 0; i < 4; i++) {
                long least = 5L << i;
                assertThat(told.waits.get(i).toMillis()).as(asked).isBetween(least, least + least / 10 + 1);
            }
        }
    }

    @Test
    void run_cancelledWhileAWaitIsKept_ends() throws IOException {
        List<Duration> waits = new ArrayList<>();
        try (RawServer server =
                        RawServer.answering(Replies.error(429, "rate_limit_exceeded", "slow", "Retry-After: 60"));
                AgentLoop agent = AgentLoop.builder()
                        .model(model(server, RetryPolicy.DEFAULT))
                        .build()) {
            Conversation conversation = agent.newConversation();
            Outcome outcome = conversation.run("Hi", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.Retrying retrying) {
                    waits.add(retrying.delay());
                    conversation.cancel();
                }
            }));
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            assertThat(waits).hasSize(1);
            assertThat(waits.get(0)).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(66));
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void respond_waitsAndNoRetries_isTriedOnce() throws IOException {
        try (RawServer server =
                RawServer.answering(Replies.error(429, "rate_limit_exceeded", "slow", "Retry-After: 600"))) {
            OpenAiModel model = model(server, RetryPolicy.NEVER);

            assertThatThrownBy(() -> model.respond(prompt(model), new Told())).hasMessageEndingWith("(request req_1)");
            assertThat(server.requests()).hasSize(1);
        }
    }
}
