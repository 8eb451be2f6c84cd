package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.CommandSafety.Assessment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tool {@code shell_command}: one command, one fresh process, nothing left of it afterwards. */
final class ShellTool implements Tool {
    private static final String DESCRIPTION =
            "Runs a shell command and returns its exit code and its output, standard error included. Every call is a fresh"
                    + " process without input and without a terminal: folder and variables are not kept from call to call,"
                    + " and what still runs in the background when the command ends is ended, too. Set workdir instead of"
                    + " using cd.";

    private static final String PARAMETERS = """
            {"type":"object","properties":{\
            "command":{"type":"string","description":"The command line for the shell."},\
            "workdir":{"type":"string","description":"The folder to run it in, relative to the workspace or absolute; \
            the workspace if left out."},\
            "timeout_ms":{"type":"integer","description":"After how many milliseconds the command is ended; \
            %d if left out, %d at most."},\
            "justification":{"type":"string","description":"Why the command is needed, in one sentence; shown to the \
            user if the command needs approval."}},\
            "required":["command"],"additionalProperties":false}""";

    /** What ending a command and reading the rest of its output may take on top of its timeout. */
    private static final Duration CLEARING_UP = Duration.ofSeconds(5);

    private static final String NOT_A_COMMAND =
            "This is a patch, not a command. Call the tool apply_patch with it, or run"
                    + " it in the shell as:\napply_patch <<'EOF'\n*** Begin Patch\n…\n*** End Patch\nEOF";

    private final Settings settings;
    private final Specification specification;
    private final CommandSafety safety;

    /**
     * What a host has chosen.
     *
     * @param patches what applies patches written as commands, or null to leave them to the shell
     */
    record Settings(
            Path workspace,
            ShellProgram shell,
            Map<String, String> environment,
            Bounds bounds,
            CommandPatch.@Nullable Applier patches) {}

    /** The bounds of a call. */
    record Bounds(Duration timeout, Duration longestTimeout, int captureBytes) {}

    ShellTool(Settings settings) {
        this.settings = settings;
        Bounds bounds = settings.bounds();
        specification = Specification.function(
                "shell_command",
                DESCRIPTION,
                String.format(
                        Locale.ROOT,
                        PARAMETERS,
                        bounds.timeout().toMillis(),
                        bounds.longestTimeout().toMillis()));
        safety = new CommandSafety(settings.workspace(), settings.environment());
    }

    @Override
    public Specification specification() {
        return specification;
    }

    @Override
    public Duration timeout() {
        return settings.bounds().longestTimeout().plus(CLEARING_UP);
    }

    @Override
    public Access access(ToolCall call) {
        ShellArguments arguments;
        try {
            arguments = ShellArguments.of(call);
        } catch (IllegalArgumentException e) {
            // The answer will be an error, and nothing will run.
            return Access.READS;
        }
        if (CommandPatch.isBare(arguments.command())) {
            return Access.READS;
        }
        if (patch(arguments).isPresent()) {
            return Access.WRITES;
        }
        return isSafe(arguments) ? Access.READS : Access.UNRESTRICTED;
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return access(call) == Access.READS ? AfterCrash.RUN_AGAIN : AfterCrash.REPORT;
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
        ShellArguments arguments;
        try {
            arguments = ShellArguments.of(call);
        } catch (IllegalArgumentException e) {
            return ToolOutput.error(String.valueOf(e.getMessage()));
        }
        if (CommandPatch.isBare(arguments.command())) {
            return ToolOutput.error(NOT_A_COMMAND);
        }
        Optional<Path> directory = directory(settings.workspace(), arguments.workdir());
        if (directory.isEmpty()) {
            return noDirectory("workdir", String.valueOf(arguments.workdir()));
        }
        Optional<CommandPatch> patch = patch(arguments);
        if (patch.isEmpty()) {
            return run(arguments, directory.get(), context);
        }
        Optional<Path> target = directory(directory.get(), patch.get().directory());
        return target.isEmpty()
                ? noDirectory("cd", patch.get().directory())
                : applier().apply(target.get(), patch.get().patch(), context);
    }

    private boolean isSafe(ShellArguments arguments) {
        return settings.shell().isPosix()
                && directory(settings.workspace(), arguments.workdir())
                        .filter(directory -> safety.assess(arguments.command(), directory) == Assessment.SAFE)
                        .isPresent();
    }

    private Optional<CommandPatch> patch(ShellArguments arguments) {
        return settings.patches() == null ? Optional.empty() : CommandPatch.in(arguments.command());
    }

    private CommandPatch.Applier applier() {
        CommandPatch.Applier applier = settings.patches();
        if (applier == null) {
            throw new IllegalStateException("a patch was found in a command although nothing can apply it");
        }
        return applier;
    }

    private static Optional<Path> directory(Path from, @Nullable String name) {
        try {
            return Optional.of(name == null ? from : from.resolve(name)).filter(Files::isDirectory);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private ToolOutput noDirectory(String where, String name) {
        return ToolOutput.error("There is no folder \"" + name + "\" to run in (" + where + "), seen from "
                + settings.workspace() + ". Name one that exists, or leave it out to run in the workspace.");
    }

    private ToolOutput run(ShellArguments arguments, Path directory, ToolContext context) {
        Path shell = settings.shell().path();
        if (!Files.isExecutable(shell)) {
            return ToolOutput.error("No command can be run: the shell " + shell + " is not an executable file.");
        }
        Bounds bounds = settings.bounds();
        Duration asked = arguments.timeout() == null ? bounds.timeout() : arguments.timeout();
        Duration timeout = asked.compareTo(bounds.longestTimeout()) > 0 ? bounds.longestTimeout() : asked;
        ProcessRequest request = new ProcessRequest(
                settings.shell().invocation(arguments.command()),
                directory,
                settings.environment(),
                timeout,
                bounds.captureBytes());
        try {
            return ShellReport.of(ProcessRun.of(request, listener(context)), timeout);
        } catch (IOException e) {
            int bytes = arguments.command().getBytes(StandardCharsets.UTF_8).length;
            return ToolOutput.error("The command could not be run by " + shell + " in " + directory + ": "
                    + e.getMessage() + ". The command has " + bytes + " bytes; systems take about 128,000 at most.");
        }
    }

    private static ProcessListener listener(ToolContext context) {
        return new ProcessListener() {
            @Override
            public boolean cancelled() {
                return context.cancelled();
            }

            @Override
            public void output(String text) {
                context.progress(text);
            }
        };
    }
}
