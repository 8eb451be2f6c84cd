package dev.agentloop.examples.cli;

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

/**
 * Where a command reads and writes.
 *
 * @param in what the user types
 * @param out results
 * @param err progress and errors
 * @param environment the environment variables
 */
record Console(InputStream in, PrintStream out, PrintStream err, Map<String, String> environment) {
    private static final int FILE_TYPE = 0170000;
    private static final int CHARACTER_DEVICE = 0020000;

    /** The process's own, in UTF-8 whatever the locale says: results are read by programs too. */
    static Console ofProcess() {
        return new Console(
                System.in,
                stream(new FileOutputStream(FileDescriptor.out), isTerminal(1)),
                stream(new FileOutputStream(FileDescriptor.err), isTerminal(2)),
                System.getenv());
    }

    /** A stream of text; what goes to a terminal does nothing there but be read. */
    static PrintStream stream(OutputStream out, boolean terminal) {
        return new PrintStream(terminal ? new TerminalOutput(out) : out, true, StandardCharsets.UTF_8);
    }

    // The JDK knows it only of the input and the output together. A terminal is a device of characters; the others of
    // that
    // kind do not mind escapes.
    private static boolean isTerminal(int descriptor) {
        try {
            int mode = (int) Files.getAttribute(Path.of("/dev/fd/" + descriptor), "unix:mode");
            return (mode & FILE_TYPE) == CHARACTER_DEVICE;
        } catch (IOException | RuntimeException e) {
            return System.console() != null;
        }
    }

    /** How this program is called, for the commands that it proposes. */
    String program() {
        return System.getProperty("agentloop.command", "./agent");
    }
}
