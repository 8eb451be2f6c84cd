package dev.agentloop.benchmarks;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What keeping conversations in PostgreSQL costs, beside plain JDBC on the same server in the same run. */
final class PostgresCost {
    private static final String USAGE =
            "usage: benchmarks/run postgres [--slices 40 --threads 1,8,32 --fsync on --parts appends,loads,turns,writes,memory"
                    + " --conversations 10000 ]";

    private PostgresCost() {}

    public static void main(String[] arguments) throws Exception {
        Options options = Options.parse(USAGE, arguments);
        int slices = options.number("slices", "40");
        String fsync = options.text("fsync", "on");
        List<String> parts = List.of(
                options.text("parts", "appends,loads,turns,writes,memory").split(",", -1));
        try (EmbeddedPostgres server = EmbeddedPostgres.temporary()
                .option("fsync", fsync)
                .option("autovacuum", "off")
                .option("shared_preload_libraries", "pg_stat_statements")
                .option("max_wal_size", "4GB")
                .start()) {
            System.out.printf(
                    Locale.ROOT,
                    "Java %s, %d processors, PostgreSQL %s, fsync=%s, load of the machine %.1f%n",
                    Runtime.version(),
                    Runtime.getRuntime().availableProcessors(),
                    server.version(),
                    fsync,
                    java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                            .getSystemLoadAverage());
            if (parts.contains("appends")) {
                appends(server, slices, options.numbers("threads", "1,8,32"));
            }
            if (parts.contains("loads")) {
                PostgresLoads.print(PostgresTarget.of(server), slices);
            }
            if (parts.contains("turns")) {
                PostgresTurns.print(PostgresTarget.of(server));
            }
            if (parts.contains("writes")) {
                PostgresWrites.print(PostgresTarget.of(server));
            }
            if (parts.contains("memory")) {
                PostgresMemory.print(PostgresTarget.of(server), options.number("conversations", "10000"));
            }
        }
    }

    private static void appends(EmbeddedPostgres server, int slices, int... threads) throws Exception {
        PostgresAppends.head();
        PostgresAppends.print("direct", PostgresTarget.of(server), slices, threads);
        Optional<Path> program = PgBouncer.find();
        if (program.isEmpty()) {
            System.out.println("PgBouncer is not installed");
            return;
        }
        try (PgBouncer pooler = PgBouncer.before(server).program(program.get()).start()) {
            PostgresAppends.print(
                    "PgBouncer",
                    new PostgresTarget(pooler.jdbcUrl(), pooler.user(), pooler.password()),
                    slices,
                    threads);
        }
    }
}
