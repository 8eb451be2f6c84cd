package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs {@code env} by the tool as a host sets it up; started by tests in a JVM whose environment they choose. */
final class EnvironmentChild {
    private EnvironmentChild() {}

    /** @param arguments the workspace, then the names of the only variables that commands may see, if any */
    public static void main(String[] arguments) throws Exception {
        Path workspace = Path.of(arguments[0]);
        ShellTools.Builder builder = ShellTools.builder(workspace).state(workspace);
        if (arguments.length > 1) {
            builder.onlyVariables(
                    List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
        }
        Tool tool = builder.tools().get(0);
        ToolCall call = ToolCall.function("call_1", "shell_command", "{\"command\":\"env\"}");
        System.out.print(tool.call(call, new Calls.Context(Map.of())).text());
    }
}
