package dev.agentloop;

/** How a run is to end, before the numbers that its outcome names are known. */
@FunctionalInterface
interface Ending {
    /** The outcome with these numbers. */
    Outcome outcome(Outcome.Summary summary);
}
