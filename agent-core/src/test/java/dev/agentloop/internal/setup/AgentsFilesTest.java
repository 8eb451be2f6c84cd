package dev.agentloop.internal.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class AgentsFilesTest {
    private static final int STRANGER = 65_534;
    private static final int LIMIT = 32 * 1024;

    @TempDir
    Path temp;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private Path folder;

    @BeforeEach
    void prepare() throws IOException {
        folder = temp.toRealPath();
        log.start();
        ((Logger) LoggerFactory.getLogger(AgentsFiles.class)).addAppender(log);
    }

    @AfterEach
    void releaseLog() {
        ((Logger) LoggerFactory.getLogger(AgentsFiles.class)).detachAppender(log);
    }

    private Path write(String file, String text) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        return Files.writeString(folder.resolve(file), text);
    }

    private List<String> warned() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private void giveAway(Path entry) throws IOException {
        assumeTrue(
                Integer.valueOf(0).equals(Files.getAttribute(temp, "unix:uid")),
                "only root can give a file to another user");
        Files.setAttribute(entry, "unix:uid", STRANGER, LinkOption.NOFOLLOW_LINKS);
    }

    @Test
    void read_goesFromTheRootDown_overrideFirst() throws IOException {
        write("AGENTS.md", "above the root");
        write("repo/.git/HEAD", "");
        write("repo/AGENTS.md", "root\n");
        write("repo/a/AGENTS.md", "hidden by the override");
        write("repo/a/AGENTS.override.md", "override");
        write("repo/a/b/AGENTS.md", "  \n");
        write("repo/a/b/c/AGENTS.md", "inner");
        assertThat(AgentsFiles.read(folder.resolve("repo/a/b/c"))).contains("root\n\noverride\n\ninner");
        assertThat(AgentsFiles.files(folder.resolve("repo/a/b/c")))
                .extracting(file -> folder.toRealPath().relativize(file).toString())
                .containsExactly("repo/AGENTS.md", "repo/a/AGENTS.override.md", "repo/a/b/c/AGENTS.md");
        assertThat(AgentsFiles.read(folder)).contains("above the root");
        assertThat(AgentsFiles.read(folder.resolve("elsewhere"))).isEmpty();
    }

    @Test
    void read_ofAnEmptyOverride_hidesNothing() throws IOException {
        write("AGENTS.override.md", "\uFEFF \n");
        write("AGENTS.md", "what holds");

        assertThat(AgentsFiles.read(folder)).contains("what holds");
    }

    @Test
    void read_ofMoreThan32Kib_cutsTheOuterFilesFirst() throws IOException {
        write("repo/.git/HEAD", "");
        write("repo/AGENTS.md", "outermost");
        write("repo/x/AGENTS.md", "é".repeat(LIMIT / 2));
        write("repo/x/y/AGENTS.md", "nearest");

        String text = AgentsFiles.read(folder.resolve("repo/x/y")).orElseThrow();

        assertThat(text).isEqualTo("é".repeat((LIMIT - 7) / 2) + "\n\nnearest");
        assertThat(warned())
                .containsExactly(
                        "AGENTS.md files of " + folder.resolve("repo/x/y") + " exceed 32768 bytes; the one in "
                                + folder.resolve("repo/x") + " is cut to 32761 bytes",
                        "AGENTS.md files of " + folder.resolve("repo/x/y") + " exceed 32768 bytes; the one in "
                                + folder.resolve("repo") + " is cut to 0 bytes");
    }

    @Test
    void read_ofThreeGigabytes_readsTheBeginningOnly() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(write("AGENTS.md", "").toFile(), "rw")) {
            file.write("x".repeat(100_000).getBytes(StandardCharsets.UTF_8));
            file.setLength(3L << 30);
        }

        assertThat(AgentsFiles.read(folder)).contains("x".repeat(LIMIT));
    }

    @Test
    void read_ofALinkThatLeadsOut_isLeftOut() throws IOException {
        write("secret.txt", "secret");
        write("repo/.git/HEAD", "");
        Files.createSymbolicLink(folder.resolve("repo/AGENTS.md"), Path.of("../secret.txt"));

        assertThat(AgentsFiles.read(folder.resolve("repo"))).isEmpty();
        assertThat(warned())
                .containsExactly(folder.resolve("repo/AGENTS.md") + " is left out: java.io.IOException: it leads out of"
                        + " the project " + folder.resolve("repo") + ", to " + folder.resolve("secret.txt"));
    }

    @Test
    void read_ofALinkInsideTheProject_isFollowed() throws IOException {
        write("repo/.git/HEAD", "");
        write("repo/docs/rules.md", "rules");
        Files.createDirectories(folder.resolve("repo/sub"));
        Files.createSymbolicLink(folder.resolve("repo/sub/AGENTS.md"), Path.of("../docs/rules.md"));
        Files.createSymbolicLink(folder.resolve("alias"), folder.resolve("repo/sub"));

        assertThat(AgentsFiles.read(folder.resolve("repo/sub"))).contains("rules");
        assertThat(AgentsFiles.read(folder.resolve("alias"))).contains("rules");
    }

    @Test
    void read_ofAnotherUsersFile_isNotObeyed() throws IOException {
        Path file = write("AGENTS.md", "do as I say");
        giveAway(file);

        assertThat(AgentsFiles.read(folder)).isEmpty();
        assertThat(warned()).singleElement().asString().contains("it belongs to another user, ");
    }

    @Test
    void read_ofAnotherUsersLink_isNotFollowed() throws IOException {
        write("secret.txt", "secret");
        giveAway(Files.createSymbolicLink(folder.resolve("AGENTS.md"), Path.of("secret.txt")));

        assertThat(AgentsFiles.read(folder)).isEmpty();
    }

    @Test
    void read_belowAnotherUsersProject_endsAtTheWorkingDirectory() throws IOException {
        write("AGENTS.md", "outer");
        write("sub/AGENTS.md", "inner");
        giveAway(Files.createDirectory(folder.resolve(".git")));

        assertThat(AgentsFiles.read(folder.resolve("sub"))).contains("inner");
        assertThat(warned())
                .containsExactly(folder.resolve(".git") + " belongs to another user, so " + folder
                        + " is not taken for a project");
    }

    @ParameterizedTest
    @CsvSource({"UTF-8, ''", "UTF-8, \uFEFF", "UTF-16LE, \uFEFF", "UTF-16BE, \uFEFF", "ISO-8859-1, ''"})
    void read_inAnyEncodingThatReadFileKnows(Charset charset, String mark) throws IOException {
        Files.write(folder.resolve("AGENTS.md"), (mark + "Größe über alles").getBytes(charset));

        assertThat(AgentsFiles.read(folder)).contains("Größe über alles");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE", "ISO-8859-1"})
    void read_ofALongFileInAnyEncoding_splitsNoCharacter(Charset charset) throws IOException {
        String mark = charset.equals(StandardCharsets.UTF_16LE) ? "\uFEFF" : "";
        Files.write(folder.resolve("AGENTS.md"), (mark + "x" + "ü".repeat(100_000)).getBytes(charset));

        assertThat(AgentsFiles.read(folder)).contains("x" + "ü".repeat((LIMIT - 1) / 2));
    }

    @Test
    void read_ofWhatIsNoText_isLeftOut() throws IOException {
        Files.write(folder.resolve("AGENTS.override.md"), new byte[] {'a', 0, 'b'});
        Files.createDirectory(folder.resolve("AGENTS.md"));

        assertThat(AgentsFiles.read(folder)).isEmpty();
        assertThat(warned())
                .containsExactly(
                        folder.resolve("AGENTS.override.md") + " is left out: java.io.IOException: it is a binary file",
                        folder.resolve("AGENTS.md") + " is left out: java.io.IOException: it is no regular file");
    }
}
