package dev.agentloop.examples.cli;

import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.spi.ConversationStore;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL server that runs already. Its text form is without the password. */
final class ServerPlace implements StorePlace {
    private static final String PREFIX = "jdbc:postgresql:";

    private final String url;

    private ServerPlace(String url) {
        this.url = url;
    }

    /**
     * Whether this is meant to be the address of a server; the common mistakes are refused with a word on how to do it right,
     * and not repeated, for there may be a password in them.
     */
    static boolean isAddress(String value) {
        return value.matches("(?is)(jdbc|postgres|postgresql):.*");
    }

    static ServerPlace parse(String value) {
        if (!value.startsWith(PREFIX)) {
            throw new UsageException("--store: the address of a PostgreSQL server is a URL such as"
                    + " jdbc:postgresql://localhost:5432/agents?user=ada");
        }
        if (value.substring(0, end(value)).indexOf('@') >= 0) {
            throw new UsageException("--store: the URL names the user after the database, as ?user=ada, and the"
                    + " password is best put into PGPASSWORD");
        }
        return new ServerPlace(value);
    }

    private static int end(String url) {
        int query = url.indexOf('?');
        return query < 0 ? url.length() : query;
    }

    @Override
    public ConversationStore open(Map<String, String> environment) {
        String user = has("user") ? null : environment.get("PGUSER");
        try {
            return PgConversationStore.builder(url, user, has("password") ? null : password(environment))
                    .poolSize(2)
                    .open();
        } catch (IllegalArgumentException e) {
            throw new UsageException("--store: the driver cannot read this URL; one such as"
                    + " jdbc:postgresql://localhost:5432/agents?user=ada is right");
        }
    }

    private static @Nullable String password(Map<String, String> environment) {
        String password = environment.getOrDefault("PGPASSWORD", "");
        return password.isEmpty() ? null : password;
    }

    private boolean has(String parameter) {
        return parameters().anyMatch(word -> word.startsWith(parameter + "="));
    }

    private Stream<String> parameters() {
        return Arrays.stream(url.substring(end(url)).split("[?&]")).filter(word -> !word.isEmpty());
    }

    private static boolean isPassword(String parameter) {
        return parameter.toLowerCase(Locale.ROOT).replaceFirst("=.*", "").endsWith("password");
    }

    /** As they stand in the URL, and as the server gets them. */
    @Override
    public List<String> secrets() {
        return parameters()
                .filter(ServerPlace::isPassword)
                .map(word -> word.substring(word.indexOf('=') + 1))
                .flatMap(word -> Stream.of(word, decoded(word)))
                .distinct()
                .toList();
    }

    private static String decoded(String word) {
        try {
            return URLDecoder.decode(word, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // The driver will say that the URL is wrong.
            return word;
        }
    }

    @Override
    public String shown() {
        String shown = parameters().filter(word -> !isPassword(word)).collect(Collectors.joining("&"));
        return url.substring(0, end(url)) + (shown.isEmpty() ? "" : "?" + shown);
    }
}
