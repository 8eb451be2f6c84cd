package dev.agentloop.internal;

import com.fasterxml.jackson.core.JsonToken;
import java.util.BitSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/*
 * Why not Jackson's parser, which reads everything else: to say where a value lies it makes an object for each place that
 * is asked for, beside the parser itself, and an item is looked into several times on its way. This only has to find ends.
 * A test holds the two to the same verdict and the same places.
 */
/**
 * Steps over JSON values in the bytes that they came in, and checks them on the way by RFC 8259.
 *
 * <p>Each method but {@link #next} throws {@link IllegalArgumentException} where the bytes are not JSON. Not thread-safe.
 */
final class JsonScan {
    /** Names that were read before: the same few dozen are in every item. */
    private static final @Nullable String[] NAMES = new String[1024];

    private static final int LONGEST_KNOWN = 32;

    private final byte[] bytes;
    private final int to;
    private int at;

    JsonScan(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.to = to;
        this.at = from;
    }

    /** Steps over white space, and tells the offset behind it. */
    int next() {
        while (at < to && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
            at++;
        }
        return at;
    }

    /** Whether nothing but white space is left. */
    boolean ended() {
        return next() == to;
    }

    /** The offset behind what was stepped over last. */
    int at() {
        return at;
    }

    /** Steps over {@code expected} if that comes next. */
    boolean take(char expected) {
        boolean there = next() < to && bytes[at] == expected;
        at += there ? 1 : 0;
        return there;
    }

    /** Steps over a comma, or over the end of an object or array; true where another element must follow. */
    boolean comma(char end) {
        boolean more = take(',');
        if (!more && !take(end)) {
            throw expected("a comma or " + end);
        }
        return more;
    }

    /** Steps over a name and its colon. */
    String name() {
        int start = next() + 1;
        int end = passName();
        return text(start, end);
    }

    /** Steps over a name and its colon, and tells where the name ends. */
    private int passName() {
        if (next() == to || bytes[at] != '"') {
            throw expected("a name in quotes");
        }
        string();
        int end = at - 1;
        if (!take(':')) {
            throw expected("a colon");
        }
        return end;
    }

    private String text(int start, int end) {
        if (end - start > LONGEST_KNOWN) {
            return Json.unquote(bytes, start - 1, end + 1);
        }
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + bytes[i];
        }
        int slot = (hash ^ hash >>> 8) & NAMES.length - 1;
        String known = NAMES[slot];
        if (known == null || !isAt(start, end, known)) {
            known = Json.unquote(bytes, start - 1, end + 1);
            NAMES[slot] = known;
        }
        return known;
    }

    private boolean isAt(int start, int end, String text) {
        boolean same = text.length() == end - start;
        for (int i = 0; same && i < text.length(); i++) {
            same = text.charAt(i) == bytes[start + i];
        }
        return same;
    }

    /** Steps over one value, whatever is in it, and tells its kind by its first token. */
    JsonToken value() {
        if (next() == to) {
            throw expected("a value");
        }
        return switch (bytes[at]) {
            case '{', '[' -> nested();
            case '"' -> string();
            case 't' -> literal("true", JsonToken.VALUE_TRUE);
            case 'f' -> literal("false", JsonToken.VALUE_FALSE);
            case 'n' -> literal("null", JsonToken.VALUE_NULL);
            default -> number();
        };
    }

    // Not by recursion: nothing bounds how deep values nest.
    private JsonToken nested() {
        JsonToken token = bytes[at] == '{' ? JsonToken.START_OBJECT : JsonToken.START_ARRAY;
        BitSet objects = new BitSet();
        int depth = 0;
        do {
            if (next() < to && (bytes[at] == '{' || bytes[at] == '[')) {
                objects.set(depth++, bytes[at++] == '{');
                if (!take(end(objects, depth))) {
                    passName(objects, depth);
                    continue;
                }
                depth--;
            } else {
                value();
            }
            while (depth > 0 && !comma(end(objects, depth))) {
                depth--;
            }
            passName(objects, depth);
        } while (depth > 0);
        return token;
    }

    private static char end(BitSet objects, int depth) {
        return objects.get(depth - 1) ? '}' : ']';
    }

    private void passName(BitSet objects, int depth) {
        if (depth > 0 && objects.get(depth - 1)) {
            int unused = passName();
        }
    }

    private JsonToken string() {
        at++;
        while (passPlain() < to && bytes[at] != '"') {
            int b = bytes[at++] & 0xff;
            if (b == '\\') {
                escape();
            } else if (b >= 0x80) {
                continuation(b);
            } else {
                at--;
                throw expected("the rest of a string");
            }
        }
        if (at >= to) {
            at = to;
            throw expected("the end of a string");
        }
        at++;
        return JsonToken.VALUE_STRING;
    }

    // Most of all that is ever read, so it is kept tight: bytes from 0x80 on are negative.
    private int passPlain() {
        byte[] all = bytes;
        int i = at;
        while (i < to && all[i] >= ' ' && all[i] != '"' && all[i] != '\\') {
            i++;
        }
        at = i;
        return i;
    }

    private void escape() {
        int digits = at < to && bytes[at] == 'u' ? 4 : 0;
        if (at == to || "\"\\/bfnrtu".indexOf(bytes[at]) < 0) {
            throw expected("an escape");
        }
        at++;
        for (int i = 0; i < digits; i++, at++) {
            if (at == to || Character.digit(bytes[at], 16) < 0) {
                throw expected("four hexadecimal digits");
            }
        }
    }

    private void continuation(int first) {
        int count = first >= 0xf8 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        if (count == 0) {
            at--;
            throw expected("UTF-8");
        }
        for (int i = 0; i < count; i++, at++) {
            if (at == to || (bytes[at] & 0xc0) != 0x80) {
                throw expected("UTF-8");
            }
        }
    }

    private JsonToken literal(String text, JsonToken token) {
        int end = at + text.length();
        if (end > to || !isAt(at, end, text)) {
            throw expected(text);
        }
        at = end;
        return token;
    }

    private JsonToken number() {
        if (bytes[at] == '-') {
            at++;
        }
        if (at < to && bytes[at] == '0') {
            at++;
        } else {
            digits("a value");
        }
        JsonToken token = JsonToken.VALUE_NUMBER_INT;
        if (at < to && bytes[at] == '.') {
            at++;
            digits("a digit");
            token = JsonToken.VALUE_NUMBER_FLOAT;
        }
        if (at < to && (bytes[at] == 'e' || bytes[at] == 'E')) {
            at++;
            at += at < to && (bytes[at] == '+' || bytes[at] == '-') ? 1 : 0;
            digits("a digit");
            token = JsonToken.VALUE_NUMBER_FLOAT;
        }
        return token;
    }

    private void digits(String what) {
        int start = at;
        while (at < to && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
        if (at == start) {
            throw expected(what);
        }
    }

    /** What is wrong at this place. */
    IllegalArgumentException expected(String what) {
        String found = at >= to
                ? "the end"
                : bytes[at] > ' ' && bytes[at] < 0x7f
                        ? String.valueOf((char) bytes[at])
                        : String.format(Locale.ROOT, "byte 0x%02x", bytes[at]);
        return new IllegalArgumentException("not JSON: expected " + what + " at byte " + at + " but found " + found);
    }
}
