package dev.agentloop.internal;

import java.io.File;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Names of files as text, and text as names of files, also where the locale has no words for them.
 *
 * <p>The JDK reads and writes names in the encoding of the locale that it was started in, and no property changes that. In
 * the locale C, which a container has if nobody says otherwise, this is ASCII: a name with an accent cannot be written, and
 * is read as two question marks. But a name is bytes, and these are UTF-8 by custom; only an address of the form
 * {@code file:///…} takes and gives them as they are. So where the locale knows ASCII only, names go through an address
 * here, as UTF-8. With any other encoding they are what the JDK makes of them. Thread-safe.
 */
public final class PathText {
    private static final String UTF_8_LOCALE = "LC_ALL=C.UTF-8";
    private static final Charset LOCALE = charset(System.getProperty("sun.jnu.encoding", "UTF-8"));
    private static final boolean ASCII_ONLY = File.separatorChar == '/' && LOCALE.equals(StandardCharsets.US_ASCII);

    private PathText() {}

    private static Charset charset(String name) {
        try {
            return Charset.forName(name);
        } catch (IllegalArgumentException e) {
            return StandardCharsets.US_ASCII;
        }
    }

    /**
     * The path of a text, relative where the text is.
     *
     * @throws InvalidPathException if there can be no such name; {@link #problem} says why
     */
    public static Path path(FileSystem files, String text) {
        if (!ASCII_ONLY || isAscii(text) || !files.equals(FileSystems.getDefault())) {
            return files.getPath(text);
        }
        Path path = files.getPath(text.startsWith("/") ? "/" : "");
        for (String name : text.split("/")) {
            path = name.isEmpty() ? path : path.resolve(name(name));
        }
        return path;
    }

    private static Path name(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            String hex = HexFormat.ofDelimiter("%").formatHex(bytes);
            return Path.of(URI.create("file:///%" + hex)).getFileName();
        } catch (CharacterCodingException | IllegalArgumentException e) {
            throw new InvalidPathException(text, "it has a character that no name can have");
        }
    }

    /** The text of a path; bytes that are no text are U+FFFD, and such a text does not lead back to the path. */
    public static String text(Path path) {
        String text = path.toString();
        if (!ASCII_ONLY || isAscii(text) || !path.getFileSystem().equals(FileSystems.getDefault())) {
            return text;
        }
        StringBuilder names = new StringBuilder(path.isAbsolute() ? "/" : "");
        for (int i = 0; i < path.getNameCount(); i++) {
            names.append(i == 0 ? "" : "/").append(name(path.getName(i)));
        }
        return names.toString();
    }

    private static String name(Path name) {
        String text = name.toString();
        if (isAscii(text)) {
            return text;
        }
        // A folder's address may end with a slash.
        String address = Path.of("/").resolve(name).toUri().getRawPath().replaceAll("^/|/$", "");
        ByteBuffer bytes = ByteBuffer.allocate(address.length());
        for (int i = 0; i < address.length(); i++) {
            boolean escape = address.charAt(i) == '%';
            bytes.put((byte) (escape ? HexFormat.fromHexDigits(address, i + 1, i + 3) : address.charAt(i)));
            i += escape ? 2 : 0;
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }

    /** Whether the text of a path leads back to it, so that it can be written down and read again. */
    public static boolean canBeWritten(Path path) {
        try {
            return path(path.getFileSystem(), text(path)).equals(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * Whether the JDK hands a text to programs as it is: as an argument, the folder to start in, or a variable. It uses the
     * locale's encoding for some of these and, before JDK 18, the default one for others.
     */
    public static boolean reachesPrograms(String text) {
        return isAscii(text)
                || File.separatorChar == '\\'
                || (LOCALE.equals(StandardCharsets.UTF_8)
                        && Charset.defaultCharset().equals(StandardCharsets.UTF_8)
                        && isText(text));
    }

    /** Whether {@link File}, which has text where a path has bytes, means the same file. */
    public static boolean isFile(Path path) {
        try {
            return path.toFile().toPath().equals(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Whether a text has a form in UTF-8: a Java string may have half of a surrogate pair. */
    public static boolean isText(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    /** Why a text is the name of no file, and what to do about it. */
    public static String problem(InvalidPathException e) {
        boolean unknown = !ASCII_ONLY && !LOCALE.newEncoder().canEncode(e.getInput()) && isText(e.getInput());
        return unknown ? "it has a character that " + remedy() : e.getReason();
    }

    /** The end of a sentence about what the locale cannot carry: who cannot, and what the operator does. */
    public static String remedy() {
        Charset other = LOCALE.equals(StandardCharsets.UTF_8) ? Charset.defaultCharset() : LOCALE;
        return other.equals(StandardCharsets.UTF_8)
                ? "is half of a surrogate pair, which no encoding has; leave it out"
                : other.name() + ", the encoding that this program was started in, does not have; start it with "
                        + UTF_8_LOCALE + " or another UTF-8 locale";
    }

    /** What to add to the error about a path that was not found: the remedy, if the locale has spoiled its name. */
    public static String hint(Path path) {
        String text = path.toString();
        return ASCII_ONLY && (!isAscii(text) || text.indexOf('?') >= 0)
                ? "; its name may have a character that " + remedy()
                : "";
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
