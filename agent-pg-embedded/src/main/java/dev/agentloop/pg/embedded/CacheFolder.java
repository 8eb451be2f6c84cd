package dev.agentloop.pg.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Where programs are unpacked unless the host says where. */
final class CacheFolder {
    private CacheFolder() {}

    static Path ofUser() {
        return ofUser(System.getenv(), System.getProperty("user.home"));
    }

    /**
     * The folder of one user.
     *
     * @param home what the JDK says, which asks the system and not the environment: it may not exist, or be {@code ?}
     */
    static Path ofUser(Map<String, String> environment, String home) {
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (caches.isEmpty() ? home(environment, home).resolve(".cache") : Path.of(caches))
                .resolve(Path.of("agentloop", "postgres"));
    }

    // There is no such folder for "nobody", and no user of the system with the number that a container was started
    // with.
    private static Path home(Map<String, String> environment, String home) {
        Path said = Path.of(environment.getOrDefault("HOME", ""));
        boolean exists = Path.of(home).isAbsolute() && Files.isDirectory(Path.of(home));
        return exists || !said.isAbsolute() ? Path.of(home) : said;
    }
}
