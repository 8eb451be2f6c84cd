package dev.agentloop.internal;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request says about the provider's cache, beside its key: the values of {@code prompt_cache_options}, and for older
 * models that of {@code prompt_cache_retention}. Null where nothing is said.
 *
 * @param diagnostics whether each request names the last response, to be told what of its prefix was reusable
 */
public record CacheFields(
        @Nullable String mode,
        @Nullable String ttl,
        @Nullable String retention,
        boolean diagnostics) {
    public static final String OPTIONS = "prompt_cache_options";
    public static final String RETENTION = "prompt_cache_retention";

    /** In the fixed fields this has no value: it is filled in after the items, where the object that it is in is sent. */
    public static final String COMPARISON = "comparison_response_id";

    public static final CacheFields NONE = new CacheFields(null, null, null, false);

    /** The mode in which the server sets no breakpoint of its own. */
    public static final String EXPLICIT = "explicit";

    public CacheFields withMode(String value) {
        return new CacheFields(known("cache mode", value, "implicit", EXPLICIT), ttl, retention, diagnostics);
    }

    public CacheFields withTtl(String value) {
        return new CacheFields(mode, known("cache lifetime", value, "30m"), retention, diagnostics);
    }

    public CacheFields withRetention(String value) {
        return new CacheFields(mode, ttl, known("cache retention", value, "in_memory", "24h"), diagnostics);
    }

    public CacheFields withDiagnostics(boolean asked) {
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
    public void check(String model, boolean options) {
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

    public void write(Json.Writer out) throws IOException {
        if (saysOptions()) {
            out.object(OPTIONS, options -> {
                options.textUnlessNull("mode", mode);
                options.textUnlessNull("ttl", ttl);
                if (diagnostics) {
                    options.raw(COMPARISON, "null");
                }
            });
        }
        out.textUnlessNull(RETENTION, retention);
    }
}
