package dev.agentloop.pg.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code postmaster.pid} says of the server that runs in a data folder, or ran there until it was killed.
 *
 * @param pid the server's process
 * @param ready whether it takes connections
 */
record PidFile(long pid, boolean ready) {
    static final String NAME = "postmaster.pid";
    private static final int STATUS_LINE = 7;

    /** Nothing where no server was started or the last one has ended in order. */
    static Optional<PidFile> read(Path data) {
        try {
            List<String> lines = Files.readAllLines(data.resolve(NAME));
            String status = lines.size() > STATUS_LINE ? lines.get(STATUS_LINE).strip() : "";
            return Optional.of(new PidFile(
                    Long.parseLong(lines.get(0).strip()), status.equals("ready") || status.equals("standby")));
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            // Not there, or not written whole yet.
            return Optional.empty();
        }
    }
}
