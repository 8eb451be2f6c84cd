package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A program that runs conversations side by side, each of which waits at a place of its own until a line comes in. Arguments:
 * the URL, the user, the file with the password, the workspace, and for each conversation its id, its folder and the place.
 */
final class TakeoverChild {
    private static final int FIRST_CONVERSATION = 4;

    private TakeoverChild() {}

    public static void main(String[] args) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        CountDownLatch gate = new CountDownLatch(1);
        try (PgConversationStore store = CrashChild.store(args[0], args[1], Files.readString(Path.of(args[2])))) {
            say("PROCESS " + store.leases().process());
            List<Future<?>> runs = new ArrayList<>();
            for (int i = FIRST_CONVERSATION; i < args.length; i += 3) {
                String id = args[i];
                String place = args[i + 2];
                CrashRun run = new CrashRun(store, CrashFolder.in(Path.of(args[i + 1])), id, null)
                        .watchedBy(reached -> waitAt(place, reached, id, gate));
                runs.add(threads.submit(() -> say("END " + id + " " + end(run, Path.of(args[3])))));
            }
            awaitLine();
            gate.countDown();
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void waitAt(String place, String reached, String id, CountDownLatch gate) {
        if (reached.equals(place)) {
            say("AT " + id);
            boolean interrupted = false;
            while (gate.getCount() > 0) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void awaitLine() throws IOException {
        int read = System.in.read();
        while (read >= 0 && read != '\n') {
            read = System.in.read();
        }
    }

    private static String end(CrashRun run, Path workspace) {
        try {
            return run.toEnd(workspace);
        } catch (StoreException e) {
            return e.kind() + ": " + e.getMessage();
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
