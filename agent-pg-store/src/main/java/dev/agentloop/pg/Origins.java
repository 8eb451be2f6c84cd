package dev.agentloop.pg;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A conversation, what it was forked from, what that was forked from, to the first that is no fork.
 *
 * @param steps at least one
 */
record Origins(List<Step> steps) {

    /**
     * One of them.
     *
     * @param parent the conversation that holds its history up to {@code upTo}; null where it is no fork
     */
    private record Step(UUID conversation, @Nullable UUID parent, long upTo) {
        static Step of(ResultSet row) throws SQLException {
            return new Step(
                    row.getObject("conversation", UUID.class),
                    row.getObject("parent", UUID.class),
                    row.getLong("parent_seq"));
        }
    }

    /** Those of a conversation. One that was deleted, of which there may be entries left, is its own. */
    static Origins of(Session session, String tenant, UUID conversation) throws SQLException {
        List<Step> steps = session.rows(Sql.ORIGINS, Step::of, tenant, conversation, tenant);
        return new Origins(steps.isEmpty() ? List.of(new Step(conversation, null, 0)) : steps);
    }

    /** The conversation in which this version was written, if there is such a version. */
    UUID writer(long version) {
        return steps.stream()
                .filter(step -> step.parent() == null || version > step.upTo())
                .findFirst()
                .orElseThrow()
                .conversation();
    }
}
