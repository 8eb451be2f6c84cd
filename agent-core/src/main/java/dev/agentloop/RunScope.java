package dev.agentloop;

/** What the parts of one run share; all of it belongs to the thread of the loop, but for the mailbox's {@code post}. */
record RunScope(
        LoopConfig config,
        Toolbox toolbox,
        ConversationLog log,
        Journal journal,
        Mailbox mailbox,
        Events events,
        Meter meter,
        Limits limits,
        RunOptions options) {

    static RunScope of(LoopConfig config, ConversationLog log, RunOptions options) {
        Limits own = options.limits();
        Limits limits = own == null ? config.limits() : own;
        return new RunScope(
                config,
                config.tools().get(),
                log,
                new Journal(log),
                new Mailbox(),
                new Events(log.id(), options.listener()),
                new Meter(limits),
                limits,
                options);
    }

    Fold fold() {
        return log.fold();
    }
}
