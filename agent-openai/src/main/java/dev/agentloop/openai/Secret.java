package dev.agentloop.openai;

import java.util.regex.Pattern;

/** The credential of one request, and the way to keep it out of texts. Immutable. */
final class Secret {
    /** A request without a credential. */
    static final Secret NONE = new Secret("");

    private static final String MASK = "***";
    private static final int RARE_IN_TEXT = 8;

    /** What has the form of a key or a token, whoever's it is. */
    private static final Pattern CREDENTIALS = Pattern.compile(
            "\\bsk-[\\w*-]{4,}|(?i:\\bbearer)\\s+[\\w.~+/=*-]{8,}|\\beyJ[\\w-]{8,}\\.[\\w-]+(?:\\.[\\w-]+)?");

    private final String key;

    private Secret(String key) {
        this.key = key;
    }

    /**
     * The secret with this key, white space around it removed.
     *
     * @throws IllegalArgumentException if a header cannot hold it; the message does not show it
     */
    static Secret of(String key) {
        String stripped = key.strip();
        for (int i = 0; i < stripped.length(); i++) {
            char c = stripped.charAt(i);
            if (c <= ' ' || c > '~') {
                throw new IllegalArgumentException("character " + (i + 1) + " of " + stripped.length()
                        + " in the key cannot stand in a header; check where the key comes from");
            }
        }
        return stripped.isEmpty() ? NONE : new Secret(stripped);
    }

    boolean isEmpty() {
        return key.isEmpty();
    }

    /** The key itself, for the request's header only. */
    String key() {
        return key;
    }

    /** The text with this key, and whatever else looks like a credential, masked. */
    String masked(String text) {
        return CREDENTIALS.matcher(withoutKey(text)).replaceAll(MASK);
    }

    private String withoutKey(String text) {
        if (key.length() >= RARE_IN_TEXT) {
            return text.replace(key, MASK);
        }
        // A short key such as "local" may be part of an ordinary word.
        return key.isEmpty() ? text : text.replaceAll("(?<!\\w)" + Pattern.quote(key) + "(?!\\w)", MASK);
    }

    @Override
    public String toString() {
        return MASK;
    }
}
