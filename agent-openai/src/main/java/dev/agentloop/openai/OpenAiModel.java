package dev.agentloop.openai;

import dev.agentloop.Compactor;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.internal.Durations;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model behind a Responses API: OpenAI's, Azure's, or any Open Responses server's.
 *
 * <pre>{@code
 * Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
 *
 * Model local = OpenAiModel.builder("qwen3-coder")
 *         .baseUrl("http://localhost:11434/v1")
 *         .settings(settings -> settings.contextWindow(32_768))
 *         .build();
 * }</pre>
 *
 * <p>Sends a prompt's own bytes by HTTP/1.1, and reads the response while it comes in. A request that fails, and a stream
 * that breaks before a call was told, are tried again as the {@link RetryPolicy} says; the exception that is thrown in the
 * end is that of the last try. A server that does not send an item's own {@code output_item.done} event has the item taken
 * from the last event instead.
 *
 * <p>No {@code Idempotency-Key} is sent: the effect of a request is its cost, and a key kept over a stream that broke could
 * bring the broken response back. Each try has an {@code X-Client-Request-Id} of its own.
 *
 * <p>Immutable and thread-safe. Needs no closing: connections are closed when they are idle, and a client of the host's is
 * the host's to close.
 */
public final class OpenAiModel implements Model {
    private final Model model;
    private final Compactor compactor;

    private OpenAiModel(Model model, Compactor compactor) {
        this.model = model;
        this.compactor = compactor;
    }

    /**
     * The model of that name, with the key and the server that the environment names; see
     * {@link Builder#environment(Map)}.
     *
     * @throws IllegalStateException if {@code OPENAI_API_KEY} is not set and the server is OpenAI's
     */
    public static OpenAiModel fromEnvironment(String model) {
        return builder(model).environment(System.getenv()).build();
    }

    /** A builder for the model of that name, at OpenAI, without a key. */
    public static Builder builder(String model) {
        return new Builder(model);
    }

    @Override
    public PromptSettings settings() {
        return model.settings();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        return model.respond(prompt, listener);
    }

    /** Asks {@code POST /responses/input_tokens}. */
    @Override
    public OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        return model.countTokens(prompt);
    }

    /**
     * Has this server compact, by {@code POST /responses/compact}: it gives the messages of the user's and an item that only
     * it can read. With the same address, key, retries and idle timeout as this model. The prompt is read again for it,
     * because the request has not the shape of an inference; {@link Compactor#trigger} reads it from the cache.
     *
     * <p>Called {@code endpoint} in the log and in events. Immutable and thread-safe.
     */
    public Compactor compactor() {
        return compactor;
    }

    /** Collects what a model needs; a later value replaces an earlier one. Not thread-safe. */
    public static final class Builder {
        private static final String OPENAI = "https://api.openai.com/v1";
        private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

        private final String model;
        private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        private final PromptSettings.Builder settings;
        private URI uri = URI.create(OPENAI + "/responses");
        private boolean azure;
        private boolean bearer;
        private @Nullable Supplier<String> key;
        private @Nullable HttpClient client;
        private Version version = Version.HTTP_1_1;
        private Duration connectTimeout = Duration.ofSeconds(15);
        private Duration idleTimeout = Duration.ofMinutes(5);
        private RetryPolicy retries = RetryPolicy.DEFAULT;

        private Builder(String model) {
            this.model = model;
            this.settings = Capabilities.of(model).settings(model);
            this.headers.put("User-Agent", userAgent());
        }

        private static String userAgent() {
            String version = OpenAiModel.class.getPackage().getImplementationVersion();
            return "agentloop" + (version == null ? "" : "/" + version) + " Java/"
                    + Runtime.version().feature();
        }

        /**
         * Takes what these variables name, where they are set: {@code OPENAI_API_KEY}, {@code OPENAI_BASE_URL},
         * {@code OPENAI_ORGANIZATION} and {@code OPENAI_PROJECT}, the last two also by OpenAI's own names
         * {@code OPENAI_ORG_ID} and {@code OPENAI_PROJECT_ID}.
         *
         * @param variables usually {@code System.getenv()}
         */
        public Builder environment(Map<String, String> variables) {
            set(variables, "OPENAI_API_KEY", this::apiKey);
            set(variables, "OPENAI_BASE_URL", this::baseUrl);
            set(variables, "OPENAI_ORG_ID", this::organization);
            set(variables, "OPENAI_ORGANIZATION", this::organization);
            set(variables, "OPENAI_PROJECT_ID", this::project);
            set(variables, "OPENAI_PROJECT", this::project);
            return this;
        }

        private static void set(Map<String, String> variables, String name, Consumer<String> setter) {
            String value = variables.get(name);
            if (value != null && !value.isBlank()) {
                setter.accept(value.strip());
            }
        }

        /**
         * The address before {@code /responses}, such as {@code http://localhost:8000/v1}; a query stays at its end.
         *
         * @throws IllegalArgumentException if it is no http or https address
         */
        public Builder baseUrl(String url) {
            this.uri = responses(url, "");
            this.azure = false;
            return this;
        }

        /**
         * A resource of Azure's, such as {@code https://NAME.openai.azure.com}; the model is the name of the deployment.
         * The key goes into the {@code api-key} header; for an Entra token use {@link #bearerToken}.
         *
         * @param endpoint the resource, or a full base URL, whose path is then kept
         * @param apiVersion a dated version, or one of the undated interface such as {@code preview}
         */
        public Builder azure(String endpoint, String apiVersion) {
            boolean dated = !apiVersion.isEmpty() && Character.isDigit(apiVersion.charAt(0));
            URI resource = responses(endpoint, dated ? "/openai" : "/openai/v1");
            this.uri =
                    URI.create(resource + (resource.getRawQuery() == null ? "?" : "&") + "api-version=" + apiVersion);
            this.azure = true;
            return this;
        }

        private static URI responses(String url, String defaultPath) {
            URI base = URI.create(url);
            String scheme = base.getScheme() == null ? "" : base.getScheme().toLowerCase(Locale.ROOT);
            if (base.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
                throw new IllegalArgumentException(
                        "a base URL begins with http:// or https:// and a host, but this is \"" + url + "\"");
            }
            String path = base.getRawPath().replaceAll("/+$", "");
            String query = base.getRawQuery() == null ? "" : "?" + base.getRawQuery();
            return URI.create(scheme + "://" + base.getRawAuthority() + (path.isEmpty() ? defaultPath : path)
                    + "/responses" + query);
        }

        /** The key of the account. */
        public Builder apiKey(String apiKey) {
            return apiKey(() -> apiKey);
        }

        /** Where the key comes from; asked for each try, so that keys can rotate. Called by many threads at once. */
        public Builder apiKey(Supplier<String> apiKey) {
            this.key = apiKey;
            this.bearer = false;
            return this;
        }

        /**
         * Where an access token comes from, such as one of Entra's; asked for each try, and sent as {@code Authorization:
         * Bearer}, to Azure too. Called by many threads at once.
         */
        public Builder bearerToken(Supplier<String> token) {
            this.key = token;
            this.bearer = true;
            return this;
        }

        /** The organisation that pays, for a key that belongs to several. */
        public Builder organization(String id) {
            return header("OpenAI-Organization", id);
        }

        /** The project that pays, for a key that belongs to several. */
        public Builder project(String id) {
            return header("OpenAI-Project", id);
        }

        /**
         * A further header of every request, such as a gateway wants it; replaces one of the same name. Not for
         * credentials: only those that are given as such are kept out of messages.
         *
         * @throws IllegalArgumentException if the HTTP client cannot send it
         */
        public Builder header(String name, String value) {
            try {
                HttpRequest.newBuilder().header(name, value);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("the header \"" + name + "\" cannot be sent: its name is the HTTP"
                        + " client's own, or it or its value has characters that cannot stand in a header");
            }
            this.headers.put(name, value);
            return this;
        }

        /**
         * What requests say beside the conversation, and what the model can do. Begins with what is known of models of this
         * name: whether reasoning is asked for and sent back, custom tools, images, the context window.
         *
         * <pre>{@code
         * .settings(settings -> settings.effort("high").verbosity("low").field("service_tier", "\"flex\""))
         * }</pre>
         *
         * <p>With {@code stream(false)} a response comes in one piece, for which the idle timeout must be long enough.
         */
        public Builder settings(Consumer<PromptSettings.Builder> change) {
            change.accept(settings);
            return this;
        }

        /** The HTTP client to use, with its proxy, its TLS context and its connect timeout. It is never closed here. */
        public Builder httpClient(HttpClient httpClient) {
            this.client = httpClient;
            return this;
        }

        /**
         * Uses HTTP/2 where the server has it, over TLS only. HTTP/1.1 is the default, because the JDK's client fails
         * requests beyond the server's limit of streams on one HTTP/2 connection instead of opening another.
         */
        public Builder http2() {
            this.version = Version.HTTP_2;
            return this;
        }

        /**
         * The longest that making a connection may take, 1 ms to 1 day; 15 s by default. Not used with a client of the host's.
         */
        public Builder connectTimeout(Duration timeout) {
            this.connectTimeout = checked("OpenAiModel.connectTimeout", timeout);
            return this;
        }

        /**
         * The longest silence, before the response and between two of its events, 1 ms to 1 day; 5 minutes by default. Comments by which some
         * servers keep a connection alive do not count as events.
         */
        public Builder idleTimeout(Duration timeout) {
            this.idleTimeout = checked("OpenAiModel.idleTimeout", timeout);
            return this;
        }

        private static Duration checked(String setting, Duration timeout) {
            return Durations.checked(setting, timeout, Durations.MILLISECOND, LONGEST_TIMEOUT);
        }

        /** How often and after which waits a failure is tried again. */
        public Builder retries(RetryPolicy policy) {
            this.retries = policy;
            return this;
        }

        /**
         * The model. Opens no connection, and does not build the HTTP client before the first request.
         *
         * @throws IllegalStateException if there is no key and the server is OpenAI's
         */
        public OpenAiModel build() {
            Supplier<String> secret = key;
            if (secret == null && uri.toString().startsWith(OPENAI)) {
                throw new IllegalStateException(
                        "no API key for " + model + " at OpenAI: set OPENAI_API_KEY, or give the"
                                + " builder an apiKey or the baseUrl of another server");
            }
            boolean tls = uri.getScheme().equals("https");
            Version used = tls ? version : Version.HTTP_1_1;
            HttpClient host = client;
            Supplier<HttpClient> clients = host == null ? new LazyHttpClient(tls, used, connectTimeout) : () -> host;
            Endpoint endpoint =
                    new Endpoint(uri, used, azure && !bearer, secret == null ? () -> "" : secret, Map.copyOf(headers));
            PromptSettings fixed = settings.build();
            ResponsesClient once = new ResponsesClient(fixed, endpoint, clients, idleTimeout);
            return new OpenAiModel(retries.around(once), EndpointCompactor.of(once, retries));
        }
    }
}
