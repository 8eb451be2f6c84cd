package dev.agentloop.pg;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.agentloop.Prompt;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the runs of one conversation leave for the test, whichever processes make them: the requests that were sent, the
 * appends that were acknowledged, what the tools did, and what a person was asked.
 */
record CrashFolder(Path path) {
    private static final String REQUEST = "request-";

    static CrashFolder in(Path path) {
        try {
            return new CrashFolder(Files.createDirectories(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The body of a request, as far as the prompt makes it. */
    static String wire(Prompt prompt) {
        StringBuilder text = new StringBuilder();
        for (ByteBuffer buffer : prompt.wire()) {
            text.append(UTF_8.decode(buffer));
        }
        return text.toString();
    }

    /** Keeps the bytes of a request, by the version of the log that it was made from: whole, or not at all. */
    void keep(Prompt prompt, long version) {
        try {
            Path whole = path.resolve(String.format(Locale.ROOT, REQUEST + "%06d", version));
            Path partial = Files.writeString(path.resolve("partial"), wire(prompt));
            Files.move(partial, whole, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The requests that were sent, by the version that they were made from. */
    Map<Long, String> requests() {
        Map<Long, String> requests = new TreeMap<>();
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith(REQUEST))
                    .toList()) {
                long version = Long.parseLong(file.getFileName().toString().substring(REQUEST.length()));
                requests.put(version, Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return requests;
    }

    /** Notes that the store has acknowledged an append. */
    void acknowledge(LogPosition position) {
        add("acknowledged", position.version() + " " + position.hash());
    }

    /** What the store has acknowledged, in that order. */
    List<LogPosition> acknowledged() {
        return lines("acknowledged").stream()
                .map(line -> line.split(" "))
                .map(field -> new LogPosition(Long.parseLong(field[0]), field[1]))
                .toList();
    }

    /** Adds a line to a file, which is on the disk when this returns. */
    void add(String file, String line) {
        try {
            Files.writeString(
                    path.resolve(file),
                    line + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND,
                    StandardOpenOption.DSYNC);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines of a file; none if it is not there. */
    List<String> lines(String file) {
        try {
            Path lines = path.resolve(file);
            return Files.exists(lines) ? Files.readAllLines(lines) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The effects of a call. */
    List<CrashEffect> effects(String callId) {
        return lines("effects").stream()
                .map(CrashEffect::read)
                .filter(effect -> effect.callId().equals(callId))
                .toList();
    }
}
