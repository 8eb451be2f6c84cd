package dev.agentloop;

import java.util.function.Supplier;

/** What the parts of one run share; all of it belongs to the thread of the loop, but for what the control says. */
record RunScope(
        LoopConfig config,
        PromptSettings settings,
        Toolbox toolbox,
        HostStore store,
        ConversationLog log,
        Journal journal,
        RunControl control,
        Events events,
        Meter meter,
        Limits limits,
        RunOptions options) {

    /** The scope of a run. */
    static RunScope of(LoopConfig config, RunControl control, Events events, ConversationLog log, RunOptions options) {
        Limits own = options.limits();
        Limits limits = own == null ? config.limits() : own;
        return new RunScope(
                config,
                ask(control, "the model's settings", config.model()::settings),
                ask(control, "the source of tools", config.tools()),
                config.store().in(control),
                log,
                new Journal(log),
                control,
                events,
                new Meter(limits),
                limits,
                options);
    }

    // Without these nothing can be sent, and nothing was appended yet: what goes wrong is the host's to hear.
    private static <T> T ask(RunControl control, String what, Supplier<T> source) {
        T answer = control.ask(what, source::get, failure -> {
            throw HostFailure.of(what, failure);
        });
        if (answer == null) {
            throw new IllegalStateException(what + " must not be null; nothing was changed");
        }
        return answer;
    }

    Mailbox mailbox() {
        return control.mailbox();
    }

    Fold fold() {
        return log.fold();
    }
}
