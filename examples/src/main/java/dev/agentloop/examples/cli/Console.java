package dev.agentloop.examples.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
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

    /** The process's own, in UTF-8 whatever the locale says: results are read by programs too. */
    static Console ofProcess() {
        return new Console(
                System.in,
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                System.getenv());
    }

    /** How this program is called, for the commands that it proposes. */
    String program() {
        return System.getProperty("agentloop.command", "./agent");
    }
}
