package dev.agentloop.tools;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Folders of real files, written and compared as a whole. */
public final class Trees {
    private Trees() {}

    /** A file below a folder, whatever letters its name has and the locale of this run knows. */
    public static Path at(Path folder, String path) {
        return folder.resolve(PathText.path(folder.getFileSystem(), path));
    }

    /** Every entry below a folder with its kind, mode and content. */
    public static Map<String, String> snapshot(Path root) {
        Map<String, String> entries = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            paths.filter(path -> !path.equals(root))
                    .forEach(path -> entries.put(PathText.text(root.relativize(path)), describe(path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }

    private static String describe(Path path) {
        try {
            if (Files.isSymbolicLink(path)) {
                return "-> " + Files.readSymbolicLink(path);
            }
            String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
            return Files.isRegularFile(path)
                    ? mode + " " + new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1)
                    : mode + " /";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }
}
