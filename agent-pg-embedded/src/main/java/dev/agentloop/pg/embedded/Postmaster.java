package dev.agentloop.pg.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One run of a server, from its start to its end. */
final class Postmaster {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final Duration QUIT_LIMIT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(5);

    private final Daemon daemon;
    private final Binaries binaries;
    private final ServerFolder folder;

    /** The server could not start for a reason that may pass: somebody has its port, or a killed one's remains. */
    static final class Busy extends Exception {
        private static final long serialVersionUID = 1L;

        Busy(String message) {
            super(message);
        }
    }

    private Postmaster(Daemon daemon, Binaries binaries, ServerFolder folder) {
        this.daemon = daemon;
        this.binaries = binaries;
        this.folder = folder;
    }

    /** Returns when the server takes connections on that port of the loopback interface. */
    static Postmaster start(Binaries binaries, ServerFolder folder, Map<String, String> options, int port) throws Busy {
        List<String> command = new ArrayList<>(
                List.of(binaries.program("postgres"), "-D", folder.data().toString(), "-p", "" + port));
        options.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
        command.addAll(List.of("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="));
        Postmaster started = new Postmaster(Daemon.start(command, "INT", folder.log()), binaries, folder);
        try {
            started.awaitReady();
            return started;
        } catch (Busy | RuntimeException e) {
            started.kill();
            throw e;
        }
    }

    private void awaitReady() throws Busy {
        long begun = System.nanoTime();
        while (!isReady()) {
            if (daemon.endsWithin(POLL)) {
                throw died();
            }
            if (System.nanoTime() - begun > START_LIMIT.toNanos()) {
                throw new EmbeddedPostgresException(
                        "PostgreSQL " + binaries.version() + " in " + folder.path() + " takes no connections "
                                + START_LIMIT.toSeconds() + " s after its start: see " + folder.log());
            }
        }
    }

    private boolean isReady() {
        Optional<PidFile> file = PidFile.read(folder.data());
        return file.isPresent()
                && file.get().pid() == daemon.pid()
                && file.get().ready();
    }

    private EmbeddedPostgresException died() throws Busy {
        String output = daemon.output();
        if (output.contains("Address already in use") || output.contains("pre-existing shared memory block")) {
            throw new Busy(reason(output));
        }
        return new EmbeddedPostgresException("PostgreSQL " + binaries.version() + " did not start in " + folder.path()
                + ": " + reason(output) + Programs.advice(output, folder.path()) + "; its log is " + folder.log());
    }

    /** The last complaint in a server's log, with what was said about it. */
    private static String reason(String output) {
        int fatal = Math.max(output.lastIndexOf("FATAL:"), output.lastIndexOf("PANIC:"));
        if (fatal < 0) {
            return output.isEmpty() ? "it wrote nothing" : output.substring(output.lastIndexOf('\n') + 1);
        }
        return output.substring(fatal + "FATAL:".length())
                .strip()
                .lines()
                .map(line -> line.replaceFirst("^.*?(?=(DETAIL|HINT):)", "").strip())
                .filter(line -> !line.contains("LOG:"))
                .reduce((first, next) -> first + "; " + next)
                .orElse("");
    }

    long pid() {
        return daemon.pid();
    }

    boolean running() {
        return daemon.alive();
    }

    /** Ends all sessions and writes out what is in memory; if that takes too long, leaves it to the next start. */
    void stop() {
        daemon.signal("INT");
        if (!daemon.hasEnded(STOP_LIMIT)) {
            daemon.signal("QUIT");
            if (!daemon.hasEnded(QUIT_LIMIT)) {
                daemon.kill();
            }
        }
        daemon.forget();
    }

    void kill() {
        daemon.kill();
        daemon.forget();
    }
}
