package dev.agentloop.tools.internal.shell;

import dev.agentloop.internal.ProcessTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * One run of a command, from its start until nothing of it is left.
 *
 * <p>Everything happens on the calling thread. It looks whether there is output instead of waiting for it, because a
 * read cannot be interrupted: so a cancelled call always comes back, and there is no thread to leak. After each run the
 * whole tree of processes is ended, whatever way it came to its end: asked first, killed half a second later.
 */
public final class ProcessRun implements AutoCloseable {
    /** How long output is waited for after the command itself has exited and others still hold its pipe. */
    private static final Duration PIPE_WAIT = Duration.ofSeconds(2);
    /** How long processes that are left after an exit may take to end by themselves. */
    private static final Duration SETTLE = Duration.ofMillis(50);
    /** How long a process may take to end after it was asked to. */
    private static final Duration GRACE = Duration.ofMillis(500);
    /** When ending processes is given up; a killed process can only be kept by the kernel. */
    private static final Duration KILL_LIMIT = Duration.ofMillis(1_500);
    /** How long the rest of the output is read once every writer should be gone. */
    private static final Duration LAST_READ = Duration.ofMillis(250);

    /** A process that is just becoming another program has no environment, and is not found then. */
    private static final int LOOKS = 3;

    private static final int LONGEST_PAUSE_MILLIS = 20;
    private static final int READS_IN_A_ROW = 64;

    /**
     * What to run and within which bounds.
     *
     * @param command the program and its arguments
     * @param directory where it runs; exists
     * @param environment all of its environment, the marker of {@link ProcessTree} apart
     * @param timeout how long it may run before it is ended
     * @param captureBytes how many bytes of its output are kept
     */
    public record Request(
            List<String> command, Path directory, Map<String, String> environment, Duration timeout, int captureBytes) {

        public Request {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }
    }

    /**
     * How a run ended and what it wrote.
     *
     * @param ending why it is over
     * @param exitCode the program's own code, 128 and the signal's number after a signal; means nothing unless it exited
     * @param wallTime from start to end, the clearing up included
     * @param output what was written, its middle left out beyond the bound
     * @param lines how many lines were written, those left out included
     * @param cut whether something was left out
     * @param ended how many processes were still running after a normal exit and were ended
     * @param survivors how many processes could not be ended
     */
    public record Result(
            Ending ending,
            int exitCode,
            Duration wallTime,
            String output,
            long lines,
            boolean cut,
            int ended,
            int survivors) {

        /** What comes of a run that was cancelled before it began. */
        static Result notStarted() {
            return new Result(Ending.CANCELLED, -1, Duration.ZERO, "", 0, false, 0, 0);
        }
    }

    /** Why a run is over. */
    public enum Ending {
        EXITED,
        TIMED_OUT,
        CANCELLED
    }

    private final Request request;
    private final BooleanSupplier cancelled;
    private final Process root;
    private final Process outlet;
    private final ProcessTree tree;
    private final InputStream output;
    private final ProcessCapture capture;
    private final ProcessProgress progress;
    private final byte[] buffer = new byte[ProcessProgress.READ_SIZE];
    private final long started = System.nanoTime();
    private boolean interrupted;
    private boolean treeEnded;
    private boolean listening = true;

    private ProcessRun(Request request, BooleanSupplier cancelled, Consumer<String> progress) throws IOException {
        this.request = request;
        this.cancelled = cancelled;
        capture = new ProcessCapture(request.captureBytes());
        this.progress = new ProcessProgress(progress);
        ProcessLauncher.Started processes =
                ProcessLauncher.start(request.command(), request.directory(), request.environment());
        root = processes.root();
        outlet = processes.outlet();
        tree = processes.tree();
        output = outlet.getInputStream();
    }

    /**
     * Runs a command to its end, its timeout or its cancellation, whichever comes first. When this returns or throws,
     * no process and no open file of it is left.
     *
     * <p>An interrupt of the calling thread cancels the run; the thread is interrupted again when this returns. What is
     * cancelled before it starts does not start.
     *
     * @param cancelled whether the run is to be given up; asked some fifty times a second, so it must be quick
     * @param progress gets the next piece of output, never more than 8 KiB, never half a character
     * @throws IOException if the command could not be started
     */
    public static Result of(Request request, BooleanSupplier cancelled, Consumer<String> progress) throws IOException {
        if (Thread.currentThread().isInterrupted() || cancelled.getAsBoolean()) {
            return Result.notStarted();
        }
        try (ProcessRun run = new ProcessRun(request, cancelled, progress)) {
            return run.result();
        }
    }

    private Result result() throws IOException {
        Ending ending = watch();
        int left = ending == Ending.EXITED ? settle() : 0;
        int survivors = endTree(ending == Ending.EXITED && left == 0 ? 1 : LOOKS);
        readRest();
        progress.finish();
        return new Result(
                ending,
                ending == Ending.EXITED ? root.exitValue() : -1,
                Duration.ofNanos(System.nanoTime() - started),
                capture.text(),
                capture.lines(),
                capture.cut(),
                left,
                survivors);
    }

    private Ending watch() throws IOException {
        long exited = 0;
        int pause = 1;
        while (true) {
            boolean read = read();
            if (cancelled()) {
                return Ending.CANCELLED;
            }
            if (root.isAlive()) {
                if (past(started, request.timeout())) {
                    return Ending.TIMED_OUT;
                }
            } else {
                exited = exited == 0 ? System.nanoTime() : exited;
                if (!outlet.isAlive() || past(exited, PIPE_WAIT)) {
                    return Ending.EXITED;
                }
            }
            pause = read ? 1 : Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
            if (!read) {
                awaitExit(pause);
            }
        }
    }

    private boolean cancelled() {
        interrupted |= Thread.interrupted();
        return interrupted || cancelled.getAsBoolean();
    }

    /** Waits until the output or, where that is over already, the command ends, but no longer than a moment. */
    private void awaitExit(int millis) {
        Process next = outlet.isAlive() ? outlet : root;
        try {
            next.waitFor(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
    }

    /** Reads what is there, but not for ever. */
    private boolean read() throws IOException {
        for (int i = 0; i < READS_IN_A_ROW; i++) {
            int available = output.available();
            int length = available <= 0 ? -1 : output.read(buffer, 0, Math.min(available, buffer.length));
            if (length <= 0) {
                return i > 0;
            }
            capture.write(buffer, length);
            if (listening) {
                progress.write(buffer, length);
            }
        }
        return true;
    }

    /** How many processes are left after an exit, those not counted that were about to end anyway. */
    private int settle() {
        if (tree.running().isEmpty()) {
            return 0;
        }
        pause(SETTLE);
        return tree.running().size();
    }

    /**
     * Ends all processes; how many are left is the answer.
     *
     * @param looks how many times in a row nothing must be found
     */
    private int endTree(int looks) throws IOException {
        long begun = System.nanoTime();
        int missing = looks;
        while (true) {
            int running = tree.signal(past(begun, GRACE));
            read();
            missing = running == 0 ? missing - 1 : looks;
            if (missing == 0 || past(begun, KILL_LIMIT)) {
                treeEnded = true;
                return running;
            }
            pause(Duration.ofMillis(10));
        }
    }

    private void readRest() throws IOException {
        long begun = System.nanoTime();
        while (read() || outlet.isAlive() || root.isAlive()) {
            if (past(begun, LAST_READ)) {
                return;
            }
            pause(Duration.ofMillis(1));
        }
    }

    private static boolean past(long begun, Duration limit) {
        return System.nanoTime() - begun > limit.toNanos();
    }

    /** Waits; an interrupt is remembered, as what is being cleared up must be cleared up all the same. */
    private void pause(Duration duration) {
        LockSupport.parkNanos(duration.toNanos());
        interrupted |= Thread.interrupted();
    }

    @Override
    public void close() throws IOException {
        try {
            if (!treeEnded) {
                // The callback has thrown, or reading has failed: whatever it was, it is not called again.
                listening = false;
                endTree(LOOKS);
            }
        } finally {
            outlet.destroyForcibly();
            output.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
