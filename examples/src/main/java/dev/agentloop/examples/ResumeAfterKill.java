package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashHarness;
import dev.agentloop.testkit.CrashPoints;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import dev.agentloop.tools.TypedTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A process is killed while a tool is at work, and this one goes on with its conversation. The tool had its effect and
 * could not say so: the model is told that the result is unknown, looks, and does not do it twice.
 *
 * <p>The model is a script on this machine; the kill is real.
 */
public final class ResumeAfterKill {
    private static final List<ScriptedResponse> ANSWERS = List.of(
            ScriptedResponse.calls("call_1", "book_table", "{\"guest\":\"Ada\"}"),
            ScriptedResponse.calls("call_2", "list_bookings", "{}"),
            ScriptedResponse.says("The table for Ada is booked."));

    private ResumeAfterKill() {}

    record Booking(String guest) {}

    record NoArguments() {}

    // tag::tools[]
    static List<Tool> tools(Path bookings, CrashPoints points) {
        Tool book = TypedTool.of("book_table", "Books a table", Booking.class, (booking, context) -> {
            Files.writeString(bookings, booking.guest() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            points.reach("booked, and nobody knows");
            return "booked";
        });
        Tool list = TypedTool.of(
                        "list_bookings",
                        "Lists all bookings",
                        NoArguments.class,
                        (none, context) -> Files.readString(bookings))
                .withAccess(Tool.Access.READS);
        return List.of(book, list);
    }
    // end::tools[]

    private static AgentLoop agent(String server, ConversationStore store, Path bookings) {
        Model model = OpenAiModel.builder("scripted").baseUrl(server).build();
        return AgentLoop.builder()
                .model(model)
                .tools(tools(bookings, CrashPoints.ofThisProcess()))
                .store(store)
                .build();
    }

    /** The program that is killed. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] arguments) {
            Path folder = Path.of(arguments[1]);
            try (ConversationStore store = new FileStore(folder.resolve("conversations"));
                    AgentLoop agent = agent(arguments[0], store, folder.resolve("bookings.txt"))) {
                agent.newConversation().run("Book a table for Ada");
            }
        }
    }

    /** Has the victim killed, goes on in its place, and says how that ended. */
    static Outcome run(Path folder) throws InterruptedException {
        try (ScriptedServer server = ScriptedServer.answering(ANSWERS.toArray(ScriptedResponse[]::new))) {
            String url = server.url().toString();
            CrashHarness.Run killed = CrashHarness.of(Victim.class).stopAt(1, url, folder.toString());
            System.out.println("killed when it had " + killed.stoppedAt().orElseThrow());
            // tag::resume[]
            try (ConversationStore store = new FileStore(folder.resolve("conversations"));
                    AgentLoop agent = agent(url, store, folder.resolve("bookings.txt"))) {
                String id = store.list("", 1).get(0).conversation();
                return agent.resume(id).run(RunOptions.DEFAULT);
            }
            // end::resume[]
        }
    }

    /** Shows it in a temporary folder. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("resume-after-kill-");
        System.out.println(run(folder).text());
        System.out.println("bookings: " + Files.readAllLines(folder.resolve("bookings.txt")));
    }
}
