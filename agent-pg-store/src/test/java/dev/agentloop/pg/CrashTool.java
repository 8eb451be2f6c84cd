package dev.agentloop.pg;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.Locale;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.function.Consumer;

/**
 * A tool that leaves a line for each time that it does something.
 *
 * @param kind which of them
 * @param working held while one of a run is at work
 * @param watcher is told where a call is
 */
record CrashTool(Kind kind, CrashFolder folder, ReadWriteLock working, Consumer<String> watcher) implements Tool {
    private static final int MANY = 400;

    /** What a tool declares of itself. Its name is the kind's in lower case. */
    enum Kind {
        /** Nobody may do it twice, and after a crash nobody knows. */
        PAY(Access.WRITES, AfterCrash.REPORT),
        /** Like it, and it needs approval. */
        DEPLOY(Access.WRITES, AfterCrash.REPORT),
        /** After a crash a person is asked. */
        SEND(Access.WRITES, AfterCrash.ASK),
        /** Doing it twice is the same as doing it once, but not after somebody else has done something. */
        SET(Access.WRITES, AfterCrash.RUN_AGAIN),
        /** What it changes refuses owners of old, and does nothing twice that has one key. */
        BOOK(Access.WRITES, AfterCrash.RUN_AGAIN),
        /** It only reads, and much. */
        LOOK(Access.READS, AfterCrash.RUN_AGAIN);

        private final Access access;
        private final AfterCrash afterCrash;

        Kind(Access access, AfterCrash afterCrash) {
            this.access = access;
            this.afterCrash = afterCrash;
        }
    }

    @Override
    public Specification specification() {
        return Specification.function(
                kind.name().toLowerCase(Locale.ROOT), "a tool of a test", "{\"type\":\"object\",\"properties\":{}}");
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) {
        Lock lock = working.readLock();
        lock.lock();
        try {
            watcher.accept("before effect " + call.callId());
            CrashEffect effect = new CrashEffect(call.callId(), context.fencingToken(), context.idempotencyKey());
            if (kind == Kind.BOOK) {
                book(effect);
            } else {
                folder.add("effects", effect.toString());
            }
            watcher.accept("after effect " + call.callId());
        } finally {
            lock.unlock();
        }
        return ToolOutput.text("did " + call.callId() + (kind == Kind.LOOK ? " and saw much".repeat(MANY) : ""));
    }

    /** As a table with a column for the token and a unique key would. */
    private void book(CrashEffect effect) {
        long newest =
                folder.lines("tokens").stream().mapToLong(Long::parseLong).max().orElse(0);
        if (effect.token() < newest) {
            folder.add("refused", effect.toString());
            throw new IllegalStateException("token " + effect.token() + " is older than " + newest);
        }
        folder.add("tokens", Long.toString(effect.token()));
        if (folder.effects(effect.callId()).stream()
                .noneMatch(done -> done.key().equals(effect.key()))) {
            folder.add("effects", effect.toString());
        }
    }

    @Override
    public Access access(ToolCall call) {
        return kind.access;
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return kind.afterCrash;
    }

    @Override
    public boolean honoursFencing() {
        return kind == Kind.BOOK;
    }

    @Override
    public int outputTokens() {
        return MANY;
    }
}
