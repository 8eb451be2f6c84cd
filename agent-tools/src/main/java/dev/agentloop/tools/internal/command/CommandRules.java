package dev.agentloop.tools.internal.command;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules of {@code shell_command}: commands in a workspace that begin with some words. A line is allowed by rules if it is
 * plain, and each of its commands is known to be safe or begins as a rule says. Immutable and thread-safe.
 */
public final class CommandRules {
    private static final String PLAIN_WORD = "[A-Za-z0-9_@%+:,./=-]+";

    private final Path workspace;
    private final CommandSafety safety;

    public CommandRules(Path workspace, CommandSafety safety) {
        this.workspace = workspace;
        this.safety = safety;
    }

    /**
     * A rule as text.
     *
     * @throws IllegalArgumentException if the words would allow too much, or are not those of one plain command
     */
    public static String text(Path workspace, String words) {
        CommandLine line = CommandLine.parse(words);
        if (words.isBlank()) {
            return text(workspace, CommandPrefix.of(List.of()));
        }
        if (!line.plain() || line.commands().size() != 1 || !line.joints().isEmpty()) {
            throw new IllegalArgumentException(
                    "a prefix is the first plain words of one command, such as: mvn test; \"" + words + "\" is none");
        }
        return text(workspace, CommandPrefix.of(line.commands().get(0)));
    }

    private static String text(Path workspace, CommandPrefix prefix) {
        return head(workspace)
                + prefix.words().stream().map(CommandRules::quoted).collect(Collectors.joining(" "));
    }

    private static String head(Path workspace) {
        Path real = workspace;
        try {
            real = workspace.toRealPath();
        } catch (IOException e) {
            // Nothing is run in a folder that is not there.
        }
        return "commands in " + PathText.text(real) + " that begin with: ";
    }

    private static String quoted(String word) {
        return word.matches(PLAIN_WORD) ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** The rule that would allow a line, and others like it; empty if none would that is narrow enough. */
    public Optional<String> proposed(String command, Path directory) {
        Set<String> rules = new LinkedHashSet<>();
        boolean plain = safety.allows(command, directory, (words, folders) -> propose(words, folders, rules));
        return plain && rules.size() == 1 ? rules.stream().findFirst() : Optional.empty();
    }

    private boolean propose(List<String> words, Set<Path> folders, Set<String> rules) {
        try {
            CommandPrefix prefix = CommandPrefix.proposed(words);
            if (prefix.dependsOnFolder()) {
                Path home = workspace.toRealPath();
                Path folder = folders.iterator().next();
                // It may be run here or there, or lie where no rule of this workspace reaches.
                if (folders.size() > 1 || !prefix.liesIn(home, folder)) {
                    return false;
                }
                prefix = prefix.seenFrom(home, folder);
            }
            rules.add(text(workspace, prefix));
            return true;
        } catch (IllegalArgumentException | IOException e) {
            return false;
        }
    }

    /** Whether rules allow a line; those of other workspaces, and what is no rule that could be given, allow nothing. */
    public boolean allow(List<String> rules, String command, Path directory) {
        List<CommandPrefix> prefixes = new ArrayList<>();
        rules.forEach(rule -> read(rule).ifPresent(prefixes::add));
        try {
            Path home = workspace.toRealPath();
            return !prefixes.isEmpty()
                    && safety.allows(
                            command,
                            directory,
                            (words, folders) -> prefixes.stream()
                                    .anyMatch(prefix ->
                                            folders.stream().allMatch(folder -> prefix.begins(home, words, folder))));
        } catch (IOException e) {
            return false;
        }
    }

    private Optional<CommandPrefix> read(String rule) {
        String head = head(workspace);
        if (!rule.startsWith(head)) {
            return Optional.empty();
        }
        CommandLine line = CommandLine.parse(rule.substring(head.length()));
        if (!line.plain() || line.commands().size() != 1) {
            return Optional.empty();
        }
        try {
            return Optional.of(CommandPrefix.of(line.commands().get(0)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
