package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Several compactors as one. The loop goes through {@link #inOrder}; by itself it does what the first one that offers does.
 *
 * @param cheapestFirst whether their order is that of their offers, rather than the given one
 */
public record CompactorChain(List<Compactor> all, boolean cheapestFirst) implements Compactor {
    private static final double CACHED_WEIGHT = 0.1;
    private static final double OUTPUT_WEIGHT = 8;

    @Override
    public String name() {
        return all.stream().map(Compactor::name).collect(Collectors.joining(", "));
    }

    @Override
    public List<Compactor> inOrder(Task task) {
        List<Compactor> order = new ArrayList<>();
        all.forEach(compactor -> order.addAll(compactor.inOrder(task)));
        return cheapestFirst ? sorted(order, task) : order;
    }

    private static List<Compactor> sorted(List<Compactor> compactors, Task task) {
        Map<Compactor, Double> weights = new HashMap<>();
        for (Compactor compactor : compactors) {
            weight(compactor, task).ifPresent(weight -> weights.put(compactor, weight));
        }
        return compactors.stream()
                .filter(weights::containsKey)
                .sorted((a, b) -> Double.compare(weights.getOrDefault(a, 0.0), weights.getOrDefault(b, 0.0)))
                .toList();
    }

    // About what it costs, in tokens of uncached input.
    private static double weight(Offer offer) {
        return offer.inputTokens()
                - offer.cachedTokens()
                + offer.cachedTokens() * CACHED_WEIGHT
                + offer.outputTokens() * OUTPUT_WEIGHT;
    }

    // One that fails is asked again in its turn, where its failure is told.
    private static Optional<Double> weight(Compactor compactor, Task task) {
        try {
            return compactor.offer(task).map(CompactorChain::weight);
        } catch (RuntimeException e) {
            return Optional.of(Double.MAX_VALUE);
        }
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return inOrder(task).stream()
                .flatMap(compactor -> compactor.offer(task).stream())
                .findFirst();
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        for (Compactor compactor : inOrder(task)) {
            if (compactor.offer(task).isPresent()) {
                return compactor.compact(task);
            }
        }
        throw new IllegalStateException("none of the compactors [" + name() + "] has an offer for this prompt");
    }
}
