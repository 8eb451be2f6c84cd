package dev.agentloop.mcp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Counts what servers may have left behind. */
final class Leaks {
    private static final AtomicInteger NEXT = new AtomicInteger();

    private Leaks() {}

    /** A number of seconds to sleep that nobody else sleeps, so that its processes can be told from all others. */
    static String uniqueSeconds() {
        return "87" + ProcessHandle.current().pid() + "." + NEXT.incrementAndGet();
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

    /** The processes that this one has started, and theirs. */
    static Set<Long> processes() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    /**
     * The threads there are, apart from those that the JDK keeps for a while for everybody, and from Awaitility's. An HTTP
     * client of JDK 17 ends with its garbage, so that is collected here.
     */
    static Set<String> threads() {
        System.gc();
        return Thread.getAllStackTraces().keySet().stream()
                .map(thread -> thread.getName() + "#" + thread.getId())
                .filter(name -> !name.startsWith("process reaper")
                        && !name.startsWith("ForkJoinPool.commonPool")
                        && !name.startsWith("awaitility"))
                .collect(Collectors.toSet());
    }
}
