package dev.agentloop.mcp;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/** The server "everything" over streamable HTTP on a port of this machine. */
final class HttpProgram implements AutoCloseable {
    private final int port;
    private Process process;

    HttpProgram() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        start();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port + "/mcp");
    }

    /** Starts the program; returns when it takes connections. */
    void start() throws IOException {
        Path script = NpmPackages.script("everything");
        ProcessBuilder builder = new ProcessBuilder(List.of("node", script.toString(), "streamableHttp"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("PORT", Integer.toString(port));
        process = builder.start();
        await().until(this::takesConnections);
    }

    private boolean takesConnections() {
        if (!process.isAlive()) {
            throw new AssertionError("the server exited with code " + process.exitValue());
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
