package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The folders of a workspace, and how paths in them are named. Immutable.
 *
 * @param base where relative paths start: a real path, at first that of the first folder
 * @param outermost the real paths of the folders, none of them inside another
 * @param aliases the folders as the host wrote them, and their real paths
 * @param secure whether folders are opened as secure directory streams where the platform has them
 */
public record Roots(Path base, List<Path> outermost, Map<Path, Path> aliases, boolean secure) {
    /** Takes existing folders, at least one. */
    static Roots of(List<Path> folders, boolean secure) {
        List<Path> real = new ArrayList<>();
        Map<Path, Path> aliases = new LinkedHashMap<>();
        for (Path folder : folders) {
            Path root = realFolder(folder);
            real.add(root);
            aliases.put(folder.toAbsolutePath().normalize(), root);
        }
        // A root inside another one adds nothing, and by its path it could be replaced by a link.
        List<Path> outermost = real.stream()
                .distinct()
                .filter(root -> real.stream().noneMatch(other -> !other.equals(root) && root.startsWith(other)))
                .collect(Collectors.toUnmodifiableList());
        return new Roots(real.get(0), outermost, aliases, secure);
    }

    private static Path realFolder(Path folder) {
        try {
            Path real = folder.toRealPath();
            if (!PathText.canBeWritten(real)) {
                throw new IllegalArgumentException("workspace root " + FileNames.shown(folder)
                        + " has a name that cannot be written as text; rename it, or start this program in a locale of"
                        + " its encoding");
            }
            if (Files.isDirectory(real)) {
                return real;
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "workspace root cannot be opened: " + FileNames.shown(folder) + PathText.hint(folder), e);
        }
        throw new IllegalArgumentException("workspace root is not a directory: " + FileNames.shown(folder));
    }

    /** The same roots with relative paths starting elsewhere in them. */
    Roots from(Path folder) {
        return new Roots(folder, outermost, aliases, secure);
    }

    /** The root that an absolute path free of links lies in. */
    public Path around(Path path) {
        return outermost.stream().filter(path::startsWith).findFirst().orElseThrow();
    }

    /** The root at exactly this path, be it written as the host wrote it or without links; null if there is none. */
    @Nullable
    Path at(Path path) {
        return aliases.containsKey(path) ? aliases.get(path) : outermost.contains(path) ? path : null;
    }

    public OpenFolder open(Path root) throws IOException {
        OpenFolder folder = secure ? SecureFolder.open(root) : null;
        return folder != null ? folder : CheckedFolder.open(root);
    }

    /** How a path inside the workspace is written in an answer: relative to the base where it lies below it. */
    public String shown(Path path) {
        return FileNames.shown(path.startsWith(base) && !path.equals(base) ? base.relativize(path) : path);
    }

    /** All of them, for an answer. */
    String shown() {
        return outermost.stream().map(FileNames::shown).collect(Collectors.joining(", "));
    }
}
