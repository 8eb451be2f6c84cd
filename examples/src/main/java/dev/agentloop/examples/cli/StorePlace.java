package dev.agentloop.examples.cli;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
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
        if (value.equals(EmbeddedPlace.NAME)) {
            return new EmbeddedPlace(HomeFolder.of(environment).resolve(EmbeddedPlace.NAME));
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
        /** Whether it lies in a workspace, where tools write, links followed. */
        boolean isIn(Path workspace) {
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
}
