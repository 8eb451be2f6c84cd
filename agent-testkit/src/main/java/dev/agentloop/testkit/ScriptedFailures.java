package dev.agentloop.testkit;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;

/** The exceptions that a client makes of the API's error codes. */
final class ScriptedFailures {
    private ScriptedFailures() {}

    static ModelException of(String code, String message) {
        return ModelException.of(kind(code), message).code(code).build();
    }

    private static Kind kind(String code) {
        return switch (code) {
            case "rate_limit_exceeded" -> Kind.RATE_LIMIT;
            case "server_is_overloaded", "slow_down" -> Kind.OVERLOADED;
            case "insufficient_quota", "credit_balance_exhausted", "usage_not_included" -> Kind.QUOTA;
            case "context_length_exceeded" -> Kind.CONTEXT_LENGTH;
            case "invalid_encrypted_content" -> Kind.INVALID_ENCRYPTED_CONTENT;
            case "invalid_prompt", "bio_policy", "cyber_policy", "misalignment_policy_violation" -> Kind.POLICY;
            case "invalid_image", "image_parse_error" -> Kind.INVALID_IMAGE;
            default -> Kind.SERVER;
        };
    }
}
