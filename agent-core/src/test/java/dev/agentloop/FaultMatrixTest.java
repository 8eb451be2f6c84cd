package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every callback of the host's, in every way to fail, at every moment at which it can be called: the run ends as the
 * contract says, leaves what the contract says, and another process goes on with the conversation.
 *
 * <p>A tenth of the cells and one of each callback and behaviour are run, chosen by a seed; all with
 * {@code -Dagentloop.faults=all}, and those whose name begins so with {@code -Dagentloop.faults=store.append}.
 */
class FaultMatrixTest {
    private static final int AT_LEAST = 300;
    private static final int AT_ONCE = 40;
    private static final int BATCH = 200;
    private static final List<FaultRun.Trigger> TRIGGERS = List.of(FaultRun.Trigger.values());

    @TempDir
    Path folder;

    private final Map<String, Map<String, Integer>> shown = new TreeMap<>();

    @Test
    void run_endsAsTheContractSays_whateverTheHostsCodeDoes() throws Exception {
        long begun = System.nanoTime();
        long seed = Long.getLong("agentloop.seed", 20_261_129L);
        List<FaultTable.Case> all = FaultTable.cases();
        assertThat(all).hasSizeGreaterThanOrEqualTo(AT_LEAST).doesNotHaveDuplicates();
        List<FaultTable.Case> cases = chosen(all, new Random(seed));
        List<LogEntry> crashed = FaultSeed.entries();
        List<String> failures = new ArrayList<>();
        try (FaultLog log = FaultLog.open()) {
            for (int from = 0; from < cases.size(); from += BATCH) {
                List<FaultTable.Case> batch = cases.subList(from, Math.min(from + BATCH, cases.size()));
                failures.addAll(batch(batch, folder.resolve("batch" + from), crashed, log));
            }
        }
        System.err.printf(
                Locale.ROOT,
                "fault matrix: seed %d, %d of %d cells run, %d failed, %d seconds%n",
                seed,
                cases.size(),
                all.size(),
                failures.size(),
                (System.nanoTime() - begun) / 1_000_000_000);
        shown.forEach((group, endings) -> System.err.println("fault matrix: " + group + ": " + endings));
        assertThat(failures).as("cells, with seed %d", seed).isEmpty();
    }

    private static List<FaultTable.Case> chosen(List<FaultTable.Case> all, Random random) {
        String wanted = System.getProperty("agentloop.faults", "");
        List<FaultTable.Case> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, random);
        if (wanted.equals("all")) {
            return shuffled;
        }
        if (!wanted.isEmpty()) {
            return shuffled.stream()
                    .filter(one -> one.toString().startsWith(wanted))
                    .toList();
        }
        Set<String> seen = new HashSet<>();
        List<FaultTable.Case> chosen = new ArrayList<>();
        for (FaultTable.Case one : shuffled) {
            if (seen.add(one.callback() + " " + one.behaviour()) || random.nextInt(10) == 0) {
                chosen.add(one);
            }
        }
        return chosen;
    }

    private List<String> batch(List<FaultTable.Case> batch, Path files, List<LogEntry> crashed, FaultLog log)
            throws Exception {
        List<String> failures = new ArrayList<>();
        Set<String> ids = new TreeSet<>();
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try (ConversationStore store = new FileStore(files)) {
            List<Future<FaultRun.Result>> running = new ArrayList<>();
            for (FaultTable.Case one : batch) {
                FaultRun.Trigger trigger = TRIGGERS.get(running.size() % TRIGGERS.size());
                Callable<FaultRun.Result> run = () -> FaultRun.run(one, trigger, store, crashed, log);
                running.add(threads.submit(run));
            }
            for (int i = 0; i < running.size(); i++) {
                try {
                    FaultRun.Result result = running.get(i).get();
                    ids.add(result.conversation());
                    shown.computeIfAbsent(batch.get(i).group(), group -> new TreeMap<>())
                            .merge(result.ending(), 1, Integer::sum);
                } catch (java.util.concurrent.ExecutionException e) {
                    failures.add(String.valueOf(e.getCause().getMessage()));
                }
            }
        } finally {
            threads.shutdownNow();
        }
        failures.addAll(goneOn(files, ids));
        return failures;
    }

    /** Has another process go on with what the batch left. */
    private static List<String> goneOn(Path files, Set<String> ids) throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FaultChild.class.getName(),
                        files.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            List<String> lines = said.lines().toList();
            Set<String> finished = new HashSet<>();
            lines.stream()
                    .filter(line -> line.endsWith(" finished"))
                    .forEach(line -> finished.add(line.substring(0, line.indexOf(' '))));
            List<String> failures = new ArrayList<>();
            lines.stream().filter(line -> !line.endsWith(" finished")).forEach(failures::add);
            ids.stream().filter(id -> !finished.contains(id)).forEach(id -> failures.add(id + " was not gone on with"));
            return failures;
        } finally {
            child.destroyForcibly().waitFor();
        }
    }
}
