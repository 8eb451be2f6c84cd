package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.ProcessTree;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server and the JVM that started it. */
@Tag("once")
class LifetimeTest {
    @TempDir
    Path folder;

    private final List<Process> children = new ArrayList<>();
    private final List<ProcessHandle> servers = new ArrayList<>();

    /** A JVM that has started a server. */
    private record Owner(Process jvm, ProcessHandle postmaster) {}

    @AfterEach
    void endChildren() {
        children.forEach(Process::destroyForcibly);
        await().until(() -> servers.stream().noneMatch(ProcessTree::isRunning));
    }

    @Test
    void jvmKilled_serverEndsAndTheFolderIsFree() throws Exception {
        Owner owner = owner(List.of(), classPath());
        owner.jvm().destroyForcibly().waitFor();
        try (EmbeddedPostgres next = server().start()) {
            assertThat(ProcessTree.isRunning(owner.postmaster())).isFalse();
            assertThat(Sql.one(next, "SELECT count(*) FROM t")).isEqualTo("0");
        }
        assertThat(folder.resolve("server/server.log.previous"))
                .content(StandardCharsets.UTF_8)
                .contains("received fast shutdown request", "database system is shut down");
    }

    @Test
    void jvmExits_serverOutlivesItsHooks() throws Exception {
        Owner owner = owner(List.of(), classPath());
        owner.jvm().getOutputStream().close();
        assertThat(owner.jvm().waitFor()).isZero();
        await().until(() -> !ProcessTree.isRunning(owner.postmaster()));
        try (EmbeddedPostgres next = server().start()) {
            assertThat(Sql.one(next, "SELECT what FROM t")).isEqualTo("last words");
        }
    }

    @Test
    void serverOfAnotherJvm_isNotTouched() throws Exception {
        Owner owner = owner(List.of(), classPath());
        EmbeddedPostgres.Builder second = server();
        assertThatThrownBy(second::start)
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("is run by process " + owner.jvm().pid() + ": ");
        assertThat(ProcessTree.isRunning(owner.postmaster())).isTrue();
    }

    @Test
    void server_isOutOfReachOfTheTerminal() throws Exception {
        try (EmbeddedPostgres server = server().start()) {
            Path stat = Path.of("/proc", "" + server.postmasterPid(), "stat");
            Assumptions.assumeTrue(Files.exists(stat), "no /proc here");
            String[] fields = Files.readString(stat).replaceFirst(".*\\) ", "").split(" ");
            assertThat(fields[3]).as("session").isEqualTo("" + server.postmasterPid());
        }
    }

    @Test
    void numberOfAKilledServer_takenByAnother_isNoObstacle() throws Exception {
        try (EmbeddedPostgres server = server().start()) {
            Sql.run(server, "CREATE TABLE kept AS SELECT 7 AS n");
            server.kill();
            Path file = server.dataFolder().resolve(PidFile.NAME);
            String content = Files.readString(file);
            Files.writeString(
                    file,
                    content.replaceFirst("\\d+", "" + ProcessHandle.current().pid()));
        }
        try (EmbeddedPostgres next = server().start()) {
            assertThat(Sql.one(next, "SELECT n FROM kept")).isEqualTo("7");
        }
    }

    @Test
    void interruptedThread_stillEndsTheServer_butStartsNone() {
        EmbeddedPostgres server = server().start();
        ProcessHandle postmaster = ProcessHandle.of(server.postmasterPid()).orElseThrow();
        Thread.currentThread().interrupt();
        try {
            server.close();
            assertThat(ProcessTree.isRunning(postmaster)).isFalse();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            assertThatThrownBy(server()::start).isInstanceOf(EmbeddedPostgresException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        server().start().close();
        assertThat(folder.resolve("server/server.log.previous"))
                .content(StandardCharsets.UTF_8)
                .contains("database system is shut down");
    }

    /** All other tests show the same for whoever runs the build. */
    @Test
    void root_lendsItToAnOrdinaryUser() throws Exception {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "only root can become someone else");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        Owner owner =
                owner(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"), readableClassPath());
        Path status = Path.of("/proc", "" + owner.postmaster().pid(), "status");
        assertThat(status).content(StandardCharsets.UTF_8).containsPattern("Uid:\\s65534\\s65534");
        assertThat(Files.getAttribute(folder.resolve("server/data/PG_VERSION"), "unix:uid"))
                .isEqualTo(65534);
        owner.jvm().getOutputStream().close();
        assertThat(owner.jvm().waitFor()).isZero();
        await().until(() -> !ProcessTree.isRunning(owner.postmaster()));
    }

    private EmbeddedPostgres.Builder server() {
        return EmbeddedPostgres.in(folder.resolve("server"));
    }

    private Owner owner(List<String> prefix, String classPath) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                ServerProgram.class.getName(),
                folder.resolve("server").toString()));
        if (!prefix.isEmpty()) {
            command.add(folder.resolve("cache").toString());
        }
        Process jvm = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        children.add(jvm);
        BufferedReader output = new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8));
        List<String> lines = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(ServerProgram.STARTED)) {
                long pid = Long.parseLong(line.substring(ServerProgram.STARTED.length()));
                ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
                servers.add(postmaster);
                return new Owner(jvm, postmaster);
            }
            lines.add(line);
        }
        throw new AssertionError("no server: " + lines);
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }

    /** A copy, for what the build uses may be root's alone. */
    private String readableClassPath() throws IOException {
        Path copies = Files.createDirectory(folder.resolve("classes"));
        List<Path> entries = Stream.of(classPath().split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::exists)
                .toList();
        for (int i = 0; i < entries.size(); i++) {
            copy(entries.get(i), copies.resolve(i + "-" + entries.get(i).getFileName()));
        }
        try (Stream<Path> all = Files.list(copies)) {
            return all.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            all.forEach(path -> {
                try {
                    Path copy = to.resolve(from.relativize(path).toString());
                    Files.copy(path, copy);
                    Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
