package dev.agentloop.examples.cli;

import dev.agentloop.spi.ConversationStore;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where conversations are kept, as {@code --store} says. Its texts have no password. Immutable. */
interface StorePlace {

    /**
     * The store.
     *
     * @param environment where a password may be
     */
    ConversationStore open(Map<String, String> environment);

    /** Where it is: in messages, and for {@code --store} to name it again. */
    String shown();

    /**
     * What {@code --store} was given.
     *
     * @param value null where it was not
     * @param state where this program keeps what is the user's; null for its folder in the user's home
     */
    static StorePlace parse(@Nullable String value, @Nullable Path state) {
        Path home = state == null ? Path.of(System.getProperty("user.home"), ".agentloop") : state;
        if (value == null) {
            return new Folder(home.resolve("conversations"));
        }
        if (value.equals(EmbeddedPlace.NAME)) {
            return new EmbeddedPlace(home.resolve(EmbeddedPlace.NAME));
        }
        if (ServerPlace.isAddress(value)) {
            return ServerPlace.parse(value);
        }
        try {
            return new Folder(Path.of(value).toAbsolutePath().normalize());
        } catch (InvalidPathException e) {
            throw new UsageException("--store: there can be no folder " + value);
        }
    }

    /** A folder with a file for each conversation. */
    record Folder(Path path) implements StorePlace {
        @Override
        public ConversationStore open(Map<String, String> environment) {
            return ConversationStore.files(path);
        }

        @Override
        public String shown() {
            return path.toString();
        }
    }
}
