package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.ShellTools;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a command by the tool as a host sets it up; started by tests in a JVM whose environment and folder they choose. */
public final class CommandChild {
    private CommandChild() {}

    /**
     * Prints how far the command reaches and what it answers.
     *
     * @param arguments the workspace, the command, then the names of the only variables that commands may see, if any
     */
    public static void main(String[] arguments) throws Exception {
        Path workspace = Path.of(arguments[0]);
        ShellTools.Builder builder =
                ShellTools.builder(workspace).state(workspace.resolveSibling(workspace.getFileName() + "-state"));
        if (arguments.length > 2) {
            builder.onlyVariables(
                    List.of(arguments).subList(2, arguments.length).toArray(String[]::new));
        }
        Tool tool = builder.tools().get(0);
        ToolCall call = ToolCall.function("call_1", "shell_command", "{\"command\":\"" + arguments[1] + "\"}");
        System.out.println("Access: " + tool.access(call));
        System.out.print(tool.call(call, new Calls.Context(Map.of())).text());
    }

    /** What a JVM with this environment, besides the path, and this folder prints for such arguments. */
    public static String run(Path folder, Map<String, String> environment, List<String> arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CommandChild.class.getName()));
        words.addAll(arguments);
        Path errors = Files.createTempFile(folder, "errors", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(words).directory(folder.toFile()).redirectError(errors.toFile());
        builder.environment().keySet().retainAll(List.of("PATH"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
        return output;
    }
}
