package dev.agentloop.benchmarks;

import java.net.URI;
import java.net.http.HttpClient;
import java.util.function.IntFunction;

/** A client that is measured: drives one conversation against an endpoint to its end. */
interface Contender extends AutoCloseable {

    /** Runs the conversation, on this thread and its own. Called once. */
    void run() throws Exception;

    @Override
    void close();

    /** The contenders. */
    enum Kind {
        /** The least that a client must do. */
        FLOOR,
        /** This library. */
        LOOP;

        /**
         * A contender for one conversation.
         *
         * @param client used by this kind only, and not closed
         * @param base the address before {@code /responses}
         * @param tool gives the output of each call, counted from 1
         */
        Contender with(HttpClient client, URI base, IntFunction<String> tool) {
            return this == FLOOR ? new FloorContender(client, base, tool) : new LoopContender(client, base, tool);
        }
    }
}
