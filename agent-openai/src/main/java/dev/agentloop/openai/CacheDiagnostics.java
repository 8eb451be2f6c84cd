package dev.agentloop.openai;

import dev.agentloop.ModelResponse.CacheDiagnosis;
import dev.agentloop.internal.JsonFields;
import org.jspecify.annotations.Nullable;

/** Reads what a server says about the reuse of a prefix, and takes it as it comes: types and fields may be new or absent. */
final class CacheDiagnostics {
    private CacheDiagnostics() {}

    /** The diagnosis, or null where there is none that says what it is. */
    static @Nullable CacheDiagnosis of(@Nullable JsonFields fields) {
        String type = fields == null ? null : fields.text("type");
        if (fields == null || type == null) {
            return null;
        }
        return new CacheDiagnosis(
                type,
                fields.text("reason"),
                Math.max(0, fields.number("cache_missed_tokens", 0)),
                Math.max(0, fields.number("comparison_reusable_tokens", 0)));
    }
}
