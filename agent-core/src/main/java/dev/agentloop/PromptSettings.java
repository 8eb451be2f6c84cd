package dev.agentloop;

import dev.agentloop.internal.CacheFields;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a request says beside its items, fixed for an epoch of a conversation, and what the model behind it can do.
 *
 * <p>A {@link Model} gives these settings; the loop adds the instructions, the cache key and the form of the answer.
 * Field names are those of the Responses API. Immutable and thread-safe.
 */
public final class PromptSettings {
    private final Builder values;

    private PromptSettings(Builder values) {
        this.values = values;
    }

    /** Settings of the model with this name, with nothing else set: no reasoning, functions only, text only, streaming. */
    public static Builder of(String model) {
        return new Builder(model);
    }

    /** A builder that starts from these settings. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /** The model's name, as the server knows it. */
    public String model() {
        return values.model;
    }

    /** Whether a tool with a grammar is declared as a custom tool. */
    public boolean customTools() {
        return has(Capability.CUSTOM_TOOLS);
    }

    /** Whether the model reads images. */
    public boolean images() {
        return has(Capability.IMAGES);
    }

    /** Whether a changed effort is appended as a {@code configuration_update} item. */
    public boolean configurationUpdates() {
        return has(Capability.CONFIGURATION_UPDATES);
    }

    /** Whether new tools are appended as an {@code additional_tools} item. */
    public boolean additionalTools() {
        return has(Capability.ADDITIONAL_TOOLS);
    }

    /** Whether the base instructions belong into the first developer message. */
    public boolean instructionsInInput() {
        return has(Capability.INSTRUCTIONS_IN_INPUT);
    }

    /** Whether the model takes {@code prompt_cache_options}. */
    public boolean cacheOptions() {
        return has(Capability.CACHE_OPTIONS);
    }

    /** Whether the model takes {@code prompt_cache_breakpoint} on parts of messages. */
    public boolean cacheBreakpoints() {
        return has(Capability.CACHE_BREAKPOINTS);
    }

    private boolean has(Capability capability) {
        return values.capabilities.contains(capability);
    }

    /** How much the model reasons, in the API's words; null where that is left to the server. */
    public @Nullable String effort() {
        return values.effort;
    }

    /** The model's context window in tokens; 0 where it is not known. */
    public long contextWindow() {
        return values.contextWindow;
    }

    /** Whether the server streams events. */
    public boolean stream() {
        return values.stream;
    }

    /**
     * The fixed fields of a request as one line of JSON, in wire order.
     *
     * @param tools the JSON array of tools, or empty for none
     */
    String head(String tools) {
        Builder v = values;
        return Json.objectText(w -> {
            w.text("model", v.model);
            w.textUnlessNull("instructions", v.instructions);
            if (!tools.isEmpty()) {
                w.raw("tools", tools);
                w.flag("parallel_tool_calls", v.parallelToolCalls);
            }
            if (v.effort != null || v.summary != null) {
                w.object("reasoning", r -> {
                    r.textUnlessNull("effort", v.effort);
                    r.textUnlessNull("summary", v.summary);
                });
            }
            writeText(w, v);
            if (v.reasoning) {
                w.raw("include", "[\"reasoning.encrypted_content\"]");
            }
            w.flag("store", false).flag("stream", v.stream);
            if (v.maxOutputTokens > 0) {
                w.number("max_output_tokens", v.maxOutputTokens);
            }
            if (v.compactThreshold > 0) {
                w.array(
                        MANAGEMENT,
                        a -> a.element(
                                m -> m.text("type", "compaction").number("compact_threshold", v.compactThreshold)));
            }
            for (Map.Entry<String, String> field : v.fields.entrySet()) {
                w.raw(field.getKey(), field.getValue());
            }
            w.textUnlessNull("prompt_cache_key", v.cacheKey);
            v.cache.write(w);
        });
    }

    private static void writeText(Json.Writer out, Builder v) throws java.io.IOException {
        String name = v.answerName;
        String schema = v.answerSchema;
        if (v.verbosity == null && name == null) {
            return;
        }
        out.object("text", t -> {
            if (name != null && schema != null) {
                t.object(
                        "format",
                        f -> f.text("type", "json_schema")
                                .text("name", name)
                                .flag("strict", true)
                                .raw("schema", schema));
            }
            t.textUnlessNull("verbosity", v.verbosity);
        });
    }

    private enum Capability {
        CUSTOM_TOOLS,
        IMAGES,
        CONFIGURATION_UPDATES,
        ADDITIONAL_TOOLS,
        INSTRUCTIONS_IN_INPUT,
        CACHE_OPTIONS,
        CACHE_BREAKPOINTS
    }

    /** Collects settings; not thread-safe. */
    public static final class Builder {
        private final String model;
        private final Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        private @Nullable String instructions;
        private boolean reasoning;
        private @Nullable String effort;
        private @Nullable String summary;
        private @Nullable String verbosity;
        private boolean parallelToolCalls = true;
        private long contextWindow;
        private long maxOutputTokens;
        private long compactThreshold;
        private boolean stream = true;
        private @Nullable String answerName;
        private @Nullable String answerSchema;
        private @Nullable String cacheKey;
        private CacheFields cache = CacheFields.NONE;
        private final TreeMap<String, String> fields = new TreeMap<>();

        private Builder(String model) {
            if (model.isBlank()) {
                throw new IllegalArgumentException("a model needs a name");
            }
            this.model = model;
        }

        private Builder(Builder other) {
            this(other, other.model);
        }

        private Builder(Builder other, String model) {
            this.model = model;
            this.capabilities.addAll(other.capabilities);
            this.instructions = other.instructions;
            this.reasoning = other.reasoning;
            this.effort = other.effort;
            this.summary = other.summary;
            this.verbosity = other.verbosity;
            this.parallelToolCalls = other.parallelToolCalls;
            this.contextWindow = other.contextWindow;
            this.maxOutputTokens = other.maxOutputTokens;
            this.compactThreshold = other.compactThreshold;
            this.stream = other.stream;
            this.answerName = other.answerName;
            this.answerSchema = other.answerSchema;
            this.cacheKey = other.cacheKey;
            this.cache = other.cache;
            this.fields.putAll(other.fields);
        }

        /** The base instructions. */
        public Builder instructions(String text) {
            this.instructions = text;
            return this;
        }

        /** Whether the model reasons, so that its encrypted reasoning is asked for and sent back. */
        public Builder reasoning(boolean reasons) {
            this.reasoning = reasons;
            return this;
        }

        /** How much the model reasons, such as {@code low} or {@code high}; implies {@link #reasoning}. Null for the server's own. */
        public Builder effort(@Nullable String effort) {
            this.effort = effort;
            this.reasoning |= effort != null;
            return this;
        }

        /** Which summary of its reasoning the model gives, such as {@code auto}; implies {@link #reasoning}. */
        public Builder reasoningSummary(String summary) {
            this.summary = summary;
            this.reasoning = true;
            return this;
        }

        /** How long answers are: {@code low}, {@code medium} or {@code high}. */
        public Builder verbosity(String verbosity) {
            this.verbosity = verbosity;
            return this;
        }

        /** Whether the model has custom tools with grammars. */
        public Builder customTools(boolean has) {
            return set(Capability.CUSTOM_TOOLS, has);
        }

        /** Whether the model reads images. */
        public Builder images(boolean reads) {
            return set(Capability.IMAGES, reads);
        }

        /**
         * Whether the model takes {@code configuration_update} items, so that a changed effort is appended and the fixed
         * {@code reasoning.effort} stays as it was; without them a changed effort begins an epoch.
         *
         * <p>By OpenAI's guide on keeping the prefix unchanged: the GPT-6 family, in standard mode; two updates must not be
         * adjacent.
         */
        public Builder configurationUpdates(boolean takes) {
            return set(Capability.CONFIGURATION_UPDATES, takes);
        }

        /**
         * Whether the model takes {@code additional_tools} items, so that tools that are new to a conversation are appended
         * and the fixed {@code tools} stay as they were; without them new tools wait for the next epoch.
         *
         * <p>The item is part of the API's specification, which names no models; recorded exchanges have it from gpt-5.4 on.
         */
        public Builder additionalTools(boolean takes) {
            return set(Capability.ADDITIONAL_TOOLS, takes);
        }

        /**
         * Whether the base instructions belong into the first developer message instead of the field {@code instructions}.
         *
         * <p>By OpenAI's guide: from GPT-6.2 that field holds for one turn only, stands behind the input, and is billed as not
         * cached; up to GPT-6.1 it is part of the prefix.
         */
        public Builder instructionsInInput(boolean inInput) {
            return set(Capability.INSTRUCTIONS_IN_INPUT, inInput);
        }

        /**
         * Whether the model takes {@code prompt_cache_options}, which older models have {@code prompt_cache_retention}
         * instead of.
         *
         * <p>By the API's specification: gpt-5.6 and later.
         */
        public Builder cacheOptions(boolean takes) {
            return set(Capability.CACHE_OPTIONS, takes);
        }

        /**
         * Whether the model takes {@code prompt_cache_breakpoint} on parts of messages; others refuse such a request.
         *
         * <p>By OpenAI's guide on prompt caching: gpt-5.6 and later.
         */
        public Builder cacheBreakpoints(boolean takes) {
            return set(Capability.CACHE_BREAKPOINTS, takes);
        }

        private Builder set(Capability capability, boolean has) {
            if (has) {
                capabilities.add(capability);
            } else {
                capabilities.remove(capability);
            }
            return this;
        }

        /** Whether the model may make several calls in one response; it may by default. */
        public Builder parallelToolCalls(boolean may) {
            this.parallelToolCalls = may;
            return this;
        }

        private static long notNegative(String what, long tokens) {
            if (tokens < 0) {
                throw new IllegalArgumentException(what + " is 0 tokens or more, but this is " + tokens);
            }
            return tokens;
        }

        /** The context window in tokens, 0 for not known. */
        public Builder contextWindow(long tokens) {
            this.contextWindow = notNegative("the context window", tokens);
            return this;
        }

        /** The most tokens of one response, reasoning included; 0 for the server's own bound. */
        public Builder maxOutputTokens(long tokens) {
            this.maxOutputTokens = notNegative("the most output of a response", tokens);
            return this;
        }

        /**
         * Has the server compact in the middle of a response once the context has so many tokens, by
         * {@code context_management}; 0 for never, the default. Its compaction item is the beginning of the prompt from then on.
         *
         * @throws IllegalArgumentException if it is below 1,000, which the API refuses, and not 0
         */
        public Builder serverCompaction(long threshold) {
            if (threshold != 0 && threshold < SMALLEST_THRESHOLD) {
                throw new IllegalArgumentException("the server compacts from " + SMALLEST_THRESHOLD
                        + " tokens on, but the threshold is " + threshold + "; use a larger one, or 0 for never");
            }
            this.compactThreshold = threshold;
            return this;
        }

        /** Whether the server streams events; it does by default. */
        public Builder stream(boolean streams) {
            this.stream = streams;
            return this;
        }

        /**
         * The form of the final answer, a JSON Schema that the server holds the model to.
         *
         * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
         * @param schema the schema, an object
         */
        public Builder answerFormat(String name, String schema) {
            this.answerName = name;
            this.answerSchema = new String(
                    JsonFields.of(schema.getBytes(StandardCharsets.UTF_8)).line(null), StandardCharsets.UTF_8);
            return this;
        }

        /** What routes the requests of one conversation to one cache; at most 64 characters. */
        public Builder cacheKey(String key) {
            this.cacheKey = key;
            return this;
        }

        /**
         * Where the server may set cache breakpoints, {@code prompt_cache_options.mode}: {@code implicit} for one of its own
         * at the latest message beside the host's, as it does by default, or {@code explicit} for only those that the host
         * sets; without any, nothing is cached then. For models with {@link #cacheOptions}.
         *
         * @throws IllegalArgumentException if it is neither
         */
        public Builder cacheMode(String mode) {
            this.cache = cache.withMode(mode);
            return this;
        }

        /**
         * How long the provider keeps what it caches at least, {@code prompt_cache_options.ttl}; the API knows
         * {@code 30m}, which is its default. For models with {@link #cacheOptions}.
         *
         * @throws IllegalArgumentException if the API does not know it
         */
        public Builder cacheTtl(String ttl) {
            this.cache = cache.withTtl(ttl);
            return this;
        }

        /**
         * How long the provider keeps what it caches, {@code prompt_cache_retention}: {@code in_memory} for minutes, at most
         * an hour, or {@code 24h}; gpt-5.5 has only the latter. For models without {@link #cacheOptions}.
         *
         * @throws IllegalArgumentException if it is neither
         */
        public Builder cacheRetention(String retention) {
            this.cache = cache.withRetention(retention);
            return this;
        }

        /**
         * Whether each request names the last response of the conversation, so that the server says what of its prefix was
         * read from the cache and, if not all, why: {@code prompt_cache_options.comparison_response_id}. The answer is
         * {@link ModelResponse#cacheDiagnosis}. For models with {@link #cacheOptions}.
         *
         * <p>The whole object {@code prompt_cache_options} is then sent behind the items, in {@link Prompt#ending}, because
         * the id differs from request to request; in the fixed fields of {@link Prompt#head} it has the id's place, with
         * {@code null} in it.
         */
        public Builder cacheDiagnostics(boolean asked) {
            this.cache = cache.withDiagnostics(asked);
            return this;
        }

        /**
         * A further field of the request, such as {@code service_tier}; written in the order of the names.
         *
         * @param json the value as JSON text, on one line
         * @throws IllegalArgumentException if the field is one that the loop writes itself
         */
        public Builder field(String name, String json) {
            if (RESERVED.contains(name)) {
                throw new IllegalArgumentException("the field \"" + name + "\" is written by the loop; "
                        + "use the setting of that name, or leave it out");
            }
            if (json.indexOf('\n') >= 0 || json.indexOf('\r') >= 0) {
                throw new IllegalArgumentException(
                        "the value of \"" + name + "\" has a line break; write it on one line");
            }
            this.fields.put(name, json);
            return this;
        }

        /**
         * The settings.
         *
         * @throws IllegalArgumentException if a cache field is set that the model does not take
         */
        public PromptSettings build() {
            cache.check(model, capabilities.contains(Capability.CACHE_OPTIONS));
            return new PromptSettings(new Builder(this));
        }
    }

    private static final String MANAGEMENT = "context_management";
    private static final long SMALLEST_THRESHOLD = 1_000;

    private static final java.util.Set<String> RESERVED = java.util.Set.of(
            "model",
            "instructions",
            "tools",
            "parallel_tool_calls",
            "reasoning",
            "text",
            "include",
            "store",
            "stream",
            "max_output_tokens",
            "prompt_cache_key",
            MANAGEMENT,
            CacheFields.OPTIONS,
            CacheFields.RETENTION,
            "input",
            "tool_choice",
            "truncation",
            "previous_response_id",
            "conversation",
            "background");
}
