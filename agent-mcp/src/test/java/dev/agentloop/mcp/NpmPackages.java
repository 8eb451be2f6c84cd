package dev.agentloop.mcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs from npm, installed into the build folder once and used by all tests. Where that is impossible, tests are
 * aborted with npm's own words.
 */
final class NpmPackages {
    /** Servers that others have written. */
    static final NpmPackages SERVERS = new NpmPackages(
            "servers",
            "@modelcontextprotocol/server-everything@2026.8.31",
            "@modelcontextprotocol/server-filesystem@2026.8.31",
            "@modelcontextprotocol/server-memory@2026.8.31");

    /** The protocol's own tests, which need a newer Node than most machines have. */
    static final NpmPackages CONFORMANCE =
            new NpmPackages("conformance", "node@22.23.3", "@modelcontextprotocol/conformance@0.1.16");

    private static final Path BUILD = Path.of("target", "npm").toAbsolutePath();
    private static final int LAST_LINES = 15;
    private static final long MINUTES = 5;

    private final String name;
    private final List<String> packages;

    private NpmPackages(String name, String... packages) {
        this.name = name;
        this.packages = List.of(packages);
    }

    /** A file of an installed package, such as {@code @modelcontextprotocol/server-memory/dist/index.js}. */
    Path file(String path) {
        Path folder = BUILD.resolve(name);
        try {
            Files.createDirectories(folder);
            // Several builds may run in one folder, each with its own JVM for tests.
            synchronized (NpmPackages.class) {
                try (FileChannel lock = FileChannel.open(
                                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock held = lock.lock()) {
                    install(folder, held);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder.resolve("node_modules").resolve(path);
    }

    private void install(Path folder, FileLock held) throws IOException {
        assert held.isValid();
        Path done = folder.resolve("installed");
        String wanted = String.join("\n", packages);
        if (Files.exists(done) && Files.readString(done).equals(wanted)) {
            return;
        }
        Files.writeString(folder.resolve("package.json"), "{\"private\": true}");
        List<String> command =
                new ArrayList<>(List.of("npm", "install", "--no-audit", "--no-fund", "--no-package-lock"));
        command.addAll(packages);
        Path log = folder.resolve("npm.log");
        String trouble = run(command, folder, log);
        if (!trouble.isEmpty()) {
            Assumptions.abort("npm could not install " + packages + ": " + trouble);
        }
        Files.writeString(done, wanted);
    }

    private static String run(List<String> command, Path folder, Path log) throws IOException {
        Process npm;
        try {
            npm = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            return e.getMessage();
        }
        try {
            if (!npm.waitFor(MINUTES, TimeUnit.MINUTES)) {
                npm.destroyForcibly();
                return "it took longer than " + MINUTES + " minutes";
            }
        } catch (InterruptedException e) {
            npm.destroyForcibly();
            Thread.currentThread().interrupt();
            return "interrupted";
        }
        List<String> lines = Files.readAllLines(log);
        return npm.exitValue() == 0
                ? ""
                : String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }

    /** A server of {@link #SERVERS} that is spoken to over its standard input and output. */
    static McpServer stdio(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of("node", script(name).toString()));
        command.addAll(List.of(arguments));
        return McpServer.stdio(name, command).withTrust(McpServer.Trust.HINTS);
    }

    /** The program of a server of {@link #SERVERS}. */
    static Path script(String name) {
        Path script = SERVERS.file("@modelcontextprotocol/server-" + name + "/dist/index.js");
        Assumptions.assumeTrue(Files.exists(script), () -> script + " is missing from the installed package");
        return script;
    }
}
