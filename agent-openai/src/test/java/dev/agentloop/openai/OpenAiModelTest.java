package dev.agentloop.openai;

import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where requests go and whom they say they are from. */
class OpenAiModelTest {
    private static WireMockServer server;

    @BeforeAll
    static void start() {
        server = new WireMockServer(options().dynamicPort().bindAddress("127.0.0.1"));
        server.start();
    }

    @AfterAll
    static void stop() {
        server.stop();
    }

    @BeforeEach
    void answer() {
        server.resetAll();
        server.stubFor(post(anyUrl())
                .willReturn(ok(Events.saying("Hello")).withHeader("Content-Type", "text/event-stream; charset=utf-8")));
    }

    private static void ask(OpenAiModel.Builder builder) throws InterruptedException {
        OpenAiModel model = builder.build();
        Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
        assertThat(model.respond(prompt, Model.Listener.NONE).text()).isEqualTo("Hello");
    }

    private static String url() {
        return "http://127.0.0.1:" + server.port();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1, /v1/responses",
        "/v1/, /v1/responses",
        "'', /responses",
        "/api/v1?x=1, /api/v1/responses?x=1",
    })
    void baseUrl_anyForm_isExtended(String base, String expected) throws Exception {
        ask(OpenAiModel.builder("m").baseUrl(url() + base));

        server.verify(postRequestedFor(urlEqualTo(expected)).withHeader("Authorization", absent()));
    }

    @ParameterizedTest
    @CsvSource({
        "'', 2025-04-01-preview, /openai/responses?api-version=2025-04-01-preview",
        "/, preview, /openai/v1/responses?api-version=preview",
        "/openai/v1/, v1, /openai/v1/responses?api-version=v1",
        "/gateway?team=a, v1, /gateway/responses?team=a&api-version=v1",
    })
    void azure_key_goesIntoItsOwnHeader(String base, String version, String expected) throws Exception {
        ask(OpenAiModel.builder("deployment").apiKey("k-1").azure(url() + base, version));

        server.verify(postRequestedFor(urlEqualTo(expected))
                .withHeader("api-key", equalTo("k-1"))
                .withHeader("Authorization", absent()));
    }

    @Test
    void azure_entraToken_isABearer() throws Exception {
        ask(OpenAiModel.builder("deployment").bearerToken(() -> "token").azure(url(), "v1"));

        server.verify(postRequestedFor(anyUrl())
                .withHeader("Authorization", equalTo("Bearer token"))
                .withHeader("api-key", absent()));
    }

    @Test
    void apiKey_supplier_isAskedForEachTry() throws Exception {
        server.stubFor(post(anyUrl())
                .withHeader("Authorization", equalTo("Bearer key-1"))
                .willReturn(com.github.tomakehurst.wiremock.client.WireMock.serverError()));
        AtomicInteger asked = new AtomicInteger();

        ask(OpenAiModel.builder("m")
                .baseUrl(url())
                .apiKey(() -> " key-" + asked.incrementAndGet() + "\n")
                .retries(new dev.agentloop.RetryPolicy(1, 0, Duration.ofMillis(1), Duration.ofMillis(1))));

        server.verify(1, postRequestedFor(anyUrl()).withHeader("Authorization", equalTo("Bearer key-1")));
        server.verify(1, postRequestedFor(anyUrl()).withHeader("Authorization", equalTo("Bearer key-2")));
    }

    @Test
    void environment_variables_areTaken() throws Exception {
        ask(OpenAiModel.builder("m")
                .environment(Map.of(
                        "OPENAI_API_KEY", "k",
                        "OPENAI_BASE_URL", url() + "/v1",
                        "OPENAI_ORG_ID", "org-other",
                        "OPENAI_ORGANIZATION", "org",
                        "OPENAI_PROJECT_ID", "proj")));

        server.verify(postRequestedFor(urlEqualTo("/v1/responses"))
                .withHeader("Authorization", equalTo("Bearer k"))
                .withHeader("OpenAI-Organization", equalTo("org"))
                .withHeader("OpenAI-Project", equalTo("proj")));
    }

    @Test
    void environment_blankVariables_doNotCount() throws Exception {
        ask(OpenAiModel.builder("m").baseUrl(url()).environment(Map.of("OPENAI_API_KEY", " ", "OPENAI_BASE_URL", "")));

        server.verify(postRequestedFor(urlEqualTo("/responses")).withHeader("Authorization", absent()));
    }

    @Test
    void build_noKeyForOpenAi_saysWhatToSet() {
        assertThatThrownBy(() ->
                        OpenAiModel.builder("gpt-5.1").environment(Map.of()).build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no API key for gpt-5.1 at OpenAI: set OPENAI_API_KEY, or give the builder an apiKey or the"
                        + " baseUrl of another server");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost:8000", "ftp://host/v1", "http:///v1", "/v1"})
    void baseUrl_noAddress_isRefused(String url) {
        assertThatThrownBy(() -> OpenAiModel.builder("m").baseUrl(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a base URL begins with http:// or https:// and a host, but this is \"" + url + "\"");
    }

    @ParameterizedTest
    @CsvSource({"Host, x", "Content-Length, 3", "Bad Name, x", "X-Two, 'sk-secret\nlines'"})
    void header_thatCannotBeSent_isRefusedWithoutItsValue(String name, String value) {
        assertThatThrownBy(() -> OpenAiModel.builder("m").header(name, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the header \"" + name + "\" cannot be sent: its name is the HTTP client's own, or it or its"
                                + " value has characters that cannot stand in a header");
    }

    @Test
    void timeouts_outOfRange_areRefused() {
        OpenAiModel.Builder builder = OpenAiModel.builder("m");

        assertThatThrownBy(() -> builder.idleTimeout(Duration.ZERO))
                .hasMessage("OpenAiModel.idleTimeout must be from 1 ms to 1 day, but is PT0S");
        assertThatThrownBy(() -> builder.connectTimeout(Duration.ofDays(2)))
                .hasMessage("OpenAiModel.connectTimeout must be from 1 ms to 1 day, but is PT48H");
    }

    @Test
    void apiKey_thatNoHeaderCanHold_isRefusedWithoutShowingIt() {
        OpenAiModel.Builder builder = OpenAiModel.builder("m").baseUrl(url()).apiKey("sk-secret\nsecond line");

        assertThatThrownBy(() -> ask(builder))
                .isInstanceOfSatisfying(
                        ModelException.class, e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.AUTHENTICATION))
                .hasMessage("character 10 of 21 in the key cannot stand in a header; check where the key comes from")
                .hasNoCause();
        assertThat(server.getAllServeEvents()).isEmpty();
    }

    @Test
    void apiKey_supplierThatFails_isAnAuthenticationFailure() {
        OpenAiModel.Builder builder = OpenAiModel.builder("m").baseUrl(url()).apiKey(() -> {
            throw new IllegalStateException("the vault holds sk-secret");
        });

        assertThatThrownBy(() -> ask(builder))
                .isInstanceOf(ModelException.class)
                .hasMessage("the supplier of the API key failed: java.lang.IllegalStateException")
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void httpClient_ofTheHost_isUsedWhateverTheSchemeAndNotReplaced() throws Exception {
        java.net.http.HttpClient host = java.net.http.HttpClient.newHttpClient();

        ask(OpenAiModel.builder("m").baseUrl(url()).httpClient(host));
        ask(OpenAiModel.builder("m").baseUrl(url()).httpClient(host).http2());

        server.verify(2, postRequestedFor(anyUrl()).withHeader("Upgrade", absent()));
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-5.1-codex, true, true, true, 272000",
        "gpt-5, true, true, true, 272000",
        "gpt-5-chat-latest, false, false, true, 128000",
        "gpt-6-sol, true, true, true, 272000",
        "openai/gpt-5-mini, true, true, true, 272000",
        "o3, true, false, true, 200000",
        "o3-mini, true, false, false, 200000",
        "o4-mini, true, false, true, 200000",
        "ft:gpt-4.1:acme::x, false, false, true, 1047576",
        "gpt-4o, false, false, true, 128000",
        "gpt-oss-120b, false, false, false, 0",
        "qwen3, false, false, false, 0",
    })
    void settings_byName_andOverridden(String name, boolean reasons, boolean custom, boolean images, long window) {
        Model known = OpenAiModel.builder(name).apiKey("k").build();

        assertThat(known.settings().model()).isEqualTo(name);
        assertThat(Prompt.of(known.settings(), Toolbox.empty()).head().contains("reasoning.encrypted_content"))
                .isEqualTo(reasons);
        assertThat(known.settings().customTools()).isEqualTo(custom);
        assertThat(known.settings().images()).isEqualTo(images);
        assertThat(known.settings().contextWindow()).isEqualTo(window);

        Model changed = OpenAiModel.builder(name)
                .apiKey("k")
                .settings(s -> s.reasoning(!reasons)
                        .customTools(!custom)
                        .images(!images)
                        .contextWindow(7))
                .build();
        assertThat(Prompt.of(changed.settings(), Toolbox.empty()).head().contains("reasoning.encrypted_content"))
                .isEqualTo(!reasons);
        assertThat(changed.settings().customTools()).isEqualTo(!custom);
        assertThat(changed.settings().images()).isEqualTo(!images);
        assertThat(changed.settings().contextWindow()).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-4.1, false, false, false, false",
        "gpt-5, false, false, false, false",
        "gpt-5-2025-08-07, false, false, false, false",
        "gpt-5.3-codex, false, false, false, false",
        "gpt-5.4, true, false, false, false",
        "gpt-5.5-pro, true, false, false, false",
        "gpt-5.6-sol, true, true, false, false",
        "gpt-5.10, true, true, false, false",
        "gpt-6-sol, true, true, true, false",
        "gpt-6.1-sol, true, true, true, false",
        "openai/gpt-6.2, true, true, true, true",
        "ft:gpt-6.10-luna:acme::x, true, true, true, true",
        "qwen3, false, false, false, false",
    })
    void settings_byVersion_andOverridden(String name, boolean tools, boolean cache, boolean updates, boolean inInput) {
        PromptSettings known = OpenAiModel.builder(name).apiKey("k").build().settings();

        assertThat(known.additionalTools()).isEqualTo(tools);
        assertThat(known.cacheOptions()).isEqualTo(cache);
        assertThat(known.cacheBreakpoints()).isEqualTo(cache);
        assertThat(known.configurationUpdates()).isEqualTo(updates);
        assertThat(known.instructionsInInput()).isEqualTo(inInput);
        assertThat(known.effort()).isNull();

        PromptSettings changed = OpenAiModel.builder(name)
                .apiKey("k")
                .settings(s -> s.additionalTools(!tools)
                        .cacheOptions(!cache)
                        .cacheBreakpoints(!cache)
                        .configurationUpdates(!updates)
                        .instructionsInInput(!inInput)
                        .effort("low"))
                .build()
                .settings();
        assertThat(changed.additionalTools()).isEqualTo(!tools);
        assertThat(changed.cacheOptions()).isEqualTo(!cache);
        assertThat(changed.cacheBreakpoints()).isEqualTo(!cache);
        assertThat(changed.configurationUpdates()).isEqualTo(!updates);
        assertThat(changed.instructionsInInput()).isEqualTo(!inInput);
        assertThat(changed.effort()).isEqualTo("low");
        assertThat(changed.toBuilder().build().instructionsInInput()).isEqualTo(!inInput);
    }
}
