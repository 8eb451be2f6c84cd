package dev.agentloop.cli.store;

import dev.agentloop.cli.terminal.UsageException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where this program keeps what is the user's, unless the command line names a place. */
public final class HomeFolder {
    private static final String HOME = "HOME";

    private HomeFolder() {}

    /** {@code agentloop} below {@code XDG_STATE_HOME}; null where that is not set. */
    public static @Nullable Path state(Map<String, String> environment) {
        Path named = absolute(environment.get("XDG_STATE_HOME"));
        return named == null ? null : named.resolve("agentloop");
    }

    /**
     * The state folder, else {@code .agentloop} in the user's home.
     *
     * @throws UsageException if the user has no home
     */
    static Path of(Map<String, String> environment) {
        return of(environment, System.getProperty("user.home"));
    }

    // Java gives a user without an entry in the system's list the home "?", which would be a folder of the workspace.
    static Path of(Map<String, String> environment, @Nullable String ofSystem) {
        Path state = state(environment);
        if (state != null) {
            return state;
        }
        Path named = absolute(environment.get(HOME));
        Path home = named == null ? absolute(ofSystem) : named;
        if (home == null) {
            String said = environment.getOrDefault(HOME, "");
            throw new UsageException("this user has no home to keep conversations in ("
                    + (said.isEmpty() ? "HOME is not set" : "HOME is " + said + ", which is no absolute path")
                    + "): set HOME, or name a place with --store");
        }
        return home.resolve(".agentloop");
    }

    private static @Nullable Path absolute(@Nullable String name) {
        try {
            return name == null || name.isEmpty() || !Path.of(name).isAbsolute()
                    ? null
                    : Path.of(name).normalize();
        } catch (InvalidPathException e) {
            return null;
        }
    }
}
