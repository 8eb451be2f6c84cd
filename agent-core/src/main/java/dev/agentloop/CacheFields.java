package dev.agentloop;

import dev.agentloop.internal.Json;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request says about the provider's cache, beside its key: the values of {@code prompt_cache_options}, and for older
 * models that of {@code prompt_cache_retention}. Null where nothing is said.
 *
 * @param diagnostics whether each request names the last response, to be told what of its prefix was reusable
 */
record CacheFields(
        @Nullable String mode,
        @Nullable String ttl,
        @Nullable String retention,
        boolean diagnostics) {
    static final String OPTIONS = "prompt_cache_options";
    static final String RETENTION = "prompt_cache_retention";

    static final CacheFields NONE = new CacheFields(null, null, null, false);

    private static final String EXPLICIT = "explicit";

    CacheFields withMode(String value) {
        return new CacheFields(known("cache mode", value, "implicit", EXPLICIT), ttl, retention, diagnostics);
    }

    CacheFields withTtl(String value) {
        return new CacheFields(mode, known("cache lifetime", value, "30m"), retention, diagnostics);
    }

    CacheFields withRetention(String value) {
        return new CacheFields(mode, ttl, known("cache retention", value, "in_memory", "24h"), diagnostics);
    }

    CacheFields withDiagnostics(boolean asked) {
        return new CacheFields(mode, ttl, retention, asked);
    }

    private static String known(String what, String value, String... values) {
        if (!List.of(values).contains(value)) {
            throw new IllegalArgumentException("the API has no " + what + " \"" + value + "\"; it knows "
                    + String.join(" and ", values) + "; use one of these, or leave it to the server");
        }
        return value;
    }

    /**
     * Refuses what the API would answer with an error.
     *
     * @param options whether the model takes {@code prompt_cache_options}
     */
    void check(String model, boolean options) {
        if (retention != null && options) {
            throw new IllegalArgumentException("the model " + model + " takes no " + RETENTION
                    + "; use cacheTtl(...), or say cacheOptions(false) if it is an older one");
        }
        if (saysOptions() && !options) {
            throw new IllegalArgumentException("the model " + model + " takes no " + OPTIONS
                    + "; use cacheRetention(...), or say cacheOptions(true) if it does");
        }
    }

    private boolean saysOptions() {
        return mode != null || ttl != null || diagnostics;
    }

    void write(Json.Writer out) throws IOException {
        if (saysOptions()) {
            out.object(OPTIONS, options -> {
                PromptSettings.text(options, "mode", mode);
                PromptSettings.text(options, "ttl", ttl);
                if (diagnostics) {
                    options.raw(PromptEnding.COMPARISON, "null");
                }
            });
        }
        PromptSettings.text(out, RETENTION, retention);
    }

    /** Whether the server sets no breakpoint of its own. */
    boolean explicit() {
        return EXPLICIT.equals(mode);
    }
}
