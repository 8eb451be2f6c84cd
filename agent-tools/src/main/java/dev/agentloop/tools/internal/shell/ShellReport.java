package dev.agentloop.tools.internal.shell;

import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.shell.ProcessRun.Ending;
import dev.agentloop.tools.internal.shell.ProcessRun.Result;
import java.time.Duration;
import java.util.Locale;

/** Tells the model how a command went, in the form that Codex's models know. */
final class ShellReport {
    /** What {@code timeout(1)} exits with. */
    private static final int TIMED_OUT = 124;

    private ShellReport() {}

    static ToolOutput of(Result result, Duration timeout) {
        String text = result.ending() == Ending.CANCELLED ? cancelled(result) : ended(result, timeout);
        boolean good = result.ending() == Ending.EXITED && result.exitCode() == 0;
        return good ? ToolOutput.text(text) : ToolOutput.error(text);
    }

    private static String ended(Result result, Duration timeout) {
        boolean timedOut = result.ending() == Ending.TIMED_OUT;
        StringBuilder text = new StringBuilder();
        text.append("Exit code: ").append(timedOut ? TIMED_OUT : result.exitCode());
        text.append("\nWall time: ")
                .append(seconds(result, "%.1f").replaceFirst("\\.0$", ""))
                .append(" seconds");
        if (result.cut()) {
            text.append("\nTotal output lines: ").append(result.lines());
        }
        text.append(processes(result)).append("\nOutput:\n");
        if (timedOut) {
            text.append("command timed out after ").append(timeout.toMillis()).append(" milliseconds\n");
        }
        return text.append(result.output()).toString();
    }

    private static String cancelled(Result result) {
        String text = "aborted by user after " + seconds(result, "%.1fs") + processes(result);
        return result.output().isEmpty() ? text : text + "\nOutput:\n" + result.output();
    }

    private static String processes(Result result) {
        String ended = result.ended() == 0 ? "" : "\nBackground processes ended: " + result.ended();
        return result.survivors() == 0 ? ended : ended + "\nProcesses that could not be ended: " + result.survivors();
    }

    private static String seconds(Result result, String format) {
        return String.format(Locale.ROOT, format, result.wallTime().toMillis() / 1000.0);
    }
}
