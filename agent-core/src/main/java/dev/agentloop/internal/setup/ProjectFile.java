package dev.agentloop.internal.setup;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A text file of a project, read without leaving the project, whatever its size, and in the encodings of the tool {@code
 * read_file}: UTF-8, UTF-16 with a byte order mark, or ISO-8859-1 for what is neither.
 */
final class ProjectFile {
    private static final Logger LOG = LoggerFactory.getLogger(ProjectFile.class);
    private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    private ProjectFile() {}

    /** Who this process is for the file system, whatever the name of the user is; null if that cannot be told. */
    private static final class Self {
        static final @Nullable UserPrincipal OWNER = owner();

        private static @Nullable UserPrincipal owner() {
            try {
                Path probe = Files.createTempFile("agentloop", "owner");
                try {
                    return Files.getOwner(probe);
                } finally {
                    Files.delete(probe);
                }
            } catch (IOException e) {
                LOG.warn("which user this process runs as cannot be told; only root's files are taken for his own", e);
                return null;
            }
        }
    }

    /**
     * The text at the beginning of a file, less its mark.
     *
     * @param root the project, a path free of links
     * @param most the most bytes to read
     * @throws IOException if it leads out of the project, belongs to another user, is no text file or cannot be read
     */
    static String text(Path root, Path file, int most) throws IOException {
        Path real = file.toRealPath();
        if (!real.startsWith(root)) {
            throw new IOException("it leads out of the project " + root + ", to " + real);
        }
        if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is no regular file");
        }
        if (!mayBeObeyed(file) || !mayBeObeyed(real)) {
            throw new IOException("it belongs to another user, " + Files.getOwner(file, LinkOption.NOFOLLOW_LINKS)
                    + ", whose instructions are not obeyed");
        }
        try (SeekableByteChannel channel = open(root, real);
                InputStream in = Channels.newInputStream(channel)) {
            byte[] bytes = in.readNBytes(most);
            return decoded(bytes, in.read() < 0);
        }
    }

    /**
     * Whether this entry itself, be it a link, belongs to the user of this process or to root. Another user could have put his
     * into a folder above that is open to all. Where files have no owners in POSIX's sense, every file is taken.
     */
    static boolean mayBeObeyed(Path entry) {
        if (!entry.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return true;
        }
        try {
            return Files.getAttribute(entry, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                            .equals(0)
                    || Files.getOwner(entry, LinkOption.NOFOLLOW_LINKS).equals(Self.OWNER);
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens a file folder by folder, so that a link put in its place meanwhile is not followed. */
    private static SeekableByteChannel open(Path root, Path real) throws IOException {
        try (DirectoryStream<Path> folder = Files.newDirectoryStream(root)) {
            if (folder instanceof SecureDirectoryStream<Path> secure) {
                return open(secure, root.relativize(real).iterator());
            }
        }
        return Files.newByteChannel(real, READ);
    }

    private static SeekableByteChannel open(SecureDirectoryStream<Path> folder, Iterator<Path> names)
            throws IOException {
        Path name = names.next();
        if (!names.hasNext()) {
            return folder.newByteChannel(name, READ);
        }
        try (SecureDirectoryStream<Path> inner = folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            return open(inner, names);
        }
    }

    private static String decoded(byte[] bytes, boolean whole) throws IOException {
        if (startsWith(bytes, 0xFF, 0xFE)) {
            return decode(StandardCharsets.UTF_16LE, CodingErrorAction.REPLACE, bytes, 2, whole);
        }
        if (startsWith(bytes, 0xFE, 0xFF)) {
            return decode(StandardCharsets.UTF_16BE, CodingErrorAction.REPLACE, bytes, 2, whole);
        }
        for (byte b : bytes) {
            if (b == 0) {
                throw new IOException("it is a binary file");
            }
        }
        int mark = startsWith(bytes, 0xEF, 0xBB, 0xBF) ? 3 : 0;
        try {
            return decode(StandardCharsets.UTF_8, CodingErrorAction.REPORT, bytes, mark, whole);
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    private static boolean startsWith(byte[] bytes, int... mark) {
        for (int i = 0; i < mark.length; i++) {
            if (bytes.length <= i || (bytes[i] & 0xFF) != mark[i]) {
                return false;
            }
        }
        return true;
    }

    /** Where a file was not read to its end, half a character is left out. */
    private static String decode(Charset charset, CodingErrorAction onError, byte[] bytes, int from, boolean whole)
            throws IOException {
        CharsetDecoder decoder = charset.newDecoder().onMalformedInput(onError).onUnmappableCharacter(onError);
        CharBuffer text = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.decode(ByteBuffer.wrap(bytes, from, bytes.length - from), text, whole);
        if (result.isError()) {
            result.throwException();
        }
        return text.flip().toString();
    }
}
