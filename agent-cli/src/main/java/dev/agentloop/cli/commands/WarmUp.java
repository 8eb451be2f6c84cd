package dev.agentloop.cli.commands;

import dev.agentloop.cli.terminal.Console;
import dev.agentloop.testkit.ScriptedServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntBiFunction;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * Does in silence what the other commands do, so that the launcher can archive the classes that they load. Needs no key and
 * no network, and leaves nothing.
 */
public final class WarmUp {
    private final ToIntBiFunction<Console, List<String>> program;
    private final PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    /**
     * @param program runs a command line on a console, and gives the exit code
     */
    public WarmUp(ToIntBiFunction<Console, List<String>> program) {
        this.program = program;
    }

    /** Does it, and gives an exit code. */
    public int run() throws IOException {
        Path folder = Files.createTempDirectory("agent-warm-up-");
        try (ScriptedServer server = ScriptedServer.answering(DemoScript.answers())) {
            SampleProject.copyTo(folder.resolve("project"));
            int exitCode = exec(server, folder);
            loadTls();
            return exitCode;
        } finally {
            delete(folder);
        }
    }

    private int exec(ScriptedServer server, Path folder) {
        Map<String, String> environment = Map.of(
                "OPENAI_API_KEY", "none",
                "OPENAI_BASE_URL", server.url().toString(),
                "XDG_STATE_HOME", folder.resolve("state").toString());
        Console console = new Console(new ByteArrayInputStream(new byte[0]), nowhere, nowhere, environment);
        return program.applyAsInt(
                console, List.of("exec", "--cd", folder.resolve("project").toString(), DemoScript.TASK));
    }

    // The scripted server speaks plain HTTP; the first words of a handshake are enough to load what TLS is made of.
    private static void loadTls() {
        try {
            SSLEngine engine = SSLContext.getDefault().createSSLEngine("localhost", 443);
            engine.setUseClientMode(true);
            engine.beginHandshake();
            engine.wrap(
                    ByteBuffer.allocate(0),
                    ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
        } catch (NoSuchAlgorithmException | SSLException e) {
            throw new IllegalStateException("this JDK cannot speak TLS", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
