package dev.agentloop.internal.setup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the AGENTS.md files of a project as Codex does: from the project's root, the nearest folder upwards with a {@code
 * .git}, down to the working directory, one file a folder, 32 KiB of UTF-8 in all. Unlike Codex, what is too much is cut
 * from the outer files first, and a file of another user is not obeyed.
 */
final class AgentsFiles {
    private static final Logger LOG = LoggerFactory.getLogger(AgentsFiles.class);
    private static final List<String> NAMES = List.of("AGENTS.override.md", "AGENTS.md");
    private static final int MOST_BYTES = 32 * 1024;

    private AgentsFiles() {}

    /** What is taken of a file. */
    private record Found(Path file, String text) {}

    /** The texts, outer folders first, joined by blank lines; empty where there is no file with text. */
    static Optional<String> read(Path workingDirectory) {
        List<Found> found = find(workingDirectory);
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(found.stream().map(Found::text).collect(Collectors.joining("\n\n")));
    }

    /** The files that these texts are from. */
    static List<Path> files(Path workingDirectory) {
        return find(workingDirectory).stream().map(Found::file).toList();
    }

    private static List<Found> find(Path workingDirectory) {
        List<Path> folders = upToRoot(real(workingDirectory));
        Path root = folders.get(folders.size() - 1);
        List<Found> found = new ArrayList<>();
        int left = MOST_BYTES;
        for (Path folder : folders) {
            Found first = first(root, folder);
            String text = first == null ? "" : first.text();
            String head = head(text, left);
            boolean cut = head.length() < text.length();
            if (cut) {
                LOG.warn(
                        "AGENTS.md files of {} exceed {} bytes; the one in {} is cut to {} bytes",
                        workingDirectory,
                        MOST_BYTES,
                        folder,
                        left);
            }
            // Nothing of the files further out, which would only be their first words.
            left = cut ? 0 : left - head.getBytes(StandardCharsets.UTF_8).length;
            if (first != null && !head.isBlank()) {
                found.add(0, new Found(first.file(), head.strip()));
            }
        }
        return found;
    }

    private static Path real(Path workingDirectory) {
        try {
            return workingDirectory.toRealPath();
        } catch (IOException e) {
            return workingDirectory.toAbsolutePath().normalize();
        }
    }

    /** The folders from the working directory to the root of its project; only itself where there is none. */
    private static List<Path> upToRoot(Path workingDirectory) {
        List<Path> folders = new ArrayList<>();
        for (Path folder = workingDirectory; folder != null; folder = folder.getParent()) {
            folders.add(folder);
            Path git = folder.resolve(".git");
            if (Files.exists(git, LinkOption.NOFOLLOW_LINKS)) {
                if (ProjectFile.mayBeObeyed(git)) {
                    return folders;
                }
                LOG.warn("{} belongs to another user, so {} is not taken for a project", git, folder);
            }
        }
        return List.of(workingDirectory);
    }

    /** The first file of a folder that has any text. */
    private static @Nullable Found first(Path root, Path folder) {
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                try {
                    // In UTF-16 a byte of UTF-8 takes two.
                    String text = ProjectFile.text(root, file, 2 * MOST_BYTES + 2);
                    if (!text.isBlank()) {
                        return new Found(file, text.strip());
                    }
                } catch (IOException e) {
                    LOG.warn("{} is left out: {}", file, e.toString());
                }
            }
        }
        return null;
    }

    /** As much of the beginning as has so many bytes in UTF-8, no character split. */
    private static String head(String text, int most) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int end = Math.min(bytes.length, most);
        while (end > 0 && end < bytes.length && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
