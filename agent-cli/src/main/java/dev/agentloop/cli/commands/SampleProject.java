package dev.agentloop.cli.commands;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The small project that the demonstration works on, as a copy in a folder. */
final class SampleProject {
    private static final List<String> FILES = List.of(
            "README.md",
            "AGENTS.md",
            "src/Checkout.java",
            "src/Inventory.java",
            "src/Mailer.java",
            "src/OrderBook.java",
            "src/Payments.java");

    private final Path folder;

    private SampleProject(Path folder) {
        this.folder = folder;
    }

    /** Copies the project into a folder, which is made if need be. */
    static SampleProject copyTo(Path folder) throws IOException {
        for (String name : FILES) {
            Path file = folder.resolve(name);
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            try (InputStream content = original(name)) {
                Files.copy(content, file);
            }
        }
        return new SampleProject(folder);
    }

    private static InputStream original(String name) {
        return Objects.requireNonNull(SampleProject.class.getResourceAsStream("sample/" + name), name);
    }

    Path folder() {
        return folder;
    }

    /** What differs from the original, as a unified diff. */
    List<String> diff() {
        List<String> diff = new ArrayList<>();
        for (String name : FILES) {
            try (InputStream content = original(name)) {
                List<String> before = new String(content.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
                List<String> after = Files.readAllLines(folder.resolve(name));
                diff.addAll(UnifiedDiffUtils.generateUnifiedDiff(
                        "a/" + name, "b/" + name, before, DiffUtils.diff(before, after), 3));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return diff;
    }
}
