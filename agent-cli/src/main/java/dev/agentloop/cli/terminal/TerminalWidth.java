package dev.agentloop.cli.terminal;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * How many columns the terminal has: what COLUMNS says, else what {@code stty} does, which is asked on a thread of its own.
 * Where nobody knows it is 0. Thread-safe.
 */
final class TerminalWidth implements IntSupplier {
    /** Narrower than this, breaking lines at words makes them no better to read. */
    private static final int LEAST = 20;

    private static final long PATIENCE_MILLIS = 500;

    private final int said;
    private final CountDownLatch asked = new CountDownLatch(1);
    private volatile int columns;

    private TerminalWidth(int said) {
        this.said = said;
        this.columns = said;
    }

    /** The width of this process's terminal. */
    static TerminalWidth of(Map<String, String> environment) {
        TerminalWidth width = new TerminalWidth(number(environment.getOrDefault("COLUMNS", "")));
        width.askAgain();
        return width;
    }

    /** Asks again: windows change their size. */
    void askAgain() {
        if (said > 0) {
            asked.countDown();
            return;
        }
        Thread asking = new Thread(
                () -> {
                    columns = size();
                    asked.countDown();
                },
                "terminal width");
        asking.setDaemon(true);
        asking.start();
    }

    // Rows and columns of the terminal that it reads from.
    private static int size() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader answer =
                    new BufferedReader(new InputStreamReader(stty.getInputStream(), StandardCharsets.US_ASCII))) {
                String line = answer.readLine();
                return line == null ? 0 : number(line.substring(line.indexOf(' ') + 1));
            }
        } catch (IOException e) {
            return 0;
        }
    }

    private static int number(String text) {
        int columns = text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
        return columns < LEAST ? 0 : columns;
    }

    @Override
    public int getAsInt() {
        if (asked.getCount() > 0) {
            try {
                // No answer is an answer, too.
                boolean unused = asked.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                asked.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return columns;
    }
}
