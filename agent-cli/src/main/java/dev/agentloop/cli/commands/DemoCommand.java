package dev.agentloop.cli.commands;

import dev.agentloop.AgentLoop;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.cli.agent.CodingAgent;
import dev.agentloop.cli.events.Progress;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.store.ConversationRef;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.StatusLine;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A whole run without a key and without a network: a scripted server answers in the model's place, all else is real. */
public final class DemoCommand {
    private final Console console;
    private final PrintStream out;

    public DemoCommand(Console console) {
        this.console = console;
        this.out = console.out();
    }

    /** Shows the run and gives the exit code. */
    public int run() throws IOException {
        Path folder = Files.createTempDirectory("agent-demo-").toRealPath();
        SampleProject project = SampleProject.copyTo(folder.resolve("corner-shop"));
        out.println("""
                This is a demonstration. The model is a script: a server on this machine sends answers that were written
                beforehand. All else is real: the HTTP client, the loop, the shell, the patch, the files and the log.
                """);
        out.println("task: " + DemoScript.TASK);
        String store = folder.resolve("conversations").toString();
        Options options = Options.parse(
                "exec",
                List.of("--cd", "" + project.folder(), "--store", store, "--approval", "never", DemoScript.TASK),
                Map.of("XDG_STATE_HOME", "" + folder.resolve("state"), "OPENAI_BASE_URL", "http://localhost"));
        try (ScriptedServer server = ScriptedServer.answering(DemoScript.answers());
                ConversationStore conversations = options.store().open(Map.of())) {
            Outcome outcome = run(CodingAgent.builder(options, model(server), conversations));
            out.println();
            out.println(TerminalText.of(outcome.partialText()));
            tellDiff(project);
            tellRequests(server.requests());
            out.println("The project is in " + project.folder());
            console.tell(
                    "To read the log of the conversation:",
                    out,
                    Options.commandLine(
                            console.program(),
                            "log",
                            List.of("--store", options.store().shown(), ConversationRef.LAST)));
            if (!(outcome instanceof Outcome.Finished)) {
                out.println("It did not go as planned: " + TerminalText.line(outcome.describe()));
                return ExitCode.FAILED;
            }
            return ExitCode.FINISHED;
        }
    }

    private static Model model(ScriptedServer server) {
        return OpenAiModel.builder("scripted")
                .baseUrl(server.url().toString())
                .settings(settings -> settings.reasoning(true).customTools(true))
                .build();
    }

    private Outcome run(AgentLoop.Builder builder) {
        try (AgentLoop agent = builder.build()) {
            return agent.newConversation()
                    .run(
                            DemoScript.TASK,
                            RunOptions.listeningWith(new Progress(out, new StatusLine(out, null), Progress.Kind.SHOW)));
        }
    }

    private void tellDiff(SampleProject project) {
        out.println();
        out.println("What changed:");
        project.diff().forEach(out::println);
    }

    private void tellRequests(List<ScriptedRequest> requests) {
        out.println();
        out.println("What the server received:");
        for (ScriptedRequest request : requests) {
            String same = ", the first " + TerminalText.number(request.prefixBytes()) + " ("
                    + TerminalText.percent(request.prefixBytes(), request.length()) + ") as in the request before";
            out.println("  request " + request.number() + ": " + TerminalText.number(request.length()) + " bytes"
                    + (request.number() == 1 ? "" : same));
        }
        boolean grown = requests.stream().allMatch(ScriptedRequest::keepsPrefix);
        out.println(
                grown
                        ? "Each request begins with all of the one before, byte for byte. Providers read that part from their"
                                + " cache."
                        : "Not every request begins with all of the one before.");
        out.println();
    }
}
