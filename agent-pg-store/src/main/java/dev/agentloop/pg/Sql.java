package dev.agentloop.pg;

import java.util.Locale;

/**
 * Every statement that is sent while conversations are used, each with its name as a comment, which
 * {@code pg_stat_activity} and the server's log show. Each reads one table by its key; none joins.
 */
enum Sql {
    /** All of the entries behind a predecessor that is there and no end, or none; a version that is taken breaks the key. */
    APPEND("""
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT ?::text, ?::uuid, e.seq, e.turn, e.base, e.kind, e.salt, e.digest, e.chain, e.payload
            FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[], ?::bytea[], ?::bytea[], ?::bytea[])
              AS e (seq, turn, base, kind, salt, digest, chain, payload)
            WHERE EXISTS (SELECT 1 FROM agent_entry
              WHERE tenant = ? AND conversation = ? AND seq = ? AND chain = ? AND kind <> 'sealed')"""),

    /** The same for the first entries of a conversation, which is made by it; of two that make one, the second waits. */
    BEGIN("""
            WITH begun AS (INSERT INTO agent_conversation (tenant, conversation) VALUES (?, ?)
              ON CONFLICT (tenant, conversation) DO NOTHING RETURNING conversation)
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT ?::text, ?::uuid, e.seq, e.turn, e.base, e.kind, e.salt, e.digest, e.chain, e.payload
            FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[], ?::bytea[], ?::bytea[], ?::bytea[])
              AS e (seq, turn, base, kind, salt, digest, chain, payload)
            WHERE EXISTS (SELECT 1 FROM begun)"""),

    /** Where a log stands. */
    HEAD("""
            SELECT seq, chain, kind FROM agent_entry
            WHERE tenant = ? AND conversation = ? ORDER BY seq DESC LIMIT 1"""),

    /** Which history a version has. */
    SLOT("SELECT chain, anchor FROM agent_entry WHERE tenant = ? AND conversation = ? AND seq = ?"),

    /** A commit that is waited for, and with it all those before it, on this server and its synchronous standbys. */
    BARRIER("SELECT pg_logical_emit_message(true, 'agentloop', '')"),

    /** A part of a log. */
    READ("""
            SELECT seq, turn, base, kind, anchor, salt, digest, chain, payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"""),

    /** The same without the payloads that lie beside the log; they are not even fetched from where they are stored. */
    READ_FOLDED("""
            SELECT seq, turn, base, kind, anchor, salt, digest, chain,
              CASE WHEN NOT starts_with(kind, 'aside.') THEN payload END AS payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"""),

    /** The log from the entry before its newest restatement on, in one snapshot. */
    LOAD("""
            SELECT seq, turn, base, kind, anchor, salt, digest, chain,
              CASE WHEN NOT starts_with(kind, 'aside.') THEN payload END AS payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq >= (SELECT base - 1 FROM agent_entry
              WHERE tenant = ? AND conversation = ? ORDER BY seq DESC LIMIT 1)
            ORDER BY seq"""),

    /** What a conversation was forked from. */
    ORIGIN("SELECT parent, parent_seq FROM agent_conversation WHERE tenant = ? AND conversation = ?"),

    /** Keeps a conversation from being deleted while it is forked. */
    KEEP("SELECT conversation FROM agent_conversation WHERE tenant = ? AND conversation = ? FOR KEY SHARE"),

    /** Makes a fork. */
    FORK("""
            INSERT INTO agent_conversation (tenant, conversation, parent, parent_seq) VALUES (?, ?, ?, ?)
            ON CONFLICT (tenant, conversation) DO NOTHING"""),

    /** Gives a fork the entry that it goes on behind, without its payload. */
    ANCHOR("""
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, anchor, digest, chain)
            SELECT tenant, ?::uuid, seq, turn, base, kind, true, digest, chain FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq = ? AND chain = ?"""),

    /** A page of conversations, the youngest first. */
    LIST("""
            SELECT conversation FROM agent_conversation
            WHERE tenant = ? AND conversation < ? ORDER BY conversation DESC LIMIT ?"""),

    /** The first page. */
    LIST_FIRST("SELECT conversation FROM agent_conversation WHERE tenant = ? ORDER BY conversation DESC LIMIT ?"),

    /** Where the logs of a page stand, and since when in microseconds. */
    HEADS("""
            SELECT c.id, (SELECT e.seq || ' ' || encode(e.chain, 'hex') || ' ' || (extract(epoch FROM e.at) * 1000000)::bigint
              FROM agent_entry e WHERE e.tenant = ? AND e.conversation = c.id ORDER BY e.seq DESC LIMIT 1)
            FROM unnest(?::uuid[]) AS c (id)"""),

    /** Takes away what entries say. */
    ERASE("""
            UPDATE agent_entry SET salt = NULL, payload = NULL
            WHERE tenant = ? AND conversation = ? AND seq = ANY (?::bigint[])
              AND (salt IS NOT NULL OR payload IS NOT NULL)"""),

    /** Keeps a conversation from being forked, or being left a message, while it is deleted. */
    CLAIM("SELECT conversation FROM agent_conversation WHERE tenant = ? AND conversation = ? FOR UPDATE"),

    /** A fork of a conversation. */
    FORKED("SELECT conversation FROM agent_conversation WHERE tenant = ? AND parent = ? LIMIT 1"),

    /** Deletes a part of a log. */
    DELETE_ENTRIES("DELETE FROM agent_entry WHERE tenant = ? AND conversation = ? AND seq <= ?"),

    /** Deletes the messages of a conversation. */
    DELETE_INBOX("DELETE FROM agent_inbox WHERE tenant = ? AND conversation = ?"),

    /** Deletes a conversation from the list. */
    DELETE_CONVERSATION("DELETE FROM agent_conversation WHERE tenant = ? AND conversation = ?"),

    /** Leaves a message, unless there is one of its id, or no conversation. */
    LEAVE("""
            INSERT INTO agent_inbox (tenant, conversation, id, kind, payload)
            SELECT tenant, conversation, ?::text, ?::text, ?::bytea FROM agent_conversation
            WHERE tenant = ? AND conversation = ? FOR KEY SHARE
            ON CONFLICT (tenant, conversation, id) DO NOTHING"""),

    /** The messages of a conversation. */
    INBOX("SELECT id, kind, payload, at FROM agent_inbox WHERE tenant = ? AND conversation = ? ORDER BY nr"),

    /** Removes messages. */
    REMOVE("DELETE FROM agent_inbox WHERE tenant = ? AND conversation = ? AND id = ANY (?::text[])"),

    /** Tells that a process lives. */
    REGISTER("INSERT INTO agent_node (node) VALUES (?) ON CONFLICT (node) DO UPDATE SET beat = agent_node.beat + 1"),

    /** Tells that it still does; writes no index. */
    BEAT("UPDATE agent_node SET beat = beat + 1 WHERE node = ?"),

    /** The last sign of life of a process. */
    OBSERVE("SELECT beat FROM agent_node WHERE node = ?"),

    /** Tells that a process ended. */
    UNREGISTER("DELETE FROM agent_node WHERE node = ?");

    private final String text;

    Sql(String statement) {
        this.text = "/* agentloop:" + name().toLowerCase(Locale.ROOT) + " */ " + statement;
    }

    /** The statement, with a question mark for each parameter. */
    String text() {
        return text;
    }
}
