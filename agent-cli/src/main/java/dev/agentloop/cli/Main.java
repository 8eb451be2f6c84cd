package dev.agentloop.cli;

import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.RetryPolicy;
import dev.agentloop.cli.commands.ApprovalsCommand;
import dev.agentloop.cli.commands.ChatCommand;
import dev.agentloop.cli.commands.DecideCommand;
import dev.agentloop.cli.commands.DemoCommand;
import dev.agentloop.cli.commands.ExecCommand;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.cli.commands.LogCommand;
import dev.agentloop.cli.commands.WarmUp;
import dev.agentloop.cli.options.Help;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.options.ReadOptions;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.Interrupts;
import dev.agentloop.cli.terminal.LocaleCheck;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.pg.embedded.EmbeddedPostgresException;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.util.List;

/** The program behind {@code ./agent}. */
public final class Main {
    private final Console console;

    Main(Console console) {
        this.console = console;
    }

    /** Runs the command and exits with its code. */
    public static void main(String[] arguments) {
        Console console = Console.ofProcess();
        // What ends in an unforeseen failure names it there, in words that may be anybody's.
        System.setErr(console.err());
        System.exit(new Main(console).runAsStarted(List.of(arguments)));
    }

    private int runAsStarted(List<String> arguments) {
        return reporting(() -> {
            LocaleCheck.check(
                    System.getProperty("sun.jnu.encoding", "UTF-8"),
                    arguments,
                    console.environment(),
                    System.getProperty("user.dir", ""));
            return command(arguments);
        });
    }

    /** Runs a command and gives its exit code. */
    int run(List<String> arguments) {
        return reporting(() -> command(arguments));
    }

    private interface Work {
        int run() throws IOException;
    }

    private int reporting(Work work) {
        try {
            return work.run();
        } catch (UsageException e) {
            console.err()
                    .println("agent: " + TerminalText.line(String.valueOf(e.getMessage())) + "; " + console.program()
                            + " help says more");
            return ExitCode.USAGE;
        } catch (ModelException | StoreException | EmbeddedPostgresException | IOException e) {
            console.err().println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
            return ExitCode.FAILED;
        }
    }

    private int command(List<String> arguments) throws IOException {
        String command = arguments.isEmpty() ? "help" : arguments.get(0);
        List<String> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
        return switch (command) {
            case "exec" -> new ExecCommand(console, options(command, rest), this::model, Interrupts.install()).run();
            case "chat" -> new ChatCommand(console, options(command, rest), this::model, Interrupts.install()).run();
            case "approve", "deny" ->
                DecideCommand.parse(console, command, rest, this::model, Interrupts.install())
                        .run();
            case "approvals" -> new ApprovalsCommand(console, readOptions(command, rest)).run();
            case "log" -> new LogCommand(console, readOptions(command, rest)).run();
            case "demo" -> {
                if (!rest.isEmpty()) {
                    throw new UsageException("demo takes no options");
                }
                yield new DemoCommand(console).run();
            }
            case "warm-up" -> new WarmUp((quiet, words) -> new Main(quiet).run(words)).run();
            case "help", "--help", "-h" -> {
                console.out().print(Help.TEXT);
                yield arguments.isEmpty() ? ExitCode.USAGE : ExitCode.FINISHED;
            }
            default -> throw new UsageException("there is no command " + command);
        };
    }

    private Options options(String command, List<String> words) {
        return Options.parse(command, words, console.environment());
    }

    private ReadOptions readOptions(String command, List<String> words) {
        return ReadOptions.parse(command, words, console.environment());
    }

    private Model model(String name) {
        String key = console.environment().getOrDefault("OPENAI_API_KEY", "");
        String server = console.environment().getOrDefault("OPENAI_BASE_URL", "");
        if (key.isBlank() && server.isBlank()) {
            throw new UsageException("OPENAI_API_KEY is not set: set it, or set OPENAI_BASE_URL to a server that needs"
                    + " none (" + console.program() + " demo needs neither)");
        }
        try {
            return OpenAiModel.builder(name)
                    .environment(console.environment())
                    // A session tries again itself.
                    .retries(RetryPolicy.NEVER)
                    .build();
        } catch (IllegalArgumentException e) {
            // The address may hold a password, so it is not repeated.
            throw new UsageException("OPENAI_BASE_URL is not an http or https address");
        }
    }
}
