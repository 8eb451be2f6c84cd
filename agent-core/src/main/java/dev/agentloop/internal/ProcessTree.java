package dev.agentloop.internal;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The processes that one command has started and that are still running.
 *
 * <p>Being a descendant is not enough to tell them: a process whose parent has ended belongs to init, and one that
 * called {@code setsid} has left its session, too. On Linux a process belongs to the tree if any of these holds:
 *
 * <ul>
 *   <li>its parent belongs to it;
 *   <li>its session is the one of the tree's root, which is started as the leader of one where {@code setsid} exists;
 *   <li>its environment holds the tree's marker, a variable with a name of its own that every child inherits.
 * </ul>
 *
 * <p>What escapes: a process that starts its own session, loses its parent and overwrites its environment. Elsewhere
 * only descendants are found. Not thread-safe.
 */
public final class ProcessTree {
    private static final String MARKER_PREFIX = "AGENTLOOP_CALL_";
    private static final Path PROC = Path.of("/proc");
    private static final boolean HAS_PROC = Files.isReadable(PROC.resolve("self/environ"));

    // In a session of its own a command has no terminal to ask on, and no Ctrl-C of the host's terminal reaches it.
    private static final Optional<Path> SETSID =
            File.separatorChar == '\\' ? Optional.empty() : program("setsid", System.getenv());

    private final ProcessHandle root;
    private final byte[] marker;
    private final Set<ProcessHandle> asked = new HashSet<>();

    /** What the kernel says of one process. */
    private record Entry(ProcessHandle handle, long parent, boolean marked) {}

    public ProcessTree(ProcessHandle root, String marker) {
        this.root = root;
        this.marker = marker.getBytes(StandardCharsets.US_ASCII);
    }

    /** The name of a variable to put into the environment of one tree's root; no two are alike. */
    public static String newMarker() {
        return MARKER_PREFIX + UUID.randomUUID().toString().replace('-', '_');
    }

    /** Whether a variable is the marker of some tree: a tree inside a tree belongs to the outer one as well. */
    public static boolean isMarker(String variable) {
        return variable.startsWith(MARKER_PREFIX);
    }

    /** The command line that starts {@code command} as the leader of a session of its own, where the system can. */
    public static List<String> inOwnSession(List<String> command) {
        List<String> words = new ArrayList<>(command);
        SETSID.ifPresent(setsid -> words.add(0, setsid.toString()));
        return words;
    }

    /** The first executable file of that name in the absolute folders of the {@code PATH} of {@code environment}. */
    public static Optional<Path> program(String name, Map<String, String> environment) {
        for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            try {
                Path file = Path.of(directory, name);
                if (file.isAbsolute() && Files.isExecutable(file) && Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            } catch (InvalidPathException e) {
                // Not a directory that anything can be found in.
            }
        }
        return Optional.empty();
    }

    /** Whether a process is alive and, where that can be told, not only waiting for its parent to take note of its end. */
    public static boolean isRunning(ProcessHandle process) {
        if (!process.isAlive()) {
            return false;
        }
        if (!HAS_PROC) {
            return true;
        }
        try {
            return !hasEnded(stat(PROC.resolve(Long.toString(process.pid()))));
        } catch (IOException e) {
            return process.isAlive();
        }
    }

    /** All that are running now, the root included. A process that has ended but was not reaped is not running. */
    public Collection<ProcessHandle> running() {
        if (HAS_PROC) {
            return fromProc();
        }
        List<ProcessHandle> running = new ArrayList<>(root.descendants().toList());
        running.add(root);
        running.removeIf(handle -> !handle.isAlive());
        return running;
    }

    /**
     * Asks every running process to end, once, or kills it.
     *
     * @return how many were running when this was called
     */
    public int signal(boolean kill) {
        Collection<ProcessHandle> running = running();
        for (ProcessHandle handle : running) {
            if (kill) {
                handle.destroyForcibly();
            } else if (asked.add(handle)) {
                handle.destroy();
            }
        }
        return running.size();
    }

    private Collection<ProcessHandle> fromProc() {
        List<Entry> entries = entries();
        Set<Long> members = new HashSet<>();
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Entry entry : entries) {
                boolean belongs = entry.marked() || members.contains(entry.parent());
                grown |= belongs && members.add(entry.handle().pid());
            }
        }
        return entries.stream()
                .map(Entry::handle)
                .filter(handle -> members.contains(handle.pid()))
                .toList();
    }

    private List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path directory : directories) {
                Entry entry = entry(directory);
                if (entry != null) {
                    entries.add(entry);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Without the list there are still the processes read so far and, on the next call, another try.
        }
        return entries;
    }

    private @Nullable Entry entry(Path directory) {
        // The handle knows when its process started. Taken before anything is read, it can never come to stand for
        // another process that got the same number in the meantime.
        Optional<ProcessHandle> handle =
                ProcessHandle.of(Long.parseLong(directory.getFileName().toString()));
        if (handle.isEmpty() || handle.get().equals(ProcessHandle.current())) {
            return null;
        }
        try {
            String[] fields = stat(directory);
            if (hasEnded(fields)) {
                return null;
            }
            // The kernel does not give the number of a session away while the session has members.
            boolean marked =
                    handle.get().equals(root) || Long.parseLong(fields[3]) == root.pid() || carriesMarker(directory);
            return new Entry(handle.get(), Long.parseLong(fields[1]), marked);
        } catch (IOException e) {
            return null;
        }
    }

    /** State, parent, group, session, and what follows. */
    private static String[] stat(Path directory) throws IOException {
        String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
        // The name, in parentheses, may hold anything.
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", 5);
    }

    private static boolean hasEnded(String[] stat) {
        return stat[0].equals("Z") || stat[0].equals("X");
    }

    private boolean carriesMarker(Path directory) {
        try {
            return contains(Files.readAllBytes(directory.resolve("environ")), marker);
        } catch (IOException e) {
            // Another user's process, or one that has just ended.
            return false;
        }
    }

    private static boolean contains(byte[] bytes, byte[] part) {
        for (int i = 0; i <= bytes.length - part.length; i++) {
            int matched = 0;
            while (matched < part.length && bytes[i + matched] == part[matched]) {
                matched++;
            }
            if (matched == part.length) {
                return true;
            }
        }
        return false;
    }
}
