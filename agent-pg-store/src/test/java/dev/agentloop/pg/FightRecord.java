package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What one process of the fight says about itself, in a file of its own that outlives it: each line is written at once, before
 * or after what it tells of. {@link FightAccounts} reads it. Thread-safe.
 */
final class FightRecord implements Closeable {
    private final FileChannel file;

    FightRecord(Path path) {
        try {
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The name under which the store knows this process. */
    void process(String name) {
        line("process " + name);
    }

    /** A writer is about to send this append. */
    void attempted(String writer, List<LogEntry> entries) {
        line("attempted " + writer + " " + entries.stream().map(LogEntry::hash).collect(Collectors.joining(" ")));
    }

    /** The store has said that an append is durable. */
    void acknowledged(LogPosition end) {
        line("acknowledged " + end.version() + " " + end.hash());
    }

    /** An append or a run ended in this way. */
    void refused(String why) {
        line("refused " + why);
    }

    /** What a user said is in the log, or with its inbox, as the library has said. */
    void kept(String text) {
        line("kept " + text);
    }

    /** A call of a tool has had its effect. */
    void effect(String callId) {
        line("effect " + callId);
    }

    /** Something happened that never should. */
    void unexpected(Throwable failure) {
        line("unexpected " + failure.toString().replace('\n', ' '));
    }

    private void line(String text) {
        ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            synchronized (file) {
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
