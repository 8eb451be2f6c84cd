package dev.agentloop.cli.terminal;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes.
 *
 * @param in what the user types
 * @param out results
 * @param err progress and errors
 * @param data where results go that programs read, so that their lines are not broken
 * @param environment the environment variables
 * @param terminal the terminal that progress goes to; null where it is none
 */
public record Console(
        InputStream in,
        PrintStream out,
        PrintStream err,
        PrintStream data,
        Map<String, String> environment,
        @Nullable Terminal terminal) {
    private static final int FILE_TYPE = 0170000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int OUT = 1;
    private static final int ERR = 2;

    /** A console without a terminal of this program's. */
    public Console(InputStream in, PrintStream out, PrintStream err, Map<String, String> environment) {
        this(in, out, err, out, environment, null);
    }

    /** The process's own, in UTF-8 whatever the locale says: results are read by programs too. */
    public static Console ofProcess() {
        Map<String, String> environment = System.getenv();
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        FileOutputStream err = new FileOutputStream(FileDescriptor.err);
        boolean outIsTerminal = isTerminal(OUT);
        boolean errIsTerminal = isTerminal(ERR);
        Terminal terminal = outIsTerminal || errIsTerminal ? new Terminal(TerminalWidth.of(environment)) : null;
        PrintStream errors = terminal != null && errIsTerminal ? terminal.stream(err) : stream(err, false);
        // Two streams of one terminal would not know where the other one has left the cursor.
        boolean same = outIsTerminal && errIsTerminal && device(OUT).equals(device(ERR));
        PrintStream results =
                same ? errors : terminal != null && outIsTerminal ? terminal.stream(out) : stream(out, false);
        return new Console(
                System.in, results, errors, stream(out, outIsTerminal), environment, errIsTerminal ? terminal : null);
    }

    /** A stream of text; what goes to a terminal does nothing there but be read. */
    public static PrintStream stream(OutputStream out, boolean terminal) {
        return new PrintStream(terminal ? new TerminalOutput(out, () -> 0) : out, true, StandardCharsets.UTF_8);
    }

    // The JDK knows it only of the input and the output together. A terminal is a device of characters; others of that
    // kind do not mind escapes.
    private static boolean isTerminal(int descriptor) {
        try {
            int mode = (int) Files.getAttribute(Path.of("/dev/fd/" + descriptor), "unix:mode");
            return (mode & FILE_TYPE) == CHARACTER_DEVICE;
        } catch (IOException | RuntimeException e) {
            // Where this cannot be known, as on Windows, it may be one, and escapes are harmless in a file.
            return true;
        }
    }

    private static String device(int descriptor) {
        try {
            return String.valueOf(Files.getAttribute(Path.of("/dev/fd/" + descriptor), "unix:rdev"));
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }

    // Such as the shell window of an editor.
    private boolean obeysEscapes() {
        return !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }

    /** Begins a line on a terminal, unless one begins already. */
    public void freshLine() {
        if (terminal != null) {
            terminal.freshLine();
        }
    }

    /** Ctrl-C was pressed, of which the terminal shows something. */
    public void interrupted() {
        if (terminal != null && obeysEscapes()) {
            terminal.interrupted();
        }
    }

    /** A line was typed: what is printed next begins a line. */
    public void lineTyped() {
        if (terminal != null) {
            terminal.lineTyped();
        }
    }

    /** A line about what is waited for. */
    public StatusLine statusLine() {
        return new StatusLine(err, obeysEscapes() ? terminal : null);
    }

    /** Prints a command that the user may copy. */
    public void tell(String label, CommandText command) {
        tell(label, err, command);
    }

    /** Prints it to this stream of the console's. */
    public void tell(String label, PrintStream to, CommandText command) {
        int width = terminal == null ? 0 : terminal.width();
        command.lines(label, width).forEach(to::println);
    }

    /** How this program is called, for the commands that it proposes. */
    public String program() {
        return System.getProperty("agentloop.command", "./agent");
    }
}
