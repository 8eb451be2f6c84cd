package dev.agentloop.testkit.internal.lint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/*
 * What is random also differs between two processes of which one has another locale. So a difference counts as that of a
 * condition only if all of the condition's processes differ from the usual one and all usual processes are the same; to
 * tell the two apart, a suspicious condition and the usual one are run again.
 */
/** Compares the requests of many processes, and says which places differ and what that goes with. Used once. */
public final class Lint {
    private static final int USUAL = 3;
    private static final int USUAL_AGAIN = 6;
    private static final int CONDITION_AGAIN = 1;

    /** Routes requests to a cache, and is no part of what is cached. */
    private static final String CACHE_KEY = "prompt_cache_key";

    private final LintRuns runs;
    private final Set<String> allowed;
    private final List<byte[]> usual = new ArrayList<>();
    private final Map<LintCondition, List<byte[]>> varied = new LinkedHashMap<>();

    public Lint(LintRuns runs, Set<String> allowed) {
        this.runs = runs;
        this.allowed = allowed;
    }

    public List<LintFinding> findings() throws IOException, InterruptedException {
        run(USUAL, runs.conditions(), 1);
        List<RequestDifference> random = ofAll(usual);
        List<LintCondition> suspicious = runs.conditions().stream()
                .filter(condition -> differences(varied(condition).get(0)).stream()
                        .anyMatch(difference -> untouched(difference, random)))
                .toList();
        if (!suspicious.isEmpty()) {
            run(USUAL_AGAIN, suspicious, CONDITION_AGAIN);
        }
        Map<String, List<LintFinding>> found = new LinkedHashMap<>();
        Set<String> explained = new HashSet<>();
        for (RequestDifference difference : ofAll(usual)) {
            add(found, explained, difference, runs.usual());
        }
        for (LintCondition condition : suspicious) {
            for (RequestDifference difference : differences(varied(condition).get(0))) {
                add(found, explained, difference, goesWith(difference, condition) ? condition : runs.usual());
            }
        }
        List<LintFinding> findings = new ArrayList<>();
        found.values().forEach(same -> findings.add(merged(same)));
        KnownValues.here().in(usual.get(0)).stream()
                .filter(known -> !isAllowed(known.section())
                        && found.keySet().stream().noneMatch(outer -> RequestDifference.within(known.section(), outer)))
                .forEach(findings::add);
        findings.sort(Comparator.comparingInt(LintFinding::offset));
        return findings;
    }

    private void run(int usualTimes, List<LintCondition> conditions, int times)
            throws IOException, InterruptedException {
        List<LintCondition> wanted = new ArrayList<>(Collections.nCopies(usualTimes, runs.usual()));
        conditions.forEach(condition -> wanted.addAll(Collections.nCopies(times, condition)));
        List<byte[]> requests = runs.all(wanted);
        for (int i = 0; i < requests.size(); i++) {
            LintCondition condition = wanted.get(i);
            (i < usualTimes ? usual : varied.computeIfAbsent(condition, c -> new ArrayList<>())).add(requests.get(i));
        }
    }

    private List<byte[]> varied(LintCondition condition) {
        return varied.getOrDefault(condition, List.of());
    }

    private List<RequestDifference> differences(byte[] request) {
        return RequestDifference.between(usual.get(0), request).stream()
                .filter(difference -> !isAllowed(difference.section()))
                .toList();
    }

    private boolean isAllowed(String section) {
        return section.equals(CACHE_KEY)
                || allowed.stream().anyMatch(outer -> RequestDifference.within(section, outer));
    }

    private List<RequestDifference> ofAll(List<byte[]> requests) {
        return requests.stream()
                .flatMap(request -> differences(request).stream())
                .toList();
    }

    private static boolean untouched(RequestDifference difference, List<RequestDifference> others) {
        return others.stream().noneMatch(other -> other.touches(difference.section()));
    }

    private boolean goesWith(RequestDifference difference, LintCondition condition) {
        return untouched(difference, ofAll(usual))
                && varied(condition).stream().noneMatch(request -> untouched(difference, differences(request)));
    }

    /** Adds a finding, unless the place has one that explains it well enough. */
    private static void add(
            Map<String, List<LintFinding>> found,
            Set<String> explained,
            RequestDifference difference,
            LintCondition condition) {
        if (explained.stream().anyMatch(difference::touches)) {
            return;
        }
        if (condition.explainsAll()) {
            explained.add(difference.section());
        }
        found.computeIfAbsent(difference.section(), section -> new ArrayList<>())
                .add(new LintFinding(
                        difference.section(),
                        difference.offset(),
                        VolatileKind.of(difference, condition),
                        difference.thenAround(),
                        difference.nowAround(),
                        List.of(condition.name())));
    }

    private static LintFinding merged(List<LintFinding> same) {
        LintFinding first = same.get(0);
        List<String> names = same.stream()
                .flatMap(one -> one.conditions().stream())
                .distinct()
                .toList();
        return new LintFinding(first.section(), first.offset(), first.kind(), first.usual(), first.other(), names);
    }
}
