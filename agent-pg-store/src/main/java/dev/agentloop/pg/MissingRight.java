package dev.agentloop.pg;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The server refused a statement because the database user lacks a right. The server names the table only; what the
 * statement needs, and which of the documented roles has it, is said here.
 */
final class MissingRight extends SQLException {
    private static final String STATE = "42501";
    private static final long serialVersionUID = 1;

    private static final Pattern CHANGE =
            Pattern.compile("(INSERT) INTO (agent_\\w+)|(DELETE) FROM (agent_\\w+)|(UPDATE) (agent_\\w+)");
    private static final Pattern READ = Pattern.compile("FROM (agent_\\w+)");
    private static final Pattern LOCK = Pattern.compile("FROM (agent_\\w+)[^()]* FOR (KEY SHARE|UPDATE)");
    private static final Pattern UPSERT =
            Pattern.compile("INSERT INTO (agent_\\w+)(?s:.*)ON CONFLICT[^)]*\\) DO (UPDATE|NOTHING)");

    /** Rights that only the role has which takes away. */
    private static final Pattern ERASING =
            Pattern.compile("DELETE on agent_(entry|conversation|activity|text)|UPDATE on agent_entry");

    private final String advice;

    private MissingRight(String message, String advice, SQLException refusal) {
        super(message, STATE);
        this.advice = advice;
        addSuppressed(refusal);
    }

    /** The same failure, or one that says more. */
    static SQLException orOther(Sql sql, SQLException e) {
        String needs = needs(sql);
        if (!STATE.equals(e.getSQLState()) || needs.isEmpty()) {
            return e;
        }
        ServerErrorMessage said = e instanceof PSQLException refusal ? refusal.getServerErrorMessage() : null;
        return new MissingRight(
                String.valueOf(said == null ? e.getMessage() : said.getMessage()),
                "the statement " + sql.name().toLowerCase(Locale.ROOT) + " needs " + needs
                        + ": give the database user these rights, or the role " + role(sql)
                        + " of docs/postgres.md, which has them",
                e);
    }

    /** What to do about it. */
    String advice() {
        return advice;
    }

    /** The rights of a statement, by table. */
    static Map<String, Set<String>> rights(Sql sql) {
        String text = sql == Sql.APPEND_ONE_POOLED ? Sql.APPEND_ONE.text() : sql.text();
        Map<String, Set<String>> rights = new LinkedHashMap<>();
        Matcher change = CHANGE.matcher(text);
        while (change.find()) {
            int verb = change.group(1) != null ? 1 : change.group(3) != null ? 3 : 5;
            add(rights, change.group(verb + 1), change.group(verb));
            if (verb != 1) {
                add(rights, change.group(verb + 1), "SELECT");
            }
        }
        Matcher upsert = UPSERT.matcher(text);
        while (upsert.find()) {
            add(rights, upsert.group(1), "SELECT");
            add(rights, upsert.group(1), upsert.group(2).equals("UPDATE") ? "UPDATE" : "SELECT");
        }
        READ.matcher(text).results().forEach(read -> add(rights, read.group(1), "SELECT"));
        LOCK.matcher(text).results().forEach(lock -> add(rights, lock.group(1), "UPDATE"));
        return rights;
    }

    private static void add(Map<String, Set<String>> rights, String table, String right) {
        rights.computeIfAbsent(table, none -> new TreeSet<>()).add(right);
    }

    private static String needs(Sql sql) {
        return rights(sql).entrySet().stream()
                .map(right -> String.join(", ", right.getValue()) + " on " + right.getKey())
                .collect(Collectors.joining(" and "));
    }

    /** The least of the documented roles that may send a statement. */
    static String role(Sql sql) {
        List<String> single = new ArrayList<>();
        rights(sql).forEach((table, rights) -> rights.forEach(right -> single.add(right + " on " + table)));
        if (sql == Sql.CLAIM
                || single.stream().anyMatch(right -> ERASING.matcher(right).matches())) {
            return "agent_erase";
        }
        if (single.contains("INSERT on agent_inbox")) {
            return "agent_decide";
        }
        return single.stream().allMatch(right -> right.startsWith("SELECT")) ? "agent_read" : "agent_run";
    }
}
