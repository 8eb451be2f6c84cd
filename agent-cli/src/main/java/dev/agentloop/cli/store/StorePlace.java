package dev.agentloop.cli.store;

import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.stores.FileStore;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where conversations are kept, as {@code --store} says. Its texts have no password. Immutable. */
public interface StorePlace {

    /**
     * The store.
     *
     * @param environment where a password may be
     */
    ConversationStore open(Map<String, String> environment);

    /** Where it is: in messages, and for {@code --store} to name it again. */
    String shown();

    /** The passwords that this place was given with, which commands must not see. */
    default List<String> secrets() {
        return List.of();
    }

    /**
     * What {@code --store} was given.
     *
     * @param value null where it was not
     * @param environment where the user's home is named
     * @throws UsageException if it is no place, or the user's home is needed and there is none
     */
    static StorePlace parse(@Nullable String value, Map<String, String> environment) {
        if (value == null) {
            return new Folder(HomeFolder.of(environment).resolve("conversations"));
        }
        if (value.equals(Embedded.NAME)) {
            return new Embedded(HomeFolder.of(environment).resolve(Embedded.NAME));
        }
        if (Server.isAddress(value)) {
            return Server.parse(value);
        }
        try {
            return new Folder(Path.of(value).toAbsolutePath().normalize());
        } catch (InvalidPathException e) {
            throw new UsageException("--store: there can be no folder " + value);
        }
    }

    /** A folder with a file for each conversation. */
    record Folder(Path path) implements StorePlace {
        /** Whether it lies in a workspace, where tools write, links followed. */
        public boolean isIn(Path workspace) {
            return real(path).startsWith(real(workspace));
        }

        // What is not there yet has no links in it.
        private static Path real(Path folder) {
            Path whole = folder.toAbsolutePath().normalize();
            for (Path there = whole; there != null; there = there.getParent()) {
                try {
                    return there.toRealPath().resolve(there.relativize(whole)).normalize();
                } catch (IOException e) {
                    // Its parent may be there.
                }
            }
            return whole;
        }

        @Override
        public ConversationStore open(Map<String, String> environment) {
            return new FileStore(path);
        }

        @Override
        public String shown() {
            return path.toString();
        }
    }

    /**
     * A PostgreSQL server of this program's own, which runs as long as the store is open; its data stays.
     *
     * @param folder the server's folder
     */
    record Embedded(Path folder) implements StorePlace {
        /** What {@code --store} is given for it. */
        private static final String NAME = "postgres";

        @Override
        public ConversationStore open(Map<String, String> environment) {
            EmbeddedPostgres server = EmbeddedPostgres.in(folder).start();
            try {
                return new ForwardingStore(
                        PgConversationStore.connect(server.jdbcUrl(), server.user(), server.password())) {
                    @Override
                    public Collection<Path> locations() {
                        return List.of(folder);
                    }

                    @Override
                    public void close() {
                        super.close();
                        server.close();
                    }
                };
            } catch (RuntimeException e) {
                server.close();
                throw e;
            }
        }

        @Override
        public String shown() {
            return NAME;
        }
    }

    /** A PostgreSQL server that runs already. Its text form is without the password. */
    final class Server implements StorePlace {
        private static final String PREFIX = "jdbc:postgresql:";

        private final String url;

        private Server(String url) {
            this.url = url;
        }

        /**
         * Whether this is meant to be the address of a server; the common mistakes are refused with a word on how to do it
         * right, and not repeated, for there may be a password in them.
         */
        static boolean isAddress(String value) {
            return value.matches("(?is)(jdbc|postgres|postgresql):.*");
        }

        static Server parse(String value) {
            if (!value.startsWith(PREFIX)) {
                throw new UsageException("--store: the address of a PostgreSQL server is a URL such as"
                        + " jdbc:postgresql://localhost:5432/agents?user=ada");
            }
            if (value.substring(0, end(value)).indexOf('@') >= 0) {
                throw new UsageException("--store: the URL names the user after the database, as ?user=ada, and the"
                        + " password is best put into PGPASSWORD");
            }
            return new Server(value);
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
                    .filter(Server::isPassword)
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
}
