package dev.agentloop.tools;

import java.util.List;
import java.util.Set;

/**
 * Finds commands that destroy or take more rights, in any command line, split as well as it can be.
 *
 * <p>This is a reason to ask, not a fence: who wants to hide such a command can.
 */
final class CommandDanger {
    private static final int MAX_DEPTH = 5;

    private static final Set<String> ALWAYS = Set.of(
            "dd",
            "doas",
            "fdisk",
            "halt",
            "parted",
            "pkexec",
            "poweroff",
            "reboot",
            "shred",
            "shutdown",
            "su",
            "sudo",
            "wipefs");

    /** Commands that run the command behind their own options. */
    private static final Set<String> WRAPPERS = Set.of(
            "builtin", "command", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "time", "timeout",
            "xargs");

    private static final Set<String> SHELLS = Set.of("ash", "bash", "dash", "ksh", "sh", "zsh");

    /** Words of the shell's grammar that a command may stand behind. */
    private static final Set<String> GRAMMAR =
            Set.of("!", "do", "elif", "else", "if", "then", "until", "while", "{", "$");

    private CommandDanger() {}

    static boolean in(CommandLine line) {
        return in(line, 0);
    }

    private static boolean in(CommandLine line, int depth) {
        return line.commands().stream().anyMatch(words -> isDangerous(words, depth));
    }

    private static boolean isDangerous(List<String> words, int depth) {
        if (words.isEmpty() || depth > MAX_DEPTH) {
            return false;
        }
        String program = words.get(0).substring(words.get(0).lastIndexOf('/') + 1);
        List<String> rest = words.subList(1, words.size());
        if (ALWAYS.contains(program) || program.startsWith("mkfs")) {
            return true;
        }
        if (GRAMMAR.contains(program) || program.contains("=")) {
            return isDangerous(rest, depth);
        }
        if (WRAPPERS.contains(program)) {
            return hasDangerousTail(rest, depth);
        }
        if (SHELLS.contains(program) || program.equals("eval")) {
            return rest.stream().anyMatch(word -> in(CommandLine.parse(word), depth + 1));
        }
        return switch (program) {
            case "rm" -> hasOption(rest, "fFrR", "--force", "--recursive");
            case "find" -> rest.contains("-delete") || hasDangerousTail(rest, depth);
            case "git" -> destroysWork(rest);
            case "kill" -> rest.contains("-1");
            default -> false;
        };
    }

    /** Where the options of the first command end is not known, so every word may begin the second. */
    private static boolean hasDangerousTail(List<String> words, int depth) {
        for (int i = 0; i < words.size(); i++) {
            if (isDangerous(words.subList(i, words.size()), depth + 1)) {
                return true;
            }
        }
        return false;
    }

    private static boolean destroysWork(List<String> words) {
        return words.contains("reset") && words.contains("--hard")
                || words.contains("clean") && hasOption(words, "f", "--force")
                || words.contains("push") && hasOption(words, "f", "--force", "--delete", "--mirror");
    }

    private static boolean hasOption(List<String> words, String letters, String... names) {
        for (String word : words) {
            boolean cluster = word.length() > 1 && word.charAt(0) == '-' && word.charAt(1) != '-';
            if (cluster && word.chars().anyMatch(c -> letters.indexOf(c) >= 0)
                    || List.of(names).contains(word)) {
                return true;
            }
        }
        return false;
    }
}
