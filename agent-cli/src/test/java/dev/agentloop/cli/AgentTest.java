package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.terminal.Console;
import dev.agentloop.testkit.ScriptedServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of the command line share: a folder, a workspace in it, and a way to start the agent. */
public abstract class AgentTest {
    private static final Pattern CONVERSATION = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    @TempDir
    protected Path folder;

    protected Path workspace;

    @BeforeEach
    void makeWorkspace() throws IOException {
        workspace = Files.createDirectory(folder.resolve("workspace"));
    }

    protected ChildJvm start(ScriptedServer server, String command, String... words) {
        return ChildJvm.start(Main.class, server.url().toString(), folder, arguments(command, words));
    }

    /** As a script does in its background. */
    protected ChildJvm startInBackground(ScriptedServer server, String command, String... words) {
        return ChildJvm.startInBackground(Main.class, server.url().toString(), folder, arguments(command, words));
    }

    private List<String> arguments(String command, String... words) {
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--cd",
                workspace.toString(),
                "--store",
                folder.resolve("conversations").toString()));
        arguments.addAll(List.of(words));
        return arguments;
    }

    /** What a command that only reads, and asks no model, prints to standard output and then to standard error. */
    protected String look(int exitCode, String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(1, List.of("--store", folder.resolve("conversations").toString()));
        return look(Map.of(), exitCode, arguments);
    }

    /** The same with an environment, and with the store that the words name. */
    protected String look(Map<String, String> environment, int exitCode, List<String> arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = new Console(
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                environment);
        assertThat(new Main(console).run(arguments)).as("%s", err).isEqualTo(exitCode);
        return out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
    }

    /** Where a folder really is. */
    protected static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The id of the conversation that this text names first. */
    protected static String conversation(String text) {
        Matcher id = CONVERSATION.matcher(text);
        if (!id.find()) {
            throw new AssertionError("no conversation in\n" + text);
        }
        return id.group();
    }
}
