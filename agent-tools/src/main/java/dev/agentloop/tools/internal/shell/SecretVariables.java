package dev.agentloop.tools.internal.shell;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which variables of an environment hold secrets: by their name ({@link SecretNames}), by the look of their
 * value ({@link SecretValues}), or because the value is that of another one that does.
 *
 * <p>In doubt a variable is one. Immutable and thread-safe.
 */
final class SecretVariables {
    /** A secret of fewer characters than this is no mark of its copies: a port has the same digits as many a PIN. */
    private static final int SHORTEST_COPIED = 6;

    /** From this length on a value that has a secret in it is taken for a copy; shorter ones are common words. */
    private static final int SHORTEST_EMBEDDED = 12;

    /** What is never taken for a secret: nothing runs without these, whatever bad password somebody chose. */
    private static final Set<String> NEEDED = Set.of(
            "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "SYSTEMROOT", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER");

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
            if (SecretNames.tell(name, value)) {
                remember(value);
            }
            SecretValues.passwords(value).forEach(this::remember);
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
        return SecretNames.tell(name, value) || holds(name, value);
    }

    /** Whether {@code value} looks secret or is known to be, whatever the name. */
    boolean holds(String name, String value) {
        return !NEEDED.contains(name.toUpperCase(Locale.ROOT))
                && (SecretValues.looksSecret(value)
                        || copied.contains(value)
                        || embedded.stream().anyMatch(value::contains));
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
