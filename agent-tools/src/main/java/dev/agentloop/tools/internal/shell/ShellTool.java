package dev.agentloop.tools.internal.shell;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.command.CommandPatch;
import dev.agentloop.tools.internal.command.CommandRules;
import dev.agentloop.tools.internal.command.CommandSafety;
import dev.agentloop.tools.internal.edit.ApplyPatch;
import dev.agentloop.tools.internal.workspace.FileNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The tool {@code shell_command}: one command, one fresh process, nothing left of it afterwards. */
public final class ShellTool implements Tool {
    private static final String DESCRIPTION =
            "Runs a shell command and returns its exit code and its output, standard error included. Every call is a"
                    + " fresh process without input and without a terminal: folder and variables are not kept from call"
                    + " to call, and what still runs in the background when the command ends is ended, too. Set workdir"
                    + " instead of using cd.";

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
    private final CommandRules rules;

    /**
     * What a host has chosen.
     *
     * @param environment all that commands see
     * @param patches what applies patches that are written as commands
     */
    public record Settings(
            Path workspace, ShellProgram shell, Map<String, String> environment, Bounds bounds, ApplyPatch patches) {}

    /** The bounds of a call. */
    public record Bounds(Duration timeout, Duration longestTimeout, int captureBytes) {}

    /**
     * The arguments of one call, as the model wrote them.
     *
     * @param command what to run; not blank, without NUL
     * @param workdir where, or null for the workspace
     * @param timeout how long it may run
     */
    private record Arguments(String command, @Nullable String workdir, Duration timeout) {
        /**
         * Reads the arguments.
         *
         * @param usual the timeout of a call that names none
         * @param longest the timeout of a call that asks for more
         * @throws Refusal if they cannot be used, with the answer for the model
         */
        static Arguments of(ToolCall call, Duration usual, Duration longest) throws Refusal {
            ToolArguments arguments = ToolArguments.of(call, "command", "workdir", "timeout_ms", "justification");
            String command = arguments.text("command");
            if (command.isBlank()) {
                throw ToolArguments.failed("`command` is empty");
            }
            if (command.indexOf('\0') >= 0) {
                throw ToolArguments.failed("`command` has a NUL character at " + command.indexOf('\0')
                        + ", which no program can be given; write it as an escape, such as printf '\\0'");
            }
            int millis = arguments.count("timeout_ms", (int) usual.toMillis(), (int) longest.toMillis());
            return new Arguments(command, arguments.optionalText("workdir"), Duration.ofMillis(millis));
        }
    }

    public ShellTool(Settings settings) {
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
        safety = new CommandSafety(
                settings.workspace(),
                settings.patches()::fence,
                settings.shell().path(),
                settings.environment());
        rules = new CommandRules(settings.workspace(), safety);
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
        Arguments arguments;
        try {
            arguments = arguments(call);
        } catch (Refusal e) {
            // The answer will be an error, and nothing will run.
            return Access.READS;
        }
        if (CommandPatch.isBare(arguments.command())) {
            return Access.READS;
        }
        if (CommandPatch.in(arguments.command()).isPresent()) {
            return Access.WRITES;
        }
        return judged(call, safety::isSafe).orElse(false) ? Access.READS : Access.UNRESTRICTED;
    }

    /** The real folder that the command runs in; empty where there is none, and nothing will run. */
    @Override
    public String place(ToolCall call) {
        try {
            return PathText.text(
                    directory(settings.workspace(), arguments(call).workdir()).toRealPath());
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public Optional<String> rule(ToolCall call) {
        return judged(call, rules::proposed).flatMap(rule -> rule);
    }

    @Override
    public boolean allowedBy(List<String> given, ToolCall call) {
        return judged(call, (command, directory) -> rules.allow(given, command, directory))
                .orElse(false);
    }

    /** What is said of a command and its folder; empty if it is refused anyway, or its shell is not understood. */
    private <T> Optional<T> judged(ToolCall call, BiFunction<String, Path, T> judgement) {
        try {
            Arguments arguments = arguments(call);
            Path directory = directory(settings.workspace(), arguments.workdir());
            return settings.shell().isPosix()
                    ? Optional.of(judgement.apply(arguments.command(), directory))
                    : Optional.empty();
        } catch (Refusal e) {
            // The folder may have come into being by the time the call runs.
            return Optional.empty();
        }
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return access(call) == Access.READS ? AfterCrash.RUN_AGAIN : AfterCrash.REPORT;
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws IOException {
        try {
            return run(arguments(call), context);
        } catch (Refusal e) {
            return ToolOutput.error(String.valueOf(e.getMessage()));
        }
    }

    private Arguments arguments(ToolCall call) throws Refusal {
        return Arguments.of(call, settings.bounds().timeout(), settings.bounds().longestTimeout());
    }

    private ToolOutput run(Arguments arguments, ToolContext context) throws IOException {
        if (CommandPatch.isBare(arguments.command())) {
            throw new Refusal(NOT_A_COMMAND);
        }
        Path directory = directory(settings.workspace(), arguments.workdir());
        Optional<CommandPatch> patch = CommandPatch.in(arguments.command());
        if (patch.isPresent()) {
            Path target = directory(directory, patch.get().directory());
            return ToolOutput.text(settings.patches().apply(patch.get().patch(), PathText.text(target)));
        }
        return run(arguments, directory, context);
    }

    private ToolOutput run(Arguments arguments, Path directory, ToolContext context) throws Refusal {
        Path shell = settings.shell().path();
        if (!Files.isExecutable(shell)) {
            throw new Refusal("No command can be run: the shell " + shell + " is not an executable file.");
        }
        boolean named = PathText.reachesPrograms(directory.toString());
        ProcessRun.Request request = new ProcessRun.Request(
                settings.shell().invocation(arguments.command(), named ? null : directory),
                named ? directory : directory.getRoot(),
                settings.environment(),
                arguments.timeout(),
                settings.bounds().captureBytes());
        try {
            ProcessRun.Result result = ProcessRun.of(request, context::cancelled, context::progress);
            return ShellReport.of(result, arguments.timeout());
        } catch (IOException e) {
            int bytes = arguments.command().getBytes(StandardCharsets.UTF_8).length;
            throw new Refusal(
                    "The command could not be run by " + shell + " in " + FileNames.shown(directory) + ": "
                            + e.getMessage() + ". It has " + bytes + " bytes; a system takes about 128,000.",
                    e);
        }
    }

    private Path directory(Path from, @Nullable String name) throws Refusal {
        String problem = "";
        try {
            Path directory = name == null ? from : from.resolve(PathText.path(from.getFileSystem(), name));
            if (Files.isDirectory(directory)) {
                return directory;
            }
        } catch (InvalidPathException e) {
            problem = " (" + PathText.problem(e) + ")";
        }
        throw new Refusal("There is no folder \"" + (name == null ? FileNames.shown(from) : name)
                + "\" to run the command in, seen from " + FileNames.shown(from) + problem
                + ". Name one that exists, or leave workdir out to run in the workspace "
                + FileNames.shown(settings.workspace()) + ".");
    }
}
