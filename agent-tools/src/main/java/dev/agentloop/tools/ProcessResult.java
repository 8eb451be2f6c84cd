package dev.agentloop.tools;

import java.time.Duration;

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
record ProcessResult(
        Ending ending,
        int exitCode,
        Duration wallTime,
        String output,
        long lines,
        boolean cut,
        int ended,
        int survivors) {

    /** What comes of a run that was cancelled before it began. */
    static ProcessResult notStarted() {
        return new ProcessResult(Ending.CANCELLED, -1, Duration.ZERO, "", 0, false, 0, 0);
    }

    /** Why a run is over. */
    enum Ending {
        EXITED,
        TIMED_OUT,
        CANCELLED
    }
}
