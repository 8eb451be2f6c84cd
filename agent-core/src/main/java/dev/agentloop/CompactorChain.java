package dev.agentloop;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Several compactors as one. The loop goes through {@link #inOrder}; by itself it does what the first one that offers does. */
record CompactorChain(List<Compactor> inOrder) implements Compactor {
    CompactorChain {
        inOrder = List.copyOf(inOrder);
    }

    @Override
    public String name() {
        return inOrder.stream().map(Compactor::name).collect(Collectors.joining(", "));
    }

    @Override
    public Optional<Offer> offer(Task task) {
        return inOrder.stream()
                .flatMap(compactor -> compactor.offer(task).stream())
                .findFirst();
    }

    @Override
    public Window compact(Task task) throws InterruptedException {
        for (Compactor compactor : inOrder) {
            if (compactor.offer(task).isPresent()) {
                return compactor.compact(task);
            }
        }
        throw new IllegalStateException("none of the compactors [" + name() + "] has an offer for this prompt");
    }
}
