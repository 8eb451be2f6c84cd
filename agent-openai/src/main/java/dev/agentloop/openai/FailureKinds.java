package dev.agentloop.openai;

import dev.agentloop.ModelException.Kind;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which kind of failure a server's answer is: by its code, else its type, else its words, else the HTTP status.
 *
 * <p>The codes are those that the API's schema lists for a failed response, those that are seen on the wire beside them,
 * and the error types of Open Responses. Codes that are not known are read by their parts, because the set grows.
 */
final class FailureKinds {
    private static final Map<String, Kind> BY_CODE = new HashMap<>();

    static {
        put(Kind.CONTEXT_LENGTH, "context_length_exceeded", "context_window_exceeded");
        put(Kind.RATE_LIMIT, "rate_limit_exceeded", "rate_limit_error", "too_many_requests", "tokens", "requests");
        put(Kind.OVERLOADED, "server_is_overloaded", "slow_down", "overloaded", "overloaded_error");
        put(Kind.QUOTA, "insufficient_quota", "credit_balance_exhausted", "usage_not_included", "usage_limit_reached");
        put(Kind.QUOTA, "billing_hard_limit_reached", "billing_not_active", "insufficient_balance");
        put(Kind.SERVER, "server_error", "internal_server_error", "internal_error", "model_error", "timeout");
        put(Kind.SERVER, "vector_store_timeout");
        put(Kind.POLICY, "invalid_prompt", "bio_policy", "cyber_policy", "data_residency_mismatch");
        put(Kind.POLICY, "misalignment_policy_violation", "content_policy_violation", "content_filter");
        put(Kind.INVALID_ENCRYPTED_CONTENT, "invalid_encrypted_content");
        put(Kind.INVALID_IMAGE, "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url");
        put(Kind.INVALID_IMAGE, "invalid_image_mode", "image_too_large", "image_too_small", "image_parse_error");
        put(Kind.INVALID_IMAGE, "image_file_too_large", "unsupported_image_media_type", "empty_image_file");
        put(Kind.INVALID_IMAGE, "failed_to_download_image", "image_file_not_found", "image_content_policy_violation");
        put(Kind.AUTHENTICATION, "invalid_api_key", "authentication_error", "invalid_organization", "token_expired");
        put(Kind.PERMISSION, "unsupported_country_region_territory", "permission_error", "permission_denied");
        put(Kind.NOT_FOUND, "model_not_found", "not_found", "not_found_error", "DeploymentNotFound");
        put(Kind.INVALID_REQUEST, "invalid_request", "previous_response_not_found");
    }

    private FailureKinds() {}

    private static void put(Kind kind, String... codes) {
        for (String code : codes) {
            BY_CODE.put(code, kind);
        }
    }

    /** The kind of an error response with this HTTP status. */
    static Kind ofStatus(int status, ApiError error) {
        Kind said = said(error);
        return said != null ? said : byStatus(status);
    }

    /** The kind of a failure that a stream reports. What is not known may be over with the next try. */
    static Kind ofStream(ApiError error) {
        Kind said = said(error);
        if (said != null) {
            return said;
        }
        boolean ours = error.code().startsWith("invalid_") || error.type().startsWith("invalid_");
        return ours ? Kind.INVALID_REQUEST : Kind.SERVER;
    }

    private static @Nullable Kind said(ApiError error) {
        Kind code = byName(error.code());
        if (code != null) {
            return code;
        }
        Kind type = byName(error.type());
        return type != null && type != Kind.INVALID_REQUEST ? type : byWords(error);
    }

    private static @Nullable Kind byName(String name) {
        Kind known = BY_CODE.get(name);
        if (known != null) {
            return known;
        }
        if (name.contains("policy")) {
            return Kind.POLICY;
        }
        if (name.contains("quota") || name.contains("billing") || name.contains("credit_balance")) {
            return Kind.QUOTA;
        }
        return name.contains("overloaded") ? Kind.OVERLOADED : null;
    }

    // Servers beside OpenAI's send these with a code of their own or with none.
    private static @Nullable Kind byWords(ApiError error) {
        if (error.says("encrypted content", "could not be verified")) {
            return Kind.INVALID_ENCRYPTED_CONTENT;
        }
        if (error.says("exceed", "context window") || error.says("maximum context length")) {
            return Kind.CONTEXT_LENGTH;
        }
        return error.says("incorrect api key") ? Kind.AUTHENTICATION : null;
    }

    private static Kind byStatus(int status) {
        return switch (status) {
            case 401, 407 -> Kind.AUTHENTICATION;
            case 402 -> Kind.QUOTA;
            case 403 -> Kind.PERMISSION;
            case 404, 405, 410 -> Kind.NOT_FOUND;
            case 408, 409, 425 -> Kind.SERVER;
            case 429 -> Kind.RATE_LIMIT;
            case 503, 529 -> Kind.OVERLOADED;
            default -> status >= 500 ? Kind.SERVER : status >= 400 ? Kind.INVALID_REQUEST : Kind.PROTOCOL;
        };
    }
}
