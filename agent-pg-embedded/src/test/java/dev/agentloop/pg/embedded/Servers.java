package dev.agentloop.pg.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** What the build has put beside the class path. */
final class Servers {
    private Servers() {}

    /** The programs of the oldest version of PostgreSQL that is supported. */
    static Path oldestJar() {
        Path jar = Path.of(System.getProperty("agentloop.postgres.oldest"));
        Assertions.assertTrue(Files.exists(jar), () -> jar + " is missing: run this test by Maven");
        return jar;
    }

    /** The program pgbouncer, which must be there if the build says where; aborts the test if it is nowhere. */
    static Path pgBouncer() {
        String required = System.getProperty("agentloop.pgbouncer", "");
        if (!required.isEmpty()) {
            Assertions.assertTrue(Files.isExecutable(Path.of(required)), () -> "no program at " + required);
            return Path.of(required);
        }
        return PgBouncer.find()
                .orElseGet(
                        () -> Assumptions.abort("the program pgbouncer is not installed: apt-get install pgbouncer"));
    }
}
