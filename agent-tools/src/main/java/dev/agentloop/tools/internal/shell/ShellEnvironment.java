package dev.agentloop.tools.internal.shell;

import dev.agentloop.internal.PathText;
import dev.agentloop.internal.ProcessTree;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The environment of a command: the host's, less what looks secret, plus what makes programs behave without a terminal.
 *
 * <p>Immutable and thread-safe.
 *
 * @param allowed patterns of names, with {@code *} for any text, that alone are taken from the host; empty for all
 * @param removed patterns of names to remove besides those that {@link SecretVariables} finds
 * @param kept patterns of names to keep whatever the others say
 * @param secrets texts to hide wherever they stand
 * @param added variables to set as they are
 */
public record ShellEnvironment(
        List<String> allowed,
        List<String> removed,
        List<String> kept,
        List<String> secrets,
        Map<String, String> added) {

    /**
     * Names that make a shell or a program do what its command line does not say: run start-up files or functions, look
     * for folders elsewhere, take options from a file. {@code CommandSafety} relies on their absence.
     */
    private static final List<String> MEDDLING = List.of(
            "BASH_ENV",
            "BASH_FUNC_*",
            "BASHOPTS",
            "CDPATH",
            "ENV",
            "GREP_OPTIONS",
            "OLDPWD",
            "PWD",
            "RIPGREP_CONFIG_PATH",
            "SHELLOPTS");

    // Every name of the environment is held against every pattern.
    private static final Map<String, Pattern> COMPILED = new ConcurrentHashMap<>();

    private static final String UTF_8_LOCALE =
            System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac") ? "en_US.UTF-8" : "C.UTF-8";

    private static final Map<String, String> WITHOUT_TERMINAL = Map.ofEntries(
            Map.entry("PAGER", "cat"),
            Map.entry("GIT_PAGER", "cat"),
            Map.entry("GH_PAGER", "cat"),
            Map.entry("MANPAGER", "cat"),
            Map.entry("GIT_TERMINAL_PROMPT", "0"),
            Map.entry("TERM", "dumb"),
            Map.entry("NO_COLOR", "1"),
            Map.entry("LANG", UTF_8_LOCALE),
            Map.entry("LC_CTYPE", UTF_8_LOCALE),
            Map.entry("LC_ALL", UTF_8_LOCALE));

    public ShellEnvironment {
        allowed = List.copyOf(allowed);
        removed = List.copyOf(removed);
        kept = List.copyOf(kept);
        secrets = List.copyOf(secrets);
        added = Map.copyOf(added);
    }

    /** The environment of a command that a process with the environment {@code host} starts. */
    public Map<String, String> of(Map<String, String> host) {
        SecretVariables hidden = new SecretVariables(host, name -> matches(kept, name), secrets);
        Map<String, String> environment = new HashMap<>();
        host.forEach((name, value) -> {
            boolean passes = isWanted(name) && !GitSettings.isOne(name) && !hidden.contain(name, value);
            if (ProcessTree.isMarker(name) || matches(kept, name) || passes) {
                environment.put(name, value);
            }
        });
        environment.remove("COLORTERM");
        environment.putAll(WITHOUT_TERMINAL);
        environment.putAll(added);
        Map<String, String> git = isWanted("GIT_CONFIG_COUNT") ? host : Map.of();
        environment.putAll(GitSettings.of(
                git,
                (key, value) -> !hidden.contain(key, key)
                        && !hidden.holds(key, value)
                        // Under another number a value is written again, and not as what it was.
                        && PathText.reachesPrograms(key + value),
                added));
        return environment;
    }

    private boolean isWanted(String name) {
        return (allowed.isEmpty() || matches(allowed, name)) && !matches(MEDDLING, name) && !matches(removed, name);
    }

    private static boolean matches(List<String> patterns, String name) {
        return patterns.stream()
                .anyMatch(pattern -> regex(pattern).matcher(name).matches());
    }

    private static Pattern regex(String pattern) {
        return COMPILED.computeIfAbsent(pattern, ShellEnvironment::compile);
    }

    private static Pattern compile(String pattern) {
        return Pattern.compile(
                "\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    }
}
