package dev.agentloop.stores;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.Sha256;
import dev.agentloop.spi.InboxMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/*
 * A message is written under a name of its own and then linked to the name that its id gives: a link is made whole or not
 * at all, and only once, whichever process is first.
 */
/**
 * The messages of one conversation, a file each in the folder {@code <id>.inbox}: a line with id, kind and time, and behind
 * it the payload in its own bytes. Needs no lock.
 */
record FileInbox(Path folder, FileAccess access) {
    private static final String SUFFIX = ".message";

    /** Leaves a message; false if there is one of its id. */
    boolean leave(InboxMessage message) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            access.forceName(folder);
        }
        Path target = file(message.id());
        Path draft = folder.resolve(UUID.randomUUID() + ".draft");
        try {
            try (FileAccess.Handle handle = access.create(draft)) {
                handle.write(0, bytes(message));
                handle.force();
            }
            Files.createLink(target, draft);
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.deleteIfExists(draft);
        }
        access.forceName(target);
        return true;
    }

    private Path file(String id) {
        return folder.resolve(HexFormat.of().formatHex(Sha256.of(id.getBytes(StandardCharsets.UTF_8))) + SUFFIX);
    }

    private static byte[] bytes(InboxMessage message) {
        byte[] head = Json.object(w -> w.text("id", message.id())
                .text("kind", message.kind())
                .text("at", Instant.now().toString()));
        byte[] bytes = Arrays.copyOf(head, head.length + 1 + message.payload().length);
        bytes[head.length] = '\n';
        System.arraycopy(message.payload(), 0, bytes, head.length + 1, message.payload().length);
        return bytes;
    }

    /** Whether there is a message. */
    boolean isWaiting() throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            return found.iterator().hasNext();
        } catch (NoSuchFileException e) {
            return false;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** The messages, the oldest first. */
    List<InboxMessage> all() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
        List<InboxMessage> messages = new ArrayList<>();
        for (Path file : files) {
            InboxMessage message = read(file);
            if (message != null) {
                messages.add(message);
            }
        }
        messages.sort(Comparator.comparing(InboxMessage::at).thenComparing(InboxMessage::id));
        return messages;
    }

    private static @Nullable InboxMessage read(Path file) throws IOException {
        byte[] bytes;
        // Whoever may write a message writes it here; a link would hand in what somebody else can change later.
        BasicFileAttributes is;
        try {
            is = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null; // Another process has removed it meanwhile.
        }
        if (!is.isRegularFile()) {
            throw new IOException("the message " + file.getFileName()
                    + " is a link or no file, and is not read; remove it to go on without it");
        }
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            bytes = in.readAllBytes();
        } catch (NoSuchFileException e) {
            return null;
        }
        try {
            return parse(bytes);
        } catch (IllegalArgumentException | DateTimeParseException e) {
            throw new IOException(
                    "the message " + file.getFileName() + " is damaged; remove the file to go on without it", e);
        }
    }

    private static InboxMessage parse(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        JsonFields head = JsonFields.of(Arrays.copyOf(bytes, end));
        String id = head.text("id");
        String kind = head.text("kind");
        String at = head.text("at");
        if (end == bytes.length || id == null || kind == null || at == null) {
            throw new IllegalArgumentException("the head of a message has id, kind and at, and a line break after it");
        }
        return new InboxMessage(id, kind, Arrays.copyOfRange(bytes, end + 1, bytes.length), Instant.parse(at));
    }

    /** Removes the messages of these ids. */
    void remove(Collection<String> ids) throws IOException {
        for (String id : ids) {
            Files.deleteIfExists(file(id));
        }
    }

    /** Removes all messages. */
    void delete() throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
    }
}
