package dev.agentloop.examples.cli;

import dev.agentloop.examples.ChildJvm;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of the command line share: a folder, a workspace in it, and a way to start the agent. */
abstract class AgentTest {
    private static final Pattern CONVERSATION = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    @TempDir
    Path folder;

    Path workspace;

    @BeforeEach
    void makeWorkspace() throws IOException {
        workspace = Files.createDirectory(folder.resolve("workspace"));
    }

    ChildJvm start(ScriptedServer server, String command, String... words) {
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--cd",
                workspace.toString(),
                "--store",
                folder.resolve("conversations").toString()));
        arguments.addAll(List.of(words));
        return ChildJvm.start(Main.class, server.url().toString(), folder, arguments);
    }

    /** The id of the conversation that this text names first. */
    static String conversation(String text) {
        Matcher id = CONVERSATION.matcher(text);
        if (!id.find()) {
            throw new AssertionError("no conversation in\n" + text);
        }
        return id.group();
    }
}
