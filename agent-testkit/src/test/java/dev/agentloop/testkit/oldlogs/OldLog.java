package dev.agentloop.testkit.oldlogs;

import dev.agentloop.AgentLoop;
import dev.agentloop.Prompt;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.StoreException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One conversation of the corpus: its log in {@code store/}, the body of its next request in {@code ID.expected-body}, and in
 * {@code ID.bodies} a line for each version: the digest of the body at that version, and that of a fork's. Where there is no
 * body, the line says why.
 */
record OldLog(Path folder, String conversation) {
    private static final String BODY = ".expected-body";
    private static final int DIGEST_BYTES = 8;

    /** All logs of all sets, in order. */
    static List<OldLog> all(Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            return files.filter(file -> file.getFileName().toString().endsWith(BODY))
                    .sorted(Comparator.comparing(Path::toString))
                    .map(file -> new OldLog(
                            file.getParent(), file.getFileName().toString().replace(BODY, "")))
                    .toList();
        }
    }

    Path store() {
        return folder.resolve("store");
    }

    private Path body() {
        return folder.resolve(conversation + BODY);
    }

    private Path bodies() {
        return folder.resolve(conversation + ".bodies");
    }

    /** Notes what this version of the library makes of the log; {@code copy} is its store, which forks are made in. */
    void record(AgentLoop agent, ConversationStore copy) throws IOException {
        Files.writeString(body(), body(agent.resume(conversation).prompt()));
        Files.write(bodies(), digests(agent, copy));
    }

    String recordedBody() throws IOException {
        return Files.readString(body());
    }

    List<String> recordedDigests() throws IOException {
        return Files.readAllLines(bodies());
    }

    /** What {@link #bodies} has, as this version of the library sees it. */
    List<String> digests(AgentLoop agent, ConversationStore copy) {
        List<String> lines = new ArrayList<>();
        long head = copy.head(conversation).orElseThrow().version();
        for (long version = 1; version <= head; version++) {
            long at = version;
            lines.add(version + " " + digest(() -> agent.resume(conversation).promptAt(at)) + " "
                    + digest(() -> agent.fork(conversation, at).prompt()));
        }
        return lines;
    }

    private static String digest(Supplier<Prompt> prompt) {
        try {
            byte[] body = body(prompt.get()).getBytes(StandardCharsets.UTF_8);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
            return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (StoreException e) {
            return e.kind().toString();
        } catch (IllegalStateException | IllegalArgumentException e) {
            return "none";
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** The body of the request that sends this prompt. */
    static String body(Prompt prompt) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer buffer : prompt.wire()) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            out.writeBytes(bytes);
        }
        return out.toString(StandardCharsets.UTF_8) + "]," + prompt.ending() + "}";
    }

    /** Copies the store into a folder that may be written to. */
    Path copyTo(Path target) {
        copy(store(), target);
        return target;
    }

    static void copy(Path source, Path target) {
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Path to = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(to);
                } else if (!file.endsWith(".lock")) {
                    Files.copy(file, to);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return folder.getParent().getFileName() + "/" + folder.getFileName() + "/"
                + conversation.substring(conversation.length() - 4);
    }
}
