package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Conversation;
import dev.agentloop.Usage;
import dev.agentloop.spi.LogPosition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One conversation of a talk, with what the talk knows of it. Belongs to one thread at a time. */
final class Line {
    /** A request: its bytes to the last item, and where the log stood when it was sent. */
    record Sent(byte[] wire, long version) {}

    private Conversation handle;
    private final List<Sent> sent = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final List<String> answered = new ArrayList<>();
    private final List<String> loose = new ArrayList<>();
    private Usage total = Usage.NONE;
    private LogPosition position = LogPosition.START;
    private boolean learns;
    private final @Nullable Line origin;

    Line(Conversation handle, @Nullable Line origin) {
        this.handle = handle;
        this.origin = origin;
    }

    /** Whether something may have been erased elsewhere, which is noted before anything is changed here, even if that is refused. */
    boolean learns() {
        return learns;
    }

    void learns(boolean now) {
        learns = now;
    }

    /** What it was forked from; null where it was not. */
    @Nullable
    Line origin() {
        return origin;
    }

    String id() {
        return handle.id();
    }

    Conversation handle() {
        return handle;
    }

    void handle(Conversation other) {
        handle = other;
    }

    /** The requests, in order; those of what it was forked from included. */
    List<Sent> sent() {
        return sent;
    }

    @Nullable
    Sent lastSent() {
        return sent.isEmpty() ? null : sent.get(sent.size() - 1);
    }

    /** The words of what the host has said, of which it was told that it was taken; in order. */
    List<String> said() {
        return said;
    }

    /** The words of the model's messages whose responses came whole; in order. */
    List<String> answered() {
        return answered;
    }

    /** The words of what must be in the log, wherever. */
    List<String> loose() {
        return loose;
    }

    Usage total() {
        return total;
    }

    void total(Usage now) {
        total = now;
    }

    /** Where the log stood when it was looked at last. */
    LogPosition position() {
        return position;
    }

    void position(LogPosition now) {
        position = now;
    }
}
