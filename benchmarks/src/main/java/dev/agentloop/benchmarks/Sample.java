package dev.agentloop.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one run of a contender gave, or the medians of several runs.
 *
 * @param late gaps in the last tenth of the turns
 * @param cpuMillis processor time for each turn
 * @param kibibytes allocated for each turn
 */
record Sample(Gaps late, double cpuMillis, double kibibytes) {

    /** Percentiles in milliseconds. */
    record Gaps(double p50, double p90) {
        static Gaps of(Stream<long[]> nanos) {
            long[] sorted = nanos.flatMapToLong(Arrays::stream).sorted().toArray();
            return new Gaps(percentile(sorted, 0.5), percentile(sorted, 0.9));
        }

        // The nearest rank: always a gap that was measured.
        private static double percentile(long[] sorted, double part) {
            return sorted[(int) Math.ceil(part * sorted.length) - 1] / 1e6;
        }
    }

    /** How many times as much as the floor. */
    record Ratios(double gap, double cpu, double kibibytes) {
        /** The medians of the ratios of runs that followed each other, so that what else the machine did falls on both. */
        static Ratios of(List<Sample> samples, List<Sample> floor) {
            return new Ratios(
                    ratio(samples, floor, s -> s.late().p50()),
                    ratio(samples, floor, Sample::cpuMillis),
                    ratio(samples, floor, Sample::kibibytes));
        }

        private static double ratio(List<Sample> samples, List<Sample> floor, ToDoubleFunction<Sample> value) {
            return middle(IntStream.range(0, samples.size())
                    .mapToDouble(i -> value.applyAsDouble(samples.get(i)) / value.applyAsDouble(floor.get(i)))
                    .toArray());
        }
    }

    /**
     * A sample of one or more conversations of equal length.
     *
     * @param turns of all conversations together
     * @param gaps of each conversation, in nanoseconds
     */
    static Sample of(int turns, List<long[]> gaps, long cpuNanos, long bytes) {
        return new Sample(
                Gaps.of(gaps.stream().map(all -> Arrays.copyOfRange(all, all.length - tenth(all), all.length))),
                cpuNanos / 1e6 / turns,
                bytes / 1024.0 / turns);
    }

    private static int tenth(long[] gaps) {
        return Math.max(1, gaps.length / 10);
    }

    static Sample median(List<Sample> samples) {
        return new Sample(
                new Gaps(
                        median(samples, s -> s.late().p50()),
                        median(samples, s -> s.late().p90())),
                median(samples, Sample::cpuMillis),
                median(samples, Sample::kibibytes));
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> value) {
        return middle(samples.stream().mapToDouble(value).toArray());
    }

    private static double middle(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
