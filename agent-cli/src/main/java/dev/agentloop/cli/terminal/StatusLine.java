package dev.agentloop.cli.terminal;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import org.jspecify.annotations.Nullable;

/**
 * What is waited for, and how long still: on a terminal one line that is written over, elsewhere a line for each wait.
 * Thread-safe.
 */
public final class StatusLine {
    private static final long SECOND_MILLIS = 1_000;

    private final PrintStream out;
    private final @Nullable Terminal terminal;
    private @Nullable Timer clock;
    private boolean shown;

    public StatusLine(PrintStream out, @Nullable Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Says this and the time, which goes by on a terminal. */
    public synchronized void countDown(String words, Duration time) {
        stop();
        if (terminal == null) {
            out.println("  " + TerminalText.line(words) + " " + TerminalText.time(time));
            return;
        }
        shown = true;
        long end = System.nanoTime() + time.toNanos();
        Timer ticking = new Timer("countdown", true);
        clock = ticking;
        ticking.scheduleAtFixedRate(
                new TimerTask() {
                    @Override
                    public void run() {
                        tick(ticking, words, end);
                    }
                },
                0,
                SECOND_MILLIS);
    }

    private synchronized void tick(Timer ticking, String words, long end) {
        if (clock == ticking && terminal != null) {
            long left = Math.max(0, end - System.nanoTime());
            terminal.writeOver(words + " "
                    + Duration.ofNanos(left).plusMillis(SECOND_MILLIS - 1).toSeconds() + " s");
        }
    }

    private void stop() {
        if (clock != null) {
            clock.cancel();
            clock = null;
        }
    }

    /** Nothing more is to be said of it. */
    public synchronized void clear() {
        stop();
        if (shown && terminal != null) {
            shown = false;
            terminal.clearLine();
        }
    }

    /** The wait is over: its line says so, where it is written over. */
    public synchronized void end(String words) {
        stop();
        if (shown && terminal != null) {
            shown = false;
            terminal.writeOver(words);
            terminal.freshLine();
        }
    }
}
