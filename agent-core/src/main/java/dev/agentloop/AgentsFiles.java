package dev.agentloop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the AGENTS.md files of a project as Codex does: from the project's root, the nearest folder upwards with a {@code
 * .git}, down to the working directory, one file a folder, 32 KiB in all.
 */
final class AgentsFiles {
    private static final Logger LOG = LoggerFactory.getLogger(AgentsFiles.class);
    private static final List<String> NAMES = List.of("AGENTS.override.md", "AGENTS.md");
    private static final int MOST_BYTES = 32 * 1024;

    private AgentsFiles() {}

    /** The texts, outer folders first, joined by blank lines; empty where there is no file with text. */
    static Optional<String> read(Path workingDirectory) {
        List<String> texts = new ArrayList<>();
        int left = MOST_BYTES;
        for (Path folder : fromRootDown(workingDirectory.toAbsolutePath().normalize())) {
            byte[] bytes = firstFile(folder);
            if (bytes.length > left) {
                LOG.warn("AGENTS.md files of {} exceed {} bytes; cut in {}", workingDirectory, MOST_BYTES, folder);
            }
            String text = head(bytes, left);
            left -= Math.min(bytes.length, left);
            if (!text.isBlank()) {
                texts.add(text.strip());
            }
        }
        return texts.isEmpty() ? Optional.empty() : Optional.of(String.join("\n\n", texts));
    }

    private static List<Path> fromRootDown(Path workingDirectory) {
        List<Path> folders = new ArrayList<>();
        for (Path folder = workingDirectory; folder != null; folder = folder.getParent()) {
            folders.add(folder);
            if (Files.exists(folder.resolve(".git"))) {
                Collections.reverse(folders);
                return folders;
            }
        }
        return List.of(workingDirectory);
    }

    private static byte[] firstFile(Path folder) {
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                try {
                    return Files.readAllBytes(file);
                } catch (IOException e) {
                    LOG.warn("{} cannot be read and is left out", file, e);
                }
            }
        }
        return new byte[0];
    }

    private static String head(byte[] bytes, int most) {
        int end = Math.min(bytes.length, most);
        while (end > 0 && end < bytes.length && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
