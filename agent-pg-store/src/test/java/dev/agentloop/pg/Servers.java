package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Real servers for tests, whose processes may be killed but whose machine is not: nothing is forced to the disk. */
final class Servers {
    static final String NO_PGBOUNCER = "the program pgbouncer is not installed: apt-get install pgbouncer";

    private Servers() {}

    static EmbeddedPostgres newest() {
        return newestForcing("off").start();
    }

    /** The newest, with the tables and the roles of docs/postgres.md. */
    static EmbeddedPostgres newestWithRoles() throws IOException, SQLException {
        EmbeddedPostgres server = newest();
        store(server).open().close();
        Matcher block =
                Pattern.compile("(?s)```sql\n(.*?)```").matcher(Files.readString(Path.of("../docs/postgres.md")));
        assertThat(block.find()).isTrue();
        Logs.run(server, block.group(1));
        return server;
    }

    static EmbeddedPostgres.Builder newestForcing(String fsync) {
        return EmbeddedPostgres.temporary().option("fsync", fsync);
    }

    static EmbeddedPostgres oldest() {
        Path jar = Path.of(System.getProperty("agentloop.postgres.oldest"));
        Assertions.assertTrue(Files.exists(jar), () -> jar + " is missing: run this test by Maven");
        return newestForcing("off").binaries(jar).start();
    }

    static PgBouncer pooler(EmbeddedPostgres server) {
        return pooler(server, 16);
    }

    /** Aborts the test where the program is nowhere. */
    static PgBouncer pooler(EmbeddedPostgres server, int connections) {
        return PgBouncer.before(server)
                .program(pgBouncer().orElseGet(() -> Assumptions.abort(NO_PGBOUNCER)))
                .option("default_pool_size", Integer.toString(connections))
                .start();
    }

    /** Whether a whole class of tests can run; it starts and stops nothing otherwise. */
    static boolean hasPgBouncer() {
        return pgBouncer().isPresent();
    }

    // Where the build says that it must be, it is not looked for: a test fails that does not find it.
    private static Optional<Path> pgBouncer() {
        String required = System.getProperty("agentloop.pgbouncer", "");
        return required.isEmpty() ? PgBouncer.find() : Optional.of(Path.of(required));
    }

    static PgConversationStore.Builder store(EmbeddedPostgres server) {
        return PgConversationStore.builder(server.jdbcUrl(), server.user(), server.password())
                .allowDataLoss();
    }

    /** Through the pooler, by an address that tells the driver nothing of it. */
    static PgConversationStore.Builder store(PgBouncer pooler) {
        String url = pooler.jdbcUrl().replaceAll("[?].*", "");
        return PgConversationStore.builder(url, pooler.user(), pooler.password())
                .allowDataLoss();
    }
}
