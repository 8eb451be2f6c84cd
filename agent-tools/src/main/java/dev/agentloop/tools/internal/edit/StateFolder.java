package dev.agentloop.tools.internal.edit;

import dev.agentloop.internal.PathText;
import dev.agentloop.internal.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Where the library keeps what belongs to a workspace but not into it: the place that the operating system has for
 * the state of programs, in a folder named after the workspace's path.
 */
public final class StateFolder {
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");

    private StateFolder() {}

    /**
     * The folder for the state of a user's programs: {@code $XDG_STATE_HOME} or {@code ~/.local/state}, with {@code ~} for
     * {@code $HOME} or else the home that the system knows,
     * {@code ~/Library/Application Support} on macOS, {@code %LOCALAPPDATA%} on Windows. For a user without a home, a
     * private folder among the temporary files, which may not outlive a restart of the machine.
     */
    public static Path ofUser() {
        try {
            return ofUser(System.getenv(), System.getProperty("os.name"), System.getProperty("user.home"));
        } catch (InvalidPathException e) {
            throw new IllegalStateException(
                    "the folder for journals of changed files cannot be found: the home or XDG_STATE_HOME has a character"
                            + " that " + PathText.remedy() + ", or name a folder by state(…)",
                    e);
        }
    }

    static Path ofUser(Map<String, String> environment, String system, String ofSystem) {
        String name = system.toLowerCase(Locale.ROOT);
        boolean windows = name.contains("win") && !name.contains("darwin");
        String configured = environment.get(windows ? "LOCALAPPDATA" : "XDG_STATE_HOME");
        if (configured != null && Path.of(configured).isAbsolute()) {
            return Path.of(configured, "agentloop");
        }
        Path named = Path.of(windows ? "" : environment.getOrDefault("HOME", ""));
        Path home = named.isAbsolute() ? named : Path.of(ofSystem);
        if (!home.isAbsolute() || !Files.isWritable(home)) {
            return Path.of(System.getProperty("java.io.tmpdir"), "agentloop-" + user(System.getProperty("user.name")));
        }
        return name.contains("mac")
                ? home.resolve(Path.of("Library", "Application Support", "agentloop"))
                : home.resolve(Path.of(".local", "state", "agentloop"));
    }

    /** A user's name; of one whom the system does not list, and Java calls "?", the number. */
    static String user(String name) {
        if (!name.equals("?")) {
            return name;
        }
        try {
            return ownerOfNewFiles(Path.of(System.getProperty("java.io.tmpdir")))
                    .getName();
        } catch (IOException e) {
            return "user";
        }
    }

    /**
     * The folder for one workspace, created if needed, and readable by this user only.
     *
     * @param state the folder for all workspaces
     */
    static Path of(Path state, Path root) throws IOException {
        if (state.equals(ofUser())) {
            create(state);
        } else {
            Files.createDirectories(state);
        }
        return create(state.resolve(nameOf(root)));
    }

    /** The name of a workspace's folder: a digest of its path, so that two never share one. */
    static String nameOf(Path root) {
        return HexFormat.of().formatHex(Sha256.of(PathText.text(root).getBytes(StandardCharsets.UTF_8)), 0, 16);
    }

    /** Creates a private folder with its parents, or takes one that this user owns and nobody else may enter. */
    private static Path create(Path folder) throws IOException {
        Path parent = folder.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            Files.createDirectories(parent);
        }
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mode = posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PRIVATE)}
                : new FileAttribute<?>[0];
        try {
            return Files.createDirectory(folder, mode);
        } catch (FileAlreadyExistsException e) {
            requireOwn(folder, posix);
            return folder;
        }
    }

    /** Who this process is for the file system. */
    private static UserPrincipal ownerOfNewFiles(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder, "owner", null);
        try {
            return Files.getOwner(probe);
        } finally {
            Files.delete(probe);
        }
    }

    private static void requireOwn(Path folder, boolean posix) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(folder.toString(), null, "is not a directory");
        }
        if (!posix) {
            return;
        }
        boolean own = ownerOfNewFiles(folder).equals(Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS));
        if (!own || !PRIVATE.containsAll(Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS))) {
            throw new FileSystemException(
                    folder.toString(), null, "belongs or is open to another user; remove it or give it mode 700");
        }
    }
}
