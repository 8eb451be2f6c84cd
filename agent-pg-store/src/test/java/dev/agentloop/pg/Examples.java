package dev.agentloop.pg;

import java.time.Instant;
import java.util.UUID;

/** Values such as the store sends with each statement. */
final class Examples {
    private static final byte[] HASH = new byte[32];
    private static final Long[] VERSIONS = {2L, 3L};
    private static final byte[][] PARTS = {HASH, HASH};

    private Examples() {}

    /** The parameters of a statement; those who add a statement add a line here. */
    static Object[] of(Sql sql, String tenant, UUID id) {
        return switch (sql) {
            case APPEND -> rows(tenant, id, tenant, id, 7L, HASH);
            case APPEND_ONE, APPEND_ONE_POOLED ->
                values(1L, 1L, "item.user", HASH, HASH, HASH, HASH, tenant, id, 7L, HASH);
            case BEGIN -> begin(tenant, id);
            case HEAD,
                    ORIGIN,
                    KEEP,
                    CLAIM,
                    FORKED,
                    DELETE_INBOX,
                    DELETE_CONVERSATION,
                    INBOX,
                    BEGIN_COUNT,
                    CLAIM_COUNT,
                    COUNTED,
                    DELETE_COUNT,
                    DELETE_TEXT -> values(tenant, id);
            case SLOT -> values(tenant, id, 7L);
            case BARRIER -> values();
            case READ, READ_FOLDED -> values(tenant, id, 0L, Long.MAX_VALUE, 1_000L);
            case LOAD -> values(tenant, id, tenant, id);
            case FORK -> values(tenant, UUID.randomUUID(), id, 7L);
            case ANCHOR -> values(UUID.randomUUID(), tenant, id, 7L, HASH);
            case LIST -> values(tenant, id, 100L);
            case LIST_FIRST -> values(tenant, 100L);
            case HEADS -> values(tenant, new UUID[] {id, UUID.randomUUID()});
            case ERASE_TEXT -> values(tenant, id, VERSIONS);
            case ERASE -> values(new UUID[] {id, id}, VERSIONS, PARTS, tenant);
            case ORIGINS -> values(tenant, id, tenant);
            case FORKS -> values(tenant, id, 1L, tenant);
            case WAITING -> values(new UUID[] {id, UUID.randomUUID()}, tenant);
            case DELETE_ENTRIES -> values(tenant, id, 10_000L);
            case LEAVE -> values("message", "steer", HASH, tenant, id);
            case REMOVE -> values(tenant, id, new String[] {"message-1", "message-2"});
            default -> behindTheAppends(sql, tenant, id);
        };
    }

    private static Object[] behindTheAppends(Sql sql, String tenant, UUID id) {
        return switch (sql) {
            case UNCOUNTED -> values(new String[] {"response", "item.user"}, tenant, id, 7L, 500L);
            case COUNT -> values(9L, 1L, 1L, 1L, 1L, 1L, 1L, 1L, "true", tenant, id);
            case INDEX -> values(tenant, id, VERSIONS, new String[] {"a b", "c"});
            case SUM ->
                values(
                        tenant,
                        Activity.firstAt(Instant.ofEpochSecond(1_700_000_000)),
                        Activity.firstAt(Instant.ofEpochSecond(1_700_003_600)));
            case SEARCH -> values(new Words(tenant).of("word7 word8").toArray(new String[0]), tenant, id, 20L);
            case SEALED -> values(new UUID[] {id, UUID.randomUUID()}, 1_700_000_000_000L, tenant);
            case HOLDERS -> values(tenant, id, tenant, 100L);
            case THERE -> values(tenant, new UUID[] {id, UUID.randomUUID()});
            case NODES -> values(id.toString(), 1_000L);
            case FORGET -> values((Object) new String[] {"a", "b"});
            case REGISTER, BEAT, OBSERVE, UNREGISTER -> values(id.toString());
            default -> throw new IllegalArgumentException("no example for " + sql);
        };
    }

    private static Object[] values(Object... values) {
        return values;
    }

    private static Object[] begin(String tenant, UUID id) {
        Object[] rows = rows(tenant, id);
        Object[] all = new Object[rows.length + 2];
        all[0] = tenant;
        all[1] = id;
        System.arraycopy(rows, 0, all, 2, rows.length);
        return all;
    }

    private static Object[] rows(String tenant, UUID id, Object... behind) {
        Object[] rows = {tenant, id, VERSIONS, VERSIONS, VERSIONS, new String[] {"a", "b"}, PARTS, PARTS, PARTS, PARTS};
        Object[] all = new Object[rows.length + behind.length];
        System.arraycopy(rows, 0, all, 0, rows.length);
        System.arraycopy(behind, 0, all, rows.length, behind.length);
        return all;
    }
}
