package dev.agentloop.examples.policy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Which hidden classes of some modules stand on the stacks of a run's threads, at the points where a test asks. A thread
 * belongs to the run if a class of these modules is on its stack, and none of the script that plays the server.
 *
 * <p>What is seen must not hang on which thread was faster: all but the one that asks are looked at once they wait.
 * Thread-safe.
 */
final class RunStacks {
    /** Where a run is looked at. */
    enum Point {
        BYTES_OF_AN_EVENT_READ,
        ITEM_MADE,
        ENTRY_APPENDED,
        POLICY_ASKED,
        TOOL_STARTED,
        OUTPUT_APPENDED,
        NEXT_BODY_WRITTEN,
        RUN_ENDED
    }

    private static final Set<Thread.State> WAITING = EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
    private static final Path SCRIPT = Repository.classes(Repository.root().resolve("agent-testkit"));

    private final List<PublicApi> modules;
    private final Map<Point, Set<String>> seen = new EnumMap<>(Point.class);
    // Who waits for it is at rest, which a thread at the entry of a monitor is not.
    private final ReentrantLock lock = new ReentrantLock();

    RunStacks(PublicApi... modules) {
        this.modules = List.of(modules);
    }

    /** Looks at all threads of the run, of which the calling one is at this point. */
    void at(Point point) {
        lock.lock();
        try {
            List<ThreadInfo> threads = threads();
            while (!atRest(threads) && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
                threads = threads();
            }
            Set<String> classes = seen.computeIfAbsent(point, first -> new TreeSet<>());
            threads.stream().flatMap(RunStacks::classes).forEach(classes::add);
        } finally {
            lock.unlock();
        }
    }

    /** The points that the run came by. */
    Set<Point> points() {
        return seen.keySet();
    }

    /** The hidden classes of a module that were seen, each with the points at which it was. */
    Map<String, List<Point>> hiddenOf(PublicApi module) {
        Map<String, List<Point>> found = new TreeMap<>();
        seen.forEach((point, classes) -> classes.stream()
                .filter(name -> contains(module, name) && isHidden(module, name))
                .forEach(name -> found.computeIfAbsent(simple(name), first -> new ArrayList<>())
                        .add(point)));
        return found;
    }

    private List<ThreadInfo> threads() {
        ThreadMXBean all = ManagementFactory.getThreadMXBean();
        return Stream.of(all.dumpAllThreads(false, false))
                .filter(thread ->
                        classes(thread).anyMatch(name -> modules.stream().anyMatch(m -> contains(m, name))))
                .filter(thread -> classes(thread).noneMatch(name -> isIn(SCRIPT, name)))
                .toList();
    }

    private static boolean atRest(List<ThreadInfo> threads) {
        long self = Thread.currentThread().getId();
        return threads.stream()
                .allMatch(thread -> thread.getThreadId() == self || WAITING.contains(thread.getThreadState()));
    }

    /** The classes on a stack; a nested one, and a lambda's, counts as the one that it is written in. */
    private static Stream<String> classes(ThreadInfo thread) {
        return Arrays.stream(thread.getStackTrace())
                .map(frame -> frame.getClassName().replaceFirst("[$].*", ""))
                .distinct();
    }

    private static boolean contains(PublicApi module, String name) {
        return isIn(module.classes(), name);
    }

    private static boolean isIn(Path classes, String name) {
        return Files.exists(classes.resolve(name.replace('.', '/') + ".class"));
    }

    private static boolean isHidden(PublicApi module, String name) {
        Class<?> type = PublicApi.load(name);
        return !module.packages().contains(type.getPackageName()) || !Modifier.isPublic(type.getModifiers());
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
