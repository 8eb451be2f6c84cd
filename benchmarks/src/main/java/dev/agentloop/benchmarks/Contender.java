package dev.agentloop.benchmarks;

import java.util.function.IntFunction;

/** A client that is measured. */
interface Contender {

    /**
     * Prepares one conversation.
     *
     * @param outputs the output of each call, counted from 1
     */
    Conversation conversation(Row row, IntFunction<String> outputs);

    /** One conversation, which ends when the endpoint says so. */
    interface Conversation extends AutoCloseable {

        /** Runs it on this thread and the contender's own. Called once. */
        void run() throws Exception;

        /** Ends the threads that only this conversation had. */
        @Override
        void close();
    }
}
