package dev.agentloop.tools.internal.shell;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A shell and how it is given a command.
 *
 * @param path the program, absolute
 */
public record ShellProgram(Path path) {
    /** Shells that split a plain line as {@code CommandLine} does. */
    private static final Set<String> PLAIN = Set.of("ash", "bash", "dash", "sh");

    public ShellProgram {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("a shell is given by its absolute path, but this is \"" + path
                    + "\"; did you mean \"/bin/" + path.getFileName() + "\"?");
        }
    }

    /** {@code /bin/bash} where there is one, or {@code /bin/sh}; on Windows what {@code ComSpec} names. */
    public static ShellProgram standard() {
        if (ProcessLauncher.WINDOWS) {
            Map<String, String> environment = System.getenv();
            return new ShellProgram(Path.of(environment.getOrDefault("ComSpec", "C:\\Windows\\System32\\cmd.exe")));
        }
        Path bash = Path.of("/bin/bash");
        return new ShellProgram(Files.isExecutable(bash) ? bash : Path.of("/bin/sh"));
    }

    /** Whether the shell splits words as POSIX says. */
    boolean isPosix() {
        return PLAIN.contains(name());
    }

    /**
     * The program and its arguments that run {@code command}; no login shell, so that no start-up file is read.
     *
     * @param directory where the shell itself has to go first; null if it is started there
     * @throws Refusal if this JVM cannot hand the command to that shell as it is
     */
    List<String> invocation(String command, @Nullable Path directory) throws Refusal {
        if (!PathText.isText(command)) {
            throw new Refusal("The command was not run: it has half of a surrogate pair, which no encoding has.");
        }
        boolean plain = directory == null && PathText.reachesPrograms(command);
        if (!plain && !isPosix()) {
            throw new Refusal("The command was not run: it, or its folder, has a character that " + PathText.remedy()
                    + ". With /bin/sh as its shell it could be run here, with " + path + " it cannot.");
        }
        List<String> words = new ArrayList<>(List.of(path.toString()));
        switch (name()) {
            case "cmd" -> words.addAll(List.of("/d", "/s", "/c", command));
            case "powershell", "pwsh" -> words.addAll(List.of("-NoProfile", "-NonInteractive", "-Command", command));
            default -> words.addAll(List.of("-c", plain ? command : inAscii(command, directory)));
        }
        return words;
    }

    private String name() {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".exe") ? name.substring(0, name.length() - 4) : name;
    }

    /**
     * The same command in ASCII only, for a POSIX shell, which puts it together from octal numbers: under the locale
     * {@code C} a JVM turns é into a ?.
     *
     * @param directory where to run it; null if the shell is there
     */
    public static String inAscii(String command, @Nullable Path directory) {
        String run = "eval " + octal(command);
        return directory == null ? run : "cd " + octal(PathText.text(directory)) + " && " + run;
    }

    private static String octal(String command) {
        StringBuilder octal = new StringBuilder();
        for (byte value : command.getBytes(StandardCharsets.UTF_8)) {
            if (value >= 'a' && value <= 'z' || value == ' ') {
                octal.append((char) value);
            } else {
                octal.append(String.format(Locale.ROOT, "\\0%03o", value & 0xFF));
            }
        }
        // A shell drops the line breaks at the end of what it puts in.
        int end = command.length();
        while (end > 0 && command.charAt(end - 1) == '\n') {
            end--;
        }
        return "\"$(printf %b '" + octal + "')" + command.substring(end) + "\"";
    }
}
