package dev.agentloop;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds together what is appended at once and what may happen only when that is durable. Belongs to the loop's thread.
 */
final class Journal {
    private final ConversationLog log;
    private final List<Draft> drafts = new ArrayList<>();
    private final List<Runnable> followers = new ArrayList<>();

    Journal(ConversationLog log) {
        this.log = log;
    }

    void add(Draft draft) {
        drafts.add(draft);
    }

    /** The version that the entry which is added next will have. */
    long nextVersion() {
        return log.position().version() + drafts.size() + 1;
    }

    /** Has an act done when all that was added so far is durable. */
    void then(Runnable act) {
        followers.add(act);
    }

    /** Makes durable what was added, then does what was to follow, in order; all of it, even if the run is ended in one. */
    void commit() {
        log.append(drafts);
        drafts.clear();
        List<Runnable> now = List.copyOf(followers);
        followers.clear();
        RunOver over = null;
        for (Runnable follower : now) {
            try {
                follower.run();
            } catch (RunOver e) {
                over = e;
            }
        }
        if (over != null) {
            throw over;
        }
    }
}
