package dev.agentloop.pg;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Judges the rows of a log by what the library promises, and by what its processes have said. Shares no code with the
 * library: the chain is computed as the documentation of an entry says.
 */
final class FightChecker {
    private static final Pattern OWNER = Pattern.compile("\"owner\":\"([^\"]*)\"");
    private static final Pattern CALL_ID = Pattern.compile("\"call_id\":\"([^\"]*)\"");
    private static final List<String> ONCE = List.of("item.user", "item.model", "item.output", "item.output.error");

    private final List<FightRow> rows;
    private final FightAccounts accounts;
    private final List<String> violations = new ArrayList<>();
    private final Map<String, FightRow> calls = new HashMap<>();
    private final Map<String, FightRow> outputs = new HashMap<>();

    private FightChecker(List<FightRow> rows, FightAccounts accounts) {
        this.rows = rows;
        this.accounts = accounts;
    }

    /** What is wrong; each begins with the name of the rule. */
    static List<String> violations(List<FightRow> rows, FightAccounts accounts) {
        FightChecker checker = new FightChecker(rows, accounts);
        checker.checkChain();
        checker.checkTurns();
        checker.checkAcknowledged();
        checker.checkItems();
        checker.checkKept();
        checker.checkEffects();
        accounts.unexpected().forEach(line -> checker.violations.add("unexpected: " + line));
        return checker.violations;
    }

    /** The owner that the payload of the begin of a turn names. */
    static String owner(FightRow begun) {
        return first(OWNER, begun);
    }

    private static String first(Pattern pattern, FightRow row) {
        Matcher matcher = pattern.matcher(text(row));
        return matcher.find() ? matcher.group(1) : "";
    }

    private static String text(FightRow row) {
        return new String(row.payload(), StandardCharsets.UTF_8);
    }

    private static String hash(FightRow row) {
        return HexFormat.of().formatHex(row.chain());
    }

    private void broken(String rule, FightRow row, String what) {
        violations.add(rule + ": entry " + row.seq() + " (" + row.kind() + ") " + what);
    }

    private void checkChain() {
        long version = 0;
        long base = 0;
        String before = "";
        for (FightRow row : rows) {
            version++;
            if (row.seq() != version) {
                broken("gap", row, "stands where " + version + " should");
                version = row.seq();
            }
            base = row.kind().equals("epoch.window") ? row.seq() : base;
            if (row.base() != base) {
                broken("base", row, "has base " + row.base() + ", and the newest restatement is " + base);
            }
            if (!Arrays.equals(row.digest(), sha256(row.salt(), row.payload()))) {
                broken("payload", row, "has not the payload of its digest");
            }
            if (!Arrays.equals(row.chain(), chain(before, row))) {
                broken("chain", row, "does not follow from the one before");
            }
            before = hash(row);
        }
    }

    private static byte[] chain(String before, FightRow row) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(before.getBytes(StandardCharsets.US_ASCII));
            out.writeLong(row.seq());
            out.writeLong(row.turn());
            out.writeLong(row.base());
            out.write(row.kind().getBytes(StandardCharsets.UTF_8));
            out.write(row.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sha256(bytes.toByteArray());
    }

    private static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Between the begin of a turn and its end, or the begin of the next, all is written by whoever began it. */
    private void checkTurns() {
        long turn = 0;
        String owner = "";
        for (FightRow row : rows) {
            String writer = accounts.writers().get(hash(row));
            if (writer == null) {
                broken("writer", row, "was written by nobody");
                continue;
            }
            if (row.kind().equals("turn.begun")) {
                turn = row.seq();
                owner = writer;
                if (!owner(row).startsWith(accounts.processes().getOrDefault(writer, "?") + "/")) {
                    broken("turn", row, "names " + owner(row) + " as its owner, but is of " + writer);
                }
            }
            if (row.turn() != turn) {
                broken("turn", row, "is of turn " + row.turn() + ", but stands in turn " + turn);
            }
            if (turn != 0 && !writer.equals(owner)) {
                broken("turn", row, "is of " + writer + ", but stands in the turn of " + owner);
            }
            turn = row.kind().equals("turn.ended") ? 0 : turn;
        }
    }

    private void checkAcknowledged() {
        Map<Long, String> there = new HashMap<>();
        rows.forEach(row -> there.put(row.seq(), hash(row)));
        for (FightAccounts.Acknowledged append : accounts.acknowledged()) {
            if (!append.hash().equals(there.get(append.version()))) {
                violations.add(
                        "lost: the append that was acknowledged at version " + append.version() + " is not in the log");
            }
        }
    }

    private void checkItems() {
        Map<String, FightRow> seen = new HashMap<>();
        for (FightRow row : rows) {
            if (!ONCE.contains(row.kind())) {
                continue;
            }
            FightRow twin = seen.put(text(row), row);
            if (twin != null) {
                broken("twice", row, "says what entry " + twin.seq() + " says");
            }
            String call = first(CALL_ID, row);
            boolean isOutput = row.kind().startsWith("item.output");
            FightRow other = call.isEmpty() ? null : (isOutput ? outputs : calls).put(call, row);
            if (other != null) {
                broken("twice", row, "is about call " + call + ", as is entry " + other.seq());
            }
            if (isOutput && !calls.containsKey(call)) {
                broken("pair", row, "answers call " + call + ", which was not made");
            }
        }
    }

    private void checkKept() {
        Map<String, Integer> said = new TreeMap<>();
        rows.stream()
                .filter(row -> row.kind().equals("item.user"))
                .forEach(row -> accounts.kept().stream()
                        .filter(text -> text(row).contains("\"" + text + "\""))
                        .forEach(text -> said.merge(text, 1, Integer::sum)));
        for (String text : accounts.kept()) {
            int times = said.getOrDefault(text, 0);
            if (times != 1) {
                violations.add("input: \"" + text + "\" is " + times + " times in the log");
            }
        }
    }

    /** An effect that the model was told of was had once; any other at most once. */
    private void checkEffects() {
        Map<String, Integer> had = new TreeMap<>();
        accounts.effects().forEach(call -> had.merge(call, 1, Integer::sum));
        had.forEach((call, times) -> {
            if (times > 1) {
                violations.add("effect: call " + call + " had its effect " + times + " times");
            }
        });
        outputs.forEach((call, row) -> {
            if (text(row).contains("did " + call) && !had.containsKey(call)) {
                broken("effect", row, "tells of an effect that call " + call + " did not have");
            }
        });
    }
}
