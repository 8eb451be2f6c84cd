package dev.agentloop.internal.control;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Code of the host's that runs of an agent did not wait for, and that may go on. Thread-safe. */
final class LeftWork {
    private static final Logger LOG = LoggerFactory.getLogger(LeftWork.class);

    private final List<Left> left = new ArrayList<>();
    private volatile Runnable watcher = () -> {};

    private static final class Left {
        private final String conversation;
        private final Work work;
        private final boolean writes;
        private final long since = System.nanoTime();
        private boolean named;

        Left(String conversation, Work work, boolean writes) {
            this.conversation = conversation;
            this.work = work;
            this.writes = writes;
        }
    }

    /** Has this run whenever there is something new to {@link #look} at. */
    void onLeft(Runnable watch) {
        watcher = watch;
    }

    /** Takes note of code that goes on after its run, or its call, is over. */
    void leave(String conversation, Work work, boolean writes) {
        if (!work.ended() && work.leave()) {
            synchronized (this) {
                left.add(new Left(conversation, work, writes));
            }
            watcher.run();
        }
    }

    /** What still changes things for a call of that conversation which is over; null where nothing does. */
    synchronized @Nullable String stillWriting(String conversation) {
        return left.stream()
                .filter(one -> one.writes && one.conversation.equals(conversation) && !one.work.ended())
                .map(one -> one.work.name())
                .findFirst()
                .orElse(null);
    }

    /** Names in the log what ignores its interrupt, and what has ended since; false where nothing is left. */
    synchronized boolean look() {
        for (Left one : left) {
            long seconds = Duration.ofNanos(System.nanoTime() - one.since).toSeconds();
            if (!one.work.ended() && !one.named && seconds >= Work.BOUND.toSeconds()) {
                one.named = true;
                LOG.warn(
                        "conversation {}: {} ignores its interrupt and was left running; its output is dropped, and {}"
                                + " such threads of this agent are running now",
                        one.conversation,
                        one.work.name(),
                        left.stream().filter(other -> other.named).count());
            } else if (one.work.ended() && one.named) {
                LOG.info(
                        "conversation {}: {}, which was left running, has ended after {} seconds",
                        one.conversation,
                        one.work.name(),
                        seconds);
            }
        }
        left.removeIf(one -> one.work.ended());
        return !left.isEmpty();
    }
}
