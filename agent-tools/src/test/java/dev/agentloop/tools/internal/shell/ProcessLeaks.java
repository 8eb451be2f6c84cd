package dev.agentloop.tools.internal.shell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Counts what a run may have left behind. */
final class ProcessLeaks {
    private static final AtomicInteger NEXT = new AtomicInteger();

    private ProcessLeaks() {}

    /** A number of seconds to sleep that nobody else sleeps, so that its processes can be told from all others. */
    static String uniqueSeconds() {
        return "86" + ProcessHandle.current().pid() + "." + NEXT.incrementAndGet();
    }

    /** The command lines of running processes that have {@code argument} among their arguments. */
    static List<String> runningWith(String argument) {
        return ProcessHandle.allProcesses()
                .map(handle -> commandLine(handle.pid()))
                .filter(line -> List.of(line.split("\0")).contains(argument))
                .map(line -> line.replace('\0', ' '))
                .toList();
    }

    /** A process that has ended has no command line any more, even if nobody has reaped it yet. */
    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    static long openFiles() {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The threads there are, apart from those that the JDK keeps for a minute to reap processes, and from Awaitility's.
     */
    static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(thread -> thread.getName() + "#" + thread.getId())
                .filter(name -> !name.startsWith("process reaper") && !name.startsWith("awaitility"))
                .collect(Collectors.toSet());
    }
}
