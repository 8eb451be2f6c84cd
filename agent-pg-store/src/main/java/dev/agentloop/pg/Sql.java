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

    /** The same for a single entry, as most appends have: made of its predecessor, there are no arrays to take apart. */
    APPEND_ONE("""
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT tenant, conversation, seq + 1, ?, ?, ?, ?, ?, ?, ? FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq = ? AND chain = ? AND kind <> 'sealed'"""),

    /** The same where nothing can be prepared: that very statement, whose plan the server keeps with the function. */
    APPEND_ONE_POOLED("SELECT agent_append(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),

    /** All of the first entries of a conversation, which is made by it; of two that make one, the second waits. */
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
    BARRIER("SELECT (pg_logical_emit_message(true, 'agentloop', '') IS NOT NULL)::int"),

    /** A part of a log. */
    READ("""
            SELECT seq, turn, base, kind, salt, digest, chain, payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"""),

    /**
     * The same without the payloads that lie beside the log ({@code aside.…}); they are not even fetched from where they are
     * stored. The slash is what follows the dot; comparing is quicker than looking for the beginning.
     */
    READ_FOLDED("""
            SELECT seq, turn, base, kind, salt, digest, chain,
              CASE WHEN kind >= 'aside/' OR kind < 'aside.' THEN payload END AS payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?"""),

    /** The log from the entry before its newest restatement on, in one snapshot. */
    LOAD("""
            SELECT seq, turn, base, kind, salt, digest, chain,
              CASE WHEN kind >= 'aside/' OR kind < 'aside.' THEN payload END AS payload FROM agent_entry
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

    /**
     * Takes away what entries say, of several conversations at once, and puts a mark in its place. The arrays are of one length, and
     * no version is twice among them. They are looked into rather than joined, for a join would be planned for the average
     * tenant, and read all of a large one.
     */
    ERASE("""
            UPDATE agent_entry SET salt = NULL, payload = m.marks[array_position(m.versions, seq)]
            FROM (SELECT ?::uuid[] AS ids, ?::bigint[] AS versions, ?::bytea[] AS marks) AS m
            WHERE tenant = ? AND conversation = ANY (m.ids) AND seq = ANY (m.versions)
              AND conversation = m.ids[array_position(m.versions, seq)] AND NOT anchor"""),

    /** The conversation, what it was forked from, and so on to one that is no fork. */
    ORIGINS("""
            WITH RECURSIVE o (conversation, parent, parent_seq) AS (
              SELECT conversation, parent, parent_seq FROM agent_conversation WHERE tenant = ? AND conversation = ?
              UNION ALL SELECT p.conversation, p.parent, p.parent_seq FROM o, LATERAL (
                SELECT conversation, parent, parent_seq FROM agent_conversation
                WHERE tenant = ? AND conversation = o.parent OFFSET 0) AS p)
            SELECT conversation, parent, parent_seq FROM o"""),

    /** The forks of a conversation that have one of its versions, and the forks of those. */
    FORKS("""
            WITH RECURSIVE f (conversation) AS (
              SELECT conversation FROM agent_conversation WHERE tenant = ? AND parent = ? AND parent_seq >= ?
              UNION ALL SELECT c.conversation FROM f, LATERAL (
                SELECT conversation FROM agent_conversation WHERE tenant = ? AND parent = f.conversation OFFSET 0) AS c)
            SELECT conversation FROM f"""),

    /** Keeps a conversation from being forked, or being left a message, while it is deleted. */
    CLAIM("SELECT conversation FROM agent_conversation WHERE tenant = ? AND conversation = ? FOR UPDATE"),

    /** A fork of a conversation. */
    FORKED("SELECT conversation FROM agent_conversation WHERE tenant = ? AND parent = ? LIMIT 1"),

    /** Deletes a part of a log. */
    DELETE_ENTRIES("DELETE FROM agent_entry WHERE tenant = ? AND conversation = ? AND seq <= ?"),

    /** Deletes the messages of a conversation. */
    DELETE_INBOX("DELETE FROM agent_inbox WHERE tenant = ? AND conversation = ?"),

    /** Deletes what was counted of a conversation. */
    DELETE_COUNT("DELETE FROM agent_activity WHERE tenant = ? AND conversation = ?"),

    /** Deletes the words of a conversation. */
    DELETE_TEXT("DELETE FROM agent_text WHERE tenant = ? AND conversation = ?"),

    /** Deletes the words of entries. */
    ERASE_TEXT("DELETE FROM agent_text WHERE tenant = ? AND conversation = ? AND seq = ANY (?::bigint[])"),

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

    /** Which of these conversations have messages. */
    WAITING("""
            SELECT c.id FROM unnest(?::uuid[]) AS c (id)
            WHERE (SELECT true FROM agent_inbox i WHERE i.tenant = ? AND i.conversation = c.id LIMIT 1)"""),

    /** Removes messages. */
    REMOVE("DELETE FROM agent_inbox WHERE tenant = ? AND conversation = ? AND id = ANY (?::text[])"),

    /** Begins to count a conversation, unless there is none. */
    BEGIN_COUNT("""
            INSERT INTO agent_activity (tenant, conversation)
            SELECT tenant, conversation FROM agent_conversation
            WHERE tenant = ? AND conversation = ? FOR KEY SHARE
            ON CONFLICT (tenant, conversation) DO NOTHING"""),

    /** Keeps others from counting, erasing in or deleting a conversation that is counted. */
    CLAIM_COUNT("""
            SELECT counted, turns, steps, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
              reasoning_tokens, estimated FROM agent_activity
            WHERE tenant = ? AND conversation = ? FOR UPDATE"""),

    /** Entries that were not counted yet, with the payloads of these kinds, which are marks where they were erased. */
    UNCOUNTED("""
            SELECT seq, kind, anchor, salt IS NULL AS erased, CASE WHEN kind = ANY (?::text[]) THEN payload END AS payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq > ? ORDER BY seq LIMIT ?"""),

    /** Notes what was counted; writes no index. */
    COUNT("""
            UPDATE agent_activity SET counted = ?, turns = ?, steps = ?, input_tokens = ?, cached_tokens = ?,
              cache_write_tokens = ?, output_tokens = ?, reasoning_tokens = ?, estimated = ?::boolean,
              changed = clock_timestamp()
            WHERE tenant = ? AND conversation = ?"""),

    /** Keeps the words of entries. */
    INDEX("""
            INSERT INTO agent_text (tenant, conversation, seq, words)
            SELECT ?::text, ?::uuid, e.seq, string_to_array(e.words, ' ')
            FROM unnest(?::bigint[], ?::text[]) AS e (seq, words)
            ON CONFLICT (tenant, conversation, seq) DO NOTHING"""),

    /** What was counted of a conversation. */
    COUNTED("""
            SELECT counted, turns, steps, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
              reasoning_tokens, estimated FROM agent_activity
            WHERE tenant = ? AND conversation = ?"""),

    /** What was counted of the conversations that began in a span of time. */
    SUM("""
            SELECT count(*) AS found, coalesce(sum(turns), 0) AS turns, coalesce(sum(steps), 0) AS steps,
              coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(cached_tokens), 0) AS cached_tokens,
              coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens,
              coalesce(sum(output_tokens), 0) AS output_tokens,
              coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens, coalesce(bool_or(estimated), false) AS estimated
            FROM agent_activity WHERE tenant = ? AND conversation >= ? AND conversation < ?"""),

    /** The conversations with a message that has all these words, the youngest first. */
    SEARCH("""
            WITH found AS MATERIALIZED (SELECT conversation, seq FROM agent_text
              WHERE words @> ?::text[] AND tenant = ? AND conversation < ?)
            SELECT DISTINCT ON (conversation) conversation, seq FROM found
            ORDER BY conversation DESC, seq DESC LIMIT ?"""),

    /** Which of these conversations were sealed before a time. */
    SEALED("""
            SELECT c.id FROM unnest(?::uuid[]) WITH ORDINALITY AS c (id, nr)
            WHERE (SELECT e.kind = 'sealed' AND e.at < to_timestamp(?::bigint / 1000.0) FROM agent_entry e
              WHERE e.tenant = ? AND e.conversation = c.id ORDER BY e.seq DESC LIMIT 1)
            ORDER BY c.nr"""),

    /** A page of the conversations that have entries, found from one to the next without reading those between. */
    HOLDERS("""
            WITH RECURSIVE c (id) AS (
              (SELECT conversation FROM agent_entry WHERE tenant = ? AND conversation > ? ORDER BY conversation LIMIT 1)
              UNION ALL SELECT (SELECT e.conversation FROM agent_entry e
                WHERE e.tenant = ? AND e.conversation > c.id ORDER BY e.conversation LIMIT 1)
              FROM c WHERE c.id IS NOT NULL)
            SELECT id FROM (SELECT id FROM c LIMIT ?) AS page WHERE id IS NOT NULL"""),

    /** Which of these conversations there are. */
    THERE("SELECT conversation FROM agent_conversation WHERE tenant = ? AND conversation = ANY (?::uuid[])"),

    /** Tells that a process lives. */
    REGISTER("""
            INSERT INTO agent_node (node) VALUES (?)
            ON CONFLICT (node) DO UPDATE SET beat = agent_node.beat + 1, seen = clock_timestamp()"""),

    /** A page of the processes. */
    NODES("SELECT node FROM agent_node WHERE node > ? ORDER BY node LIMIT ?"),

    /** Removes those of these processes that were not seen for a week. */
    FORGET("""
            DELETE FROM agent_node
            WHERE node = ANY (?::text[]) AND seen < clock_timestamp() - interval '7 days'"""),

    /** Tells that it still does; writes no index. */
    BEAT("UPDATE agent_node SET beat = beat + 1, seen = clock_timestamp() WHERE node = ?"),

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
