package dev.agentloop.tools;

import dev.agentloop.ToolCall;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call, as the model wrote them.
 *
 * @param command what to run; not blank, without NUL
 * @param workdir where, or null for the workspace
 * @param timeout how long it may run
 */
record ShellArguments(String command, @Nullable String workdir, Duration timeout) {
    private static final List<String> FIELDS = List.of("command", "workdir", "timeout_ms", "justification");

    /**
     * Reads the arguments.
     *
     * @param usual the timeout of a call that names none
     * @param longest the timeout of a call that asks for more
     * @throws Refusal if they cannot be used, with the answer for the model
     */
    static ShellArguments of(ToolCall call, Duration usual, Duration longest) throws Refusal {
        ToolArguments arguments = ToolArguments.parse(call.arguments(), FIELDS);
        String command = arguments.text("command");
        if (command.isBlank()) {
            throw ToolArguments.failed("`command` is empty");
        }
        if (command.indexOf('\0') >= 0) {
            throw ToolArguments.failed("`command` has a NUL character at " + command.indexOf('\0')
                    + ", which no program can be given; write it as an escape, such as printf '\\0'");
        }
        int millis = arguments.count("timeout_ms", (int) usual.toMillis(), (int) longest.toMillis());
        return new ShellArguments(command, arguments.optionalText("workdir"), Duration.ofMillis(millis));
    }
}
