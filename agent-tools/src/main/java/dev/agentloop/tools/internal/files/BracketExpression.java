package dev.agentloop.tools.internal.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** A set of characters in a wildcard pattern, such as {@code [a-z_]} or {@code [![:space:]]}. Immutable. */
final class BracketExpression {
    private static final Map<String, IntPredicate> CLASSES = Map.ofEntries(
            Map.entry("alnum", c -> isLetter(c) || isDigit(c)),
            Map.entry("alpha", BracketExpression::isLetter),
            Map.entry("blank", c -> c == ' ' || c == '\t'),
            Map.entry("cntrl", c -> c < ' ' || c == 0x7F),
            Map.entry("digit", BracketExpression::isDigit),
            Map.entry("graph", c -> c > ' ' && c < 0x7F),
            Map.entry("lower", c -> c >= 'a' && c <= 'z'),
            Map.entry("print", c -> c >= ' ' && c < 0x7F),
            Map.entry("punct", c -> c > ' ' && c < 0x7F && !isLetter(c) && !isDigit(c)),
            Map.entry("space", c -> c == ' ' || (c >= '\t' && c <= '\r')),
            Map.entry("upper", c -> c >= 'A' && c <= 'Z'),
            Map.entry("xdigit", c -> isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));

    private final List<IntPredicate> members;
    private final boolean negated;
    private final int end;

    private BracketExpression(List<IntPredicate> members, boolean negated, int end) {
        this.members = members;
        this.negated = negated;
        this.end = end;
    }

    /** Reads the expression that begins at an opening bracket; null if it is not closed or names an unknown class. */
    static @Nullable BracketExpression parse(String pattern, int start) {
        return new Parser(pattern, start + 1).parse();
    }

    boolean contains(int c) {
        return members.stream().anyMatch(member -> member.test(c)) != negated;
    }

    /** The index after the closing bracket. */
    int end() {
        return end;
    }

    private static boolean isLetter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static final class Parser {
        private static final int NONE = -1;

        private final String pattern;
        private final List<IntPredicate> members = new ArrayList<>();
        private int at;

        Parser(String pattern, int at) {
            this.pattern = pattern;
            this.at = at;
        }

        @Nullable
        BracketExpression parse() {
            boolean negated = peek('!') || peek('^');
            if (negated) {
                at++;
            }
            int previous = NONE;
            // A closing bracket in the first place is an ordinary character.
            for (boolean first = true; first || !peek(']'); first = false) {
                if (at >= pattern.length()) {
                    return null;
                }
                if (pattern.startsWith("[:", at) && classEnd() > 0) {
                    if (!namedClass()) {
                        return null;
                    }
                    previous = NONE;
                } else if (peek('-')
                        && previous != NONE
                        && at + 1 < pattern.length()
                        && pattern.charAt(at + 1) != ']') {
                    at++;
                    int to = character();
                    int from = previous;
                    members.add(c -> c >= from && c <= to);
                    previous = NONE;
                } else {
                    int single = character();
                    members.add(c -> c == single);
                    previous = single;
                }
            }
            return new BracketExpression(List.copyOf(members), negated, at + 1);
        }

        private boolean peek(char c) {
            return at < pattern.length() && pattern.charAt(at) == c;
        }

        /** Takes one character, escaped or not; a backslash at the end of the pattern stands for nothing. */
        private int character() {
            if (peek('\\')) {
                at++;
            }
            if (at >= pattern.length()) {
                return NONE;
            }
            int c = pattern.codePointAt(at);
            at += Character.charCount(c);
            return c;
        }

        /** Where the class name that begins here is closed by {@code :]}; 0 if it is not. */
        private int classEnd() {
            int close = pattern.indexOf(']', at + 2);
            return close > at + 2 && pattern.charAt(close - 1) == ':' ? close : 0;
        }

        private boolean namedClass() {
            int close = classEnd();
            IntPredicate named = CLASSES.get(pattern.substring(at + 2, close - 1));
            if (named == null) {
                return false;
            }
            members.add(named);
            at = close + 1;
            return true;
        }
    }
}
