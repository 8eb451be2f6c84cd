package dev.agentloop.benchmarks;

import java.net.URI;
import java.util.function.Function;

/** The contenders. */
enum ContenderKind {
    /** The least that a client must do. */
    FLOOR(FloorContender::new),
    /** This library. */
    LOOP(LoopContender::new);

    private final Function<URI, Contender> factory;

    ContenderKind(Function<URI, Contender> factory) {
        this.factory = factory;
    }

    /** A contender with an HTTP client of its own, for the endpoint at this address before {@code /responses}. */
    Contender at(URI base) {
        return factory.apply(base);
    }
}
