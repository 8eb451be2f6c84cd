package dev.agentloop.tools;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A shell and how it is given a command.
 *
 * @param path the program, absolute
 */
record ShellProgram(Path path) {
    /** Shells that split a plain line as {@link CommandLine} does. */
    private static final Set<String> PLAIN = Set.of("ash", "bash", "dash", "sh");

    ShellProgram {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("a shell is given by its absolute path, but this is \"" + path
                    + "\"; did you mean \"/bin/" + path.getFileName() + "\"?");
        }
    }

    /** {@code /bin/bash} where there is one, or {@code /bin/sh}; on Windows what {@code ComSpec} names. */
    static ShellProgram standard() {
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

    /** The program and its arguments that run {@code command}; no login shell, so that no start-up file is read. */
    List<String> invocation(String command) {
        List<String> words = new ArrayList<>(List.of(path.toString()));
        switch (name()) {
            case "cmd" -> words.addAll(List.of("/d", "/s", "/c", command));
            case "powershell", "pwsh" -> words.addAll(List.of("-NoProfile", "-NonInteractive", "-Command", command));
            default -> words.addAll(List.of("-c", survivesAsArgument(command) ? command : inAscii(command)));
        }
        return words;
    }

    private String name() {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".exe") ? name.substring(0, name.length() - 4) : name;
    }

    /** Whether this JVM hands {@code command} on as it is: under the locale {@code C} it turns é into a ?. */
    private boolean survivesAsArgument(String command) {
        if (ProcessLauncher.WINDOWS || !isPosix()) {
            return true;
        }
        String systemEncoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        boolean utf8 =
                Charset.defaultCharset().equals(StandardCharsets.UTF_8) && systemEncoding.equalsIgnoreCase("UTF-8");
        return utf8 || command.chars().allMatch(c -> c < 0x80);
    }

    /** The same command in ASCII only, for a POSIX shell, which puts it together from octal numbers. */
    static String inAscii(String command) {
        StringBuilder octal = new StringBuilder();
        for (byte value : command.getBytes(StandardCharsets.UTF_8)) {
            if (value >= 'a' && value <= 'z' || value == ' ') {
                octal.append((char) value);
            } else {
                octal.append(String.format(Locale.ROOT, "\\0%03o", value & 0xFF));
            }
        }
        return "eval \"$(printf %b '" + octal + "')\"";
    }
}
