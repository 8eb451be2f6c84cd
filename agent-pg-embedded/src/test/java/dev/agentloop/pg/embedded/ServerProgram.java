package dev.agentloop.pg.embedded;

import java.nio.file.Path;
import java.sql.SQLException;

/** Runs a server in a JVM of its own, until its input ends. What it does last, it does in a shutdown hook. */
final class ServerProgram {
    /** What stands before the process id of the server, on a line of the output. */
    static final String STARTED = "started ";

    private ServerProgram() {}

    /** The folder of the server, and the one for the programs if it is not the usual one. */
    public static void main(String[] arguments) throws Exception {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.in(Path.of(arguments[0]));
        if (arguments.length > 1) {
            builder.cache(Path.of(arguments[1]));
        }
        EmbeddedPostgres server = builder.start();
        Sql.run(server, "CREATE TABLE IF NOT EXISTS t(what text)");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                Sql.run(server, "INSERT INTO t VALUES ('last words')");
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }));
        System.out.println(STARTED + server.postmasterPid());
        while (System.in.read() != -1) {
            // Nothing is sent: the end is what is waited for.
        }
        System.exit(0);
    }
}
