package dev.agentloop;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The model gave no usable response. The conversation keeps what is durable and can go on.
 *
 * <p>The message says what happened and what to do, and never holds a credential.
 */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final String code;
    private final int status;
    private final String requestId;
    private final @Nullable Duration retryAfter;
    private final @Nullable Boolean retry;
    private final transient @Nullable Usage usage;

    /** What went wrong, which decides what is done about it. */
    public enum Kind {
        /** The connection could not be made or broke, or the stream ended early or fell silent. */
        TRANSPORT(true),
        /** The server failed or timed out. */
        SERVER(true),
        /** The server is overloaded; back off for longer. */
        OVERLOADED(true),
        /** Too many requests or tokens a minute. */
        RATE_LIMIT(true),
        /** The quota or the credit is used up; the owner of the account must act. */
        QUOTA(false),
        /** The key is missing, wrong, or of another organisation. */
        AUTHENTICATION(false),
        /** The key may not do this, or the region is not served. */
        PERMISSION(false),
        /** There is no such model or path. */
        NOT_FOUND(false),
        /** The request is wrong, or uses what the model does not have. */
        INVALID_REQUEST(false),
        /** The prompt does not fit the model's context window. */
        CONTEXT_LENGTH(false),
        /** A policy forbids the prompt or the answer. */
        POLICY(false),
        /** The server cannot read reasoning that was sent back to it; once, a prompt without it may be tried. */
        INVALID_ENCRYPTED_CONTENT(false),
        /** An image cannot be used; once, a prompt without it may be tried. */
        INVALID_IMAGE(false),
        /** The server sent what is no Responses API. */
        PROTOCOL(false);

        private final boolean retryable;

        Kind(boolean retryable) {
            this.retryable = retryable;
        }
    }

    private ModelException(Builder builder) {
        super(builder.message, builder.cause);
        this.kind = builder.kind;
        this.code = builder.code;
        this.status = builder.status;
        this.requestId = builder.requestId;
        this.retryAfter = builder.retryAfter;
        this.retry = builder.retry;
        this.usage = builder.usage;
    }

    /** An exception of this kind; {@code message} says what happened and what to do. */
    public static Builder of(Kind kind, String message) {
        return new Builder(kind, message);
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }

    /** The server's own code such as {@code rate_limit_exceeded}; an open set; empty where there is none. */
    public String code() {
        return code;
    }

    /** The HTTP status; 0 where there was none. */
    public int status() {
        return status;
    }

    /** The server's id of the request, for its support; empty where there is none. */
    public String requestId() {
        return requestId;
    }

    /** How long the server asked to wait, from the failure on; empty where it did not say. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** What was used, though there is no usable response; {@link Usage#NONE} where nothing is known to be. */
    public Usage usage() {
        return usage == null ? Usage.NONE : usage;
    }

    /**
     * A builder of the same failure, caused by this one.
     *
     * @param more what its message says besides, from a blank on; empty for nothing
     */
    public Builder toBuilder(String more) {
        return of(kind, getMessage() + more)
                .code(code)
                .status(status)
                .requestId(requestId)
                .retryAfter(retryAfter)
                .retryable(retry)
                .usage(usage())
                .cause(this);
    }

    /** Whether the same prompt may be sent again: by the kind, unless the server said otherwise. */
    public boolean retryable() {
        return retry == null ? kind.retryable : retry;
    }

    /** Collects what is known of a failure; not thread-safe. */
    public static final class Builder {
        private final Kind kind;
        private final String message;
        private String code = "";
        private int status;
        private String requestId = "";
        private @Nullable Duration retryAfter;
        private @Nullable Boolean retry;
        private Usage usage = Usage.NONE;
        private @Nullable Throwable cause;

        private Builder(Kind kind, String message) {
            this.kind = kind;
            this.message = message;
        }

        /** The server's code. */
        public Builder code(String value) {
            this.code = value;
            return this;
        }

        /** The HTTP status. */
        public Builder status(int value) {
            this.status = value;
            return this;
        }

        /** The server's id of the request. */
        public Builder requestId(String value) {
            this.requestId = value;
            return this;
        }

        /** How long the server asked to wait; null where it did not say. A policy takes less than zero for zero. */
        public Builder retryAfter(@Nullable Duration value) {
            this.retryAfter = value;
            return this;
        }

        /** What the server itself said of another try; null where it said nothing. */
        public Builder retryable(@Nullable Boolean value) {
            this.retry = value;
            return this;
        }

        /** What the unusable response used. */
        public Builder usage(Usage value) {
            this.usage = value;
            return this;
        }

        /** What caused it. */
        public Builder cause(Throwable value) {
            this.cause = value;
            return this;
        }

        /** The exception. */
        public ModelException build() {
            return new ModelException(this);
        }
    }
}
