package dev.agentloop.tools;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which variables of an environment hold secrets: by their name, by the look of their value, or because the value is
 * that of another one that does.
 *
 * <p>In doubt a variable is one. Immutable and thread-safe.
 */
final class SecretVariables {
    /** A secret of fewer characters than this is no mark of its copies: a port has the same digits as many a PIN. */
    private static final int SHORTEST_COPIED = 6;

    /** From this length on a value that has a secret in it is taken for a copy; shorter ones are common words. */
    private static final int SHORTEST_EMBEDDED = 12;

    /** A change from lower to upper case begins a word, as {@code _} does. */
    private static final Pattern WORD_BEGINS = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+");

    /** Words with a telling one in them that tell nothing. */
    private static final Pattern HARMLESS = Pattern.compile("(?<=_)(?:KEYBOARDS?|KEYMAPS?|KEYCODES?|KEYNOTES?"
            + "|KEYWORDS?|KEYCLOAK|VALKEY|HOTKEYS?|MONKEYS?|DONKEYS?|TURKEYS?|HOCKEY|JOCKEYS?|WHISKEY"
            + "|TOKENIZERS?|TOKENIZE|TOKENIZATION|X?AUTHORITY|AUTHORITIES|AUTHOR(?:S|ED|ING|SHIP)?"
            + "|ASKPASS|(?:BY|COM|ENCOM|OVER|SUR|TRES|UNDER)PASS)(?=_)");

    private static final Pattern TELLING = Pattern.compile("SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIAL"
            + "|_CREDS?_|BEARER|COOKIE|WEBHOOK|JWT|TOKEN|KEY|AUTH|MNEMONIC|PASS_|PWD?_|DSN_|_PIN(?:S|CODE)?_"
            + "|_(?:GH|GITHUB|GITLAB|ADO)?PATS?_|_T?OTP_|CONN\\w*?STR(?:ING)?S?_");

    /** Names that only sound like it; that of the agent's socket is not the key. */
    private static final Set<String> KNOWN_HARMLESS = Set.of("SSH_AUTH_SOCK");

    /** What is never taken for a secret: nothing runs without these, whatever bad password somebody chose. */
    private static final Set<String> NEEDED = Set.of(
            "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "SYSTEMROOT", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER");

    /** Addresses; the group is the password. */
    private static final List<Pattern> ADDRESSES = List.of(
            Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://[^/\\s@:]*:([^/\\s@]+)@"),
            // A password may hold a slash, but in http://proxy:3128/a@b the first part is a port.
            Pattern.compile("(?!(?:https?|wss?)://[^/\\s@:]*:[0-9]{1,5}/)"
                    + "(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^/\\s@:]*:([^\\s@]+)@"));

    private static final List<Pattern> LOOKS = List.of(
            Pattern.compile("(?i)(?:pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|account|private)[_-]?key)"
                    + "(?:[\"']?\\s*=|[\"']\\s*:)\\s*[^\\s;&]"),
            Pattern.compile("(?i)\\bauthorization\\s*[:=]\\s*\\S"),
            Pattern.compile("\\b(?:[Bb]earer|[Bb]asic)\\s+(?=\\S*[A-Z0-9])[\\w.~+/=-]{8,}"),
            Pattern.compile(
                    "(?<![A-Za-z0-9])(?:sk-(?=[\\w-]*[A-Z0-9])[\\w-]{6,}|[rsp]k_(?:live|test)_\\w{6,}|gh[pousr]_\\w{6,}"
                            + "|github_pat_\\w{6,}|glpat-[\\w-]{6,}|xox[abeprs]-[\\w-]{6,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
                            + "|AIza[\\w-]{20,}|ya29\\.[\\w-]{8,}|eyJ[\\w-]{8,}|npm_\\w{20,}|hf_\\w{16,}|SG\\.[\\w-]{16,}"
                            + "|pypi-[\\w-]{16,}|dop_v1_\\w{16,}|AGE-SECRET-KEY-)"),
            Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY"),
            Pattern.compile("://[0-9a-f]{32}@|hooks\\.slack\\.com/|discord(?:app)?\\.com/api/webhooks/"));

    private final Set<String> copied = new HashSet<>();
    private final Set<String> embedded = new HashSet<>();

    /**
     * @param environment all variables
     * @param kept the names of those that are to be kept even so; what they hold is no secret
     * @param given secrets that the host knows of
     */
    SecretVariables(Map<String, String> environment, Predicate<String> kept, List<String> given) {
        environment.forEach((name, value) -> {
            if (kept.test(name) || GitSettings.isOne(name)) {
                return;
            }
            if (isSecretName(name)) {
                remember(value);
            }
            for (Pattern address : ADDRESSES) {
                Matcher matcher = address.matcher(value);
                while (matcher.find()) {
                    remember(matcher.group(1));
                }
            }
        });
        given.stream().filter(value -> !value.isBlank()).forEach(value -> {
            copied.add(value);
            if (value.length() >= SHORTEST_COPIED) {
                embedded.add(value);
            }
        });
    }

    private void remember(String secret) {
        if (secret.length() >= SHORTEST_COPIED && !isFile(secret)) {
            copied.add(secret);
            if (secret.length() >= SHORTEST_EMBEDDED) {
                embedded.add(secret);
            }
        }
    }

    /** Whether a variable is one that commands must not see. */
    boolean contain(String name, String value) {
        return isSecretName(name) || holds(name, value);
    }

    /** Whether {@code value} looks secret or is known to be, whatever the name. */
    boolean holds(String name, String value) {
        return !NEEDED.contains(name.toUpperCase(Locale.ROOT))
                && (looksSecret(value)
                        || copied.contains(value)
                        || embedded.stream().anyMatch(value::contains));
    }

    /** Whether a variable of this name is taken for a secret. */
    static boolean isSecretName(String name) {
        String words = WORD_BEGINS.matcher(name).replaceAll("_").toUpperCase(Locale.ROOT);
        return !KNOWN_HARMLESS.contains(words)
                && TELLING.matcher(HARMLESS.matcher("_" + words + "_").replaceAll(""))
                        .find();
    }

    private static boolean looksSecret(String value) {
        return ADDRESSES.stream().anyMatch(address -> address.matcher(value).find())
                || LOOKS.stream().anyMatch(look -> look.matcher(value).find());
    }

    /** A variable may name the file that a secret is in; others name it, too. */
    private static boolean isFile(String value) {
        try {
            return Path.of(value).isAbsolute() && Files.exists(Path.of(value));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
