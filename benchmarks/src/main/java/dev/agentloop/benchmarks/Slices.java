package dev.agentloop.benchmarks;

import java.util.Arrays;

/**
 * Ways of doing the same, measured in slices that take turns, so that what else the machine does falls on all of them.
 *
 * @param micros for each thing that was done, ours first and then the plain ways: the medians of all slices
 * @param ratios ours to each of the plain ways: the medians of the ratios within each round
 */
record Slices(double[] micros, double[] ratios) {
    private static final int WARM_UP = 16;
    private static final long WARM_UP_NANOS = 5_000_000_000L;

    /** Does one slice of work. */
    interface Slice {
        /** Gives the microseconds for each thing that was done. */
        double micros() throws Exception;
    }

    /** Measures so many rounds of a slice of each way, after seconds of them that do not count; each way goes first equally often. */
    static Slices of(int rounds, Slice... oursAndPlain) throws Exception {
        int ways = oursAndPlain.length;
        double[][] all = new double[ways][rounds];
        long begun = System.nanoTime();
        for (int round = 0; round < WARM_UP || System.nanoTime() - begun < WARM_UP_NANOS; round++) {
            for (Slice way : oursAndPlain) {
                way.micros();
            }
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < ways; i++) {
                int way = (round + i) % ways;
                all[way][round] = oursAndPlain[way].micros();
            }
        }
        double[] ratios = new double[ways - 1];
        for (int way = 1; way < ways; way++) {
            double[] each = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                each[round] = all[0][round] / all[way][round];
            }
            ratios[way - 1] = median(each);
        }
        return new Slices(Arrays.stream(all).mapToDouble(Slices::median).toArray(), ratios);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
