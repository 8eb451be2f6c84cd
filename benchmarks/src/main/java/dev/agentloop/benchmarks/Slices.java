package dev.agentloop.benchmarks;

import java.util.Arrays;

/**
 * Two ways of doing the same, measured in slices that take turns, so that what else the machine does falls on both.
 *
 * @param ours microseconds for each thing that was done, the median of all slices
 * @param floor the same the plain way
 * @param ratio the median of the ratios of slices that followed each other
 */
record Slices(double ours, double floor, double ratio) {
    private static final int WARM_UP = 16;

    /** Does one slice of work. */
    interface Slice {
        /** Gives the microseconds for each thing that was done. */
        double micros() throws Exception;
    }

    /** Measures so many slices of each way, after some that do not count; each way goes first half of the time. */
    static Slices of(int slices, Slice ours, Slice floor) throws Exception {
        double[] all = new double[slices];
        double[] plain = new double[slices];
        double[] ratios = new double[slices];
        for (int i = -WARM_UP; i < slices; i++) {
            boolean first = i % 2 == 0;
            double early = (first ? ours : floor).micros();
            double late = (first ? floor : ours).micros();
            if (i >= 0) {
                all[i] = first ? early : late;
                plain[i] = first ? late : early;
                ratios[i] = all[i] / plain[i];
            }
        }
        return new Slices(median(all), median(plain), median(ratios));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
