package dev.agentloop.pg;

import dev.agentloop.testkit.CrashPoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A program that runs conversations to their end, side by side, and can be killed around every event, append, tool call and
 * decision. Arguments: the URL, the user, the file with the password, the workspace, and for each conversation its id and
 * its folder.
 */
final class CrashChild {
    private static final Duration BEAT = Duration.ofMillis(100);
    private static final Duration DEAD_AFTER = Duration.ofSeconds(1);
    private static final int FIRST_CONVERSATION = 4;

    private CrashChild() {}

    public static void main(String[] args) throws Exception {
        CrashPoints points = CrashPoints.ofThisProcess();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (PgConversationStore store = store(args[0], args[1], Files.readString(Path.of(args[2])))) {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = FIRST_CONVERSATION; i < args.length; i += 2) {
                String id = args[i];
                CrashRun run = new CrashRun(store, CrashFolder.in(Path.of(args[i + 1])), id, points);
                runs.add(threads.submit(() ->
                        System.out.println("END " + id + " " + run.toEnd(Path.of(args[FIRST_CONVERSATION - 1])))));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** A store whose process is held for dead soon. */
    static PgConversationStore store(String url, String user, String password) {
        return PgConversationStore.builder(url, user, password)
                .allowDataLoss()
                .poolSize(4)
                .heartbeat(BEAT, DEAD_AFTER)
                .open();
    }
}
