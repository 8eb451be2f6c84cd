package dev.agentloop.benchmarks;

import java.net.URI;
import java.util.function.Function;
import java.util.function.IntFunction;

/** A client that is measured. */
interface Contender {

    /**
     * Prepares one conversation.
     *
     * @param tool gives the output of each call, counted from 1
     */
    Conversation conversation(IntFunction<String> tool);

    /** One conversation, which ends when the endpoint says so. */
    interface Conversation extends AutoCloseable {

        /** Runs it on this thread and the contender's own. Called once. */
        void run() throws Exception;

        /** Ends the threads that only this conversation had. */
        @Override
        void close();
    }

    /** The contenders. */
    enum Kind {
        /** The least that a client must do. */
        FLOOR(FloorContender::new),
        /** This library. */
        LOOP(LoopContender::new);

        private final Function<URI, Contender> factory;

        Kind(Function<URI, Contender> factory) {
            this.factory = factory;
        }

        /** A contender with an HTTP client of its own, for the endpoint at this address before {@code /responses}. */
        Contender at(URI base) {
            return factory.apply(base);
        }
    }
}
