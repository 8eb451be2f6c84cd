package dev.agentloop.openai;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import java.net.URI;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Where requests go and how they say who asks. Immutable; as thread-safe as its key's supplier.
 *
 * @param uri the address of {@code /responses}
 * @param version HTTP/1.1 or HTTP/2
 * @param azure whether the key goes into Azure's own header, and not into the common one as a bearer
 * @param key asked for each request; an empty key for none
 * @param headers further headers
 */
record Endpoint(URI uri, Version version, boolean azure, Supplier<String> key, Map<String, String> headers) {

    /** The address below this one, such as {@code /compact}; a query stays at its end. */
    Endpoint below(String path) {
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        URI there = URI.create(uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath() + path + query);
        return new Endpoint(there, version, azure, key, headers);
    }

    /** The credential of the next request. */
    Secret secret() {
        String value;
        try {
            value = key.get();
        } catch (RuntimeException e) {
            throw ModelException.of(
                            Kind.AUTHENTICATION,
                            "the supplier of the API key failed: "
                                    + e.getClass().getName())
                    .cause(e)
                    .build();
        }
        if (value == null) {
            throw ModelException.of(Kind.AUTHENTICATION, "the supplier of the API key gave null")
                    .build();
        }
        try {
            return Secret.of(value);
        } catch (IllegalArgumentException e) {
            throw ModelException.of(Kind.AUTHENTICATION, String.valueOf(e.getMessage()))
                    .build();
        }
    }

    /** A request with the headers that all requests have. */
    HttpRequest.Builder request(Secret secret) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).version(version).header("Content-Type", "application/json");
        headers.forEach(request::header);
        if (!secret.isEmpty()) {
            request.setHeader(azure ? "api-key" : "Authorization", azure ? secret.key() : "Bearer " + secret.key());
        }
        return request;
    }
}
