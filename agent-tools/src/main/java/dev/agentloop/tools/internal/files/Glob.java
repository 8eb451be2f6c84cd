package dev.agentloop.tools.internal.files;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A compiled wildcard pattern with git's rules ({@code gitignore} and {@code wildmatch}): {@code *} and {@code ?} stop
 * at a slash, {@code **} between slashes does not, {@code [a-z]}, {@code [!a]} and {@code [[:digit:]]} are sets, a
 * backslash takes the next character as it is.
 *
 * <p>Matching follows all possibilities at once, so it takes at most (pattern length × name length) steps whatever the
 * pattern. Unlike git, which compares bytes, {@code ?} is one character. Immutable.
 */
final class Glob {
    /**
     * One piece of the pattern.
     *
     * @param accepts the characters it takes
     * @param repeats whether it takes any number of them rather than one
     * @param skip how many pieces may be left out in its stead; 0 if none
     */
    private record Piece(IntPredicate accepts, boolean repeats, int skip) {}

    private final List<Piece> pieces;
    private final boolean impossible;

    private Glob(List<Piece> pieces, boolean impossible) {
        this.pieces = List.copyOf(pieces);
        this.impossible = impossible;
    }

    /**
     * Compiles a pattern. One that can match nothing, such as an open bracket, compiles to just that.
     *
     * @param literal how many characters at its beginning hold no wildcard; git takes what follows for the beginning
     *     of a pattern when it decides whether {@code **} stands between slashes
     */
    static Glob of(String pattern, int literal) {
        Compiler compiler = new Compiler(pattern, literal);
        boolean possible = compiler.compile();
        return new Glob(compiler.pieces, !possible);
    }

    private static boolean noSlash(int c) {
        return c != '/';
    }

    private static boolean anything(int c) {
        return true;
    }

    /** Whether the whole name matches. */
    boolean matches(String name) {
        if (impossible) {
            return false;
        }
        boolean[] active = new boolean[pieces.size() + 1];
        boolean[] next = new boolean[pieces.size() + 1];
        activate(active, 0);
        for (int i = 0; i < name.length(); i += Character.charCount(name.codePointAt(i))) {
            int c = name.codePointAt(i);
            Arrays.fill(next, false);
            boolean any = false;
            for (int p = 0; p < pieces.size(); p++) {
                Piece piece = pieces.get(p);
                if (active[p] && piece.skip == 0 && piece.accepts.test(c)) {
                    activate(next, piece.repeats ? p : p + 1);
                    any = true;
                }
            }
            if (!any) {
                return false;
            }
            boolean[] spare = active;
            active = next;
            next = spare;
        }
        return active[pieces.size()];
    }

    /** Marks a piece as one that may take the next character, and those that can be reached without a character. */
    private void activate(boolean[] states, int from) {
        int p = from;
        while (!states[p]) {
            states[p] = true;
            if (p == pieces.size()) {
                return;
            }
            Piece piece = pieces.get(p);
            if (piece.skip > 0) {
                activate(states, p + 1 + piece.skip);
                p++;
            } else if (piece.repeats) {
                p++;
            } else {
                return;
            }
        }
    }

    private static final class Compiler {
        private final String pattern;
        private final int literal;
        private final List<Piece> pieces = new ArrayList<>();
        private int at;

        Compiler(String pattern, int literal) {
            this.pattern = pattern;
            this.literal = literal;
        }

        boolean compile() {
            while (at < pattern.length()) {
                int c = pattern.codePointAt(at);
                if (at < literal) {
                    one(c);
                } else if (c == '*') {
                    stars();
                } else if (c == '?') {
                    pieces.add(new Piece(Glob::noSlash, false, 0));
                    at++;
                } else if (c == '[') {
                    BracketExpression set = BracketExpression.parse(pattern, at);
                    if (set == null) {
                        return false;
                    }
                    pieces.add(new Piece(x -> x != '/' && set.contains(x), false, 0));
                    at = set.end();
                } else if (c == '\\' && ++at == pattern.length()) {
                    return false;
                } else {
                    one(pattern.codePointAt(at));
                }
            }
            return true;
        }

        private void one(int c) {
            pieces.add(new Piece(x -> x == c, false, 0));
            at += Character.charCount(c);
        }

        private void stars() {
            int start = at;
            while (at < pattern.length() && pattern.charAt(at) == '*') {
                at++;
            }
            boolean opens = start == literal || pattern.charAt(start - 1) == '/';
            boolean slash = pattern.startsWith("/", at);
            boolean closes = at == pattern.length() || slash || pattern.startsWith("\\/", at);
            boolean deep = at - start > 1 && opens && closes;
            if (deep && slash) {
                // "**/" may stand for nothing at all: leave out this piece and the slash.
                pieces.add(new Piece(Glob::anything, false, 2));
            }
            pieces.add(new Piece(deep ? Glob::anything : Glob::noSlash, true, 0));
        }
    }
}
