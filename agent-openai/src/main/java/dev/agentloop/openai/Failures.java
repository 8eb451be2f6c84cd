package dev.agentloop.openai;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.nio.channels.UnresolvedAddressException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Makes the exceptions of one request, in words that say what happened and what to do, without its credential. Used by
 * the calling thread only.
 *
 * <p>A failure after the response began has the status 200: so a stream that broke is told from a request that failed.
 */
final class Failures {
    private static final HttpHeaders NO_HEADERS = HttpHeaders.of(Map.of(), (name, value) -> true);

    private static final String TOO_LARGE =
            " The request alone is over the limit of tokens a minute: shorten the prompt, or have the limit raised.";

    private final String server;
    private final Secret secret;
    private int status;
    private HttpHeaders headers = NO_HEADERS;

    Failures(URI uri, Secret secret) {
        this.server = shown(uri);
        this.secret = secret;
    }

    /** The address without what may hold a credential. */
    private static String shown(URI uri) {
        return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()) + uri.getPath();
    }

    /** The head of the response came in: what fails from now on has its status and its request's id. */
    void answered(int newStatus, HttpHeaders newHeaders) {
        this.status = newStatus;
        this.headers = newHeaders;
    }

    /** Where the request goes, fit to be shown. */
    String server() {
        return server;
    }

    int status() {
        return status;
    }

    /** The media type of the response, in lower case; empty where the server names none. */
    String contentType() {
        return headers.firstValue("content-type").orElse("").toLowerCase(Locale.ROOT);
    }

    String requestId() {
        return headers.firstValue("x-request-id")
                .or(() -> headers.firstValue("apim-request-id"))
                .orElse("");
    }

    /** The server answered with an error status. */
    ModelException refused(ResponseBody body) {
        if (status < 400) {
            return protocol("answered HTTP " + status + redirect() + "; set the base URL to where the API is");
        }
        ApiError error = body.error();
        return of(FailureKinds.ofStatus(status, error), error);
    }

    private String redirect() {
        String location = headers.firstValue("location").orElse("");
        int query = location.indexOf('?');
        return location.isEmpty() ? "" : ", a redirect to " + (query < 0 ? location : location.substring(0, query));
    }

    /** The response, or an event in its place, says that it failed. */
    ModelException failed(JsonFields fields) {
        ApiError error = ApiError.of(fields);
        int said = (int) fields.number("status", 0);
        return of(said >= 400 ? FailureKinds.ofStatus(said, error) : FailureKinds.ofStream(error), error);
    }

    private ModelException of(Kind kind, ApiError error) {
        StringBuilder text = new StringBuilder(server);
        text.append(status == 200 ? " broke off with an error" : " answered HTTP " + status);
        String code = error.code().isEmpty() ? error.type() : error.code();
        text.append(code.isEmpty() ? "" : " (" + code + ")");
        text.append(error.message().isEmpty() ? "" : ": " + error.message());
        text.append(error.param().isEmpty() ? "" : " [field " + error.param() + "]");
        boolean tooLarge = kind == Kind.RATE_LIMIT && error.says("request too large");
        return start(kind, sentence(text.toString()) + (tooLarge ? TOO_LARGE : advice(kind)))
                .code(secret.masked(code))
                .retryAfter(RetryAfter.of(status, headers, error))
                .retryable(tooLarge ? Boolean.FALSE : toldToRetry(kind))
                .build();
    }

    /** What {@code x-should-retry} says; quota and policy stay as they are whatever it says. */
    private @Nullable Boolean toldToRetry(Kind kind) {
        String told = headers.firstValue("x-should-retry").orElse("");
        if (told.equals("false")) {
            return Boolean.FALSE;
        }
        if (kind == Kind.QUOTA || kind == Kind.POLICY) {
            return null;
        }
        return told.equals("true") ? Boolean.TRUE : null;
    }

    private static String advice(Kind kind) {
        return switch (kind) {
            case AUTHENTICATION ->
                " Check the API key (OPENAI_API_KEY), and the organisation and project if they are set.";
            case PERMISSION -> " Check what the key may do, and whether the region is served.";
            case NOT_FOUND -> " Check the name of the model and the base URL.";
            case QUOTA -> " The owner of the account must check its plan and credit; trying again does not help.";
            case RATE_LIMIT -> " Send fewer requests and tokens a minute, or have the limit raised.";
            case OVERLOADED -> " The server is overloaded: send less for a while, then more bit by bit.";
            case CONTEXT_LENGTH -> " Compact the conversation, or use a model with a larger context window.";
            case POLICY -> " A policy of the provider forbids this prompt or its answer; trying again does not help.";
            case INVALID_ENCRYPTED_CONTENT ->
                " The reasoning in the prompt belongs to another key, organisation or model; leave it out and try once more.";
            case INVALID_IMAGE -> " An image in the prompt cannot be used; leave it out and try once more.";
            case INVALID_REQUEST -> " The request is wrong for this model or server; change its settings or its input.";
            case SERVER -> " The server failed; trying again later may help.";
            case TRANSPORT, PROTOCOL -> "";
        };
    }

    /** The connection could not be made, or broke. */
    ModelException transport(Throwable cause) {
        String detail = detail(cause);
        // The JDK's client throws this for a 401 without a challenge if it was given an authenticator.
        if (detail.contains("WWW-Authenticate header missing")) {
            answered(401, headers);
            return of(Kind.AUTHENTICATION, ApiError.NONE);
        }
        return start(Kind.TRANSPORT, transportText(cause, detail))
                .cause(cause)
                .retryable(untrusted(cause) ? Boolean.FALSE : null)
                .build();
    }

    private String transportText(Throwable cause, String detail) {
        if (cause instanceof HttpConnectTimeoutException) {
            return "no connection to " + server + " within the connect timeout. Check the network, the proxy and the"
                    + " base URL.";
        }
        if (cause instanceof ConnectException) {
            String why = has(cause, UnresolvedAddressException.class) ? "unknown host" : detail;
            return "no connection to " + server + " (" + why + "). Check the network, the proxy and the base URL.";
        }
        if (untrusted(cause)) {
            return "the certificate of " + server + " is not trusted (" + detail + "). Check the trust store, and"
                    + " whether a proxy replaces certificates.";
        }
        String when = status == 0 ? " before it answered: " : " in the middle of its response: ";
        return sentence("the connection to " + server + " broke" + when + detail);
    }

    /** The first message in the chain of causes; the JDK's outermost exception often has none. */
    private static String detail(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                return cause.getMessage();
            }
        }
        return failure.getClass().getSimpleName();
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static boolean untrusted(Throwable failure) {
        return has(failure, SSLException.class) && has(failure, GeneralSecurityException.class);
    }

    /** Nothing came for as long as the idle timeout allows. */
    ModelException silent(Duration timeout) {
        String what = status == 0 ? " sent no response within " : " sent no event for ";
        String text = server + what + timeout.toMillis() + " ms (the idle timeout), so the connection was closed.";
        return start(Kind.TRANSPORT, text).build();
    }

    /** The response ended before its last event. */
    ModelException cut() {
        return start(Kind.TRANSPORT, server + " ended the stream before the response was complete.")
                .build();
    }

    /** What came is not what a Responses API sends. */
    ModelException protocol(String what) {
        return protocol(what, Usage.NONE);
    }

    /** The same where the server has said what it used nevertheless. */
    ModelException protocol(String what, Usage used) {
        return start(Kind.PROTOCOL, sentence(server + " " + what)).usage(used).build();
    }

    private ModelException.Builder start(Kind kind, String text) {
        String id = secret.masked(requestId());
        String request = id.isEmpty() ? "" : " (request " + id + ")";
        return ModelException.of(kind, secret.masked(text) + request)
                .status(status)
                .requestId(id);
    }

    private static String sentence(String text) {
        return text.endsWith(".") || text.endsWith("…") ? text : text + ".";
    }
}
