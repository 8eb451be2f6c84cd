package dev.agentloop.examples.cli;

import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.RetryPolicy;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.pg.embedded.EmbeddedPostgresException;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.util.List;

/** The program behind {@code ./agent}. */
public final class Main {
    /** The task is done. */
    static final int FINISHED = 0;
    /** Something went wrong, and was said. */
    static final int FAILED = 1;
    /** The command line is wrong. */
    static final int USAGE = 2;
    /** A limit was reached. */
    static final int LIMIT_REACHED = 3;
    /** Calls await approval. */
    static final int AWAITING_APPROVAL = 4;

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
            return USAGE;
        } catch (ModelException | StoreException | EmbeddedPostgresException | IOException e) {
            console.err().println("agent: " + TerminalText.line(String.valueOf(e.getMessage())));
            return FAILED;
        }
    }

    private int command(List<String> arguments) throws IOException {
        String command = arguments.isEmpty() ? "help" : arguments.get(0);
        List<String> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
        switch (command) {
            case "exec" -> {
                Options options = OptionParser.parse(command, rest, console.environment());
                return new ExecCommand(console, options, this::model, Interrupts.install()).run();
            }
            case "chat" -> {
                Options options = OptionParser.parse(command, rest, console.environment());
                return new ChatCommand(console, options, this::model, Interrupts.install()).run();
            }
            case "approve", "deny" -> {
                return DecideCommand.parse(console, command, rest, this::model, Interrupts.install())
                        .run();
            }
            case "approvals" -> {
                return new ApprovalsCommand(console, ReadOptions.parse(command, rest, console.environment())).run();
            }
            case "log" -> {
                return new LogCommand(console, ReadOptions.parse(command, rest, console.environment())).run();
            }
            case "demo" -> {
                if (!rest.isEmpty()) {
                    throw new UsageException("demo takes no options");
                }
                return new DemoCommand(console).run();
            }
            case "warm-up" -> {
                return new WarmUp().run();
            }
            case "help", "--help", "-h" -> {
                console.out().print(Help.TEXT);
                return arguments.isEmpty() ? USAGE : FINISHED;
            }
            default -> throw new UsageException("there is no command " + command);
        }
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
