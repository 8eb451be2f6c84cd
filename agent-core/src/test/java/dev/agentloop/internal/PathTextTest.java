package dev.agentloop.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Texts and paths, in the locale of this run; agent-tools starts JVMs in others. */
class PathTextTest {
    private static final FileSystem FILES = FileSystems.getDefault();
    private static final List<String> PIECES = List.of(
            "a", "é", "e\u0301", "漢", "😀", "€", "%", "%41", "+", "#", "?x", " ", "~", "..", ".", "/", "/", "//");

    @TempDir
    Path folder;

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void path_ofAText_isThatPath_andLeadsBack() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(9); length > 0; length--) {
                text.append(PIECES.get(random.nextInt(PIECES.size())));
            }
            String plain = text.toString().replaceAll("/+", "/").replaceAll("(.)/$", "$1");
            Path path = PathText.path(FILES, text.toString());
            assertThat(PathText.text(path)).as("seed %d: %s", seed, text).isEqualTo(plain);
            assertThat(PathText.canBeWritten(path)).isTrue();
            assertThat(path.isAbsolute()).isEqualTo(plain.startsWith("/"));
        }
    }

    @Test
    void path_ofWhatNoNameHas_isRefused() {
        for (String text : List.of("é\0", "é/\uD83D", "\0")) {
            assertThatThrownBy(() -> PathText.path(FILES, text))
                    .isInstanceOfSatisfying(InvalidPathException.class, e -> {
                        assertThat(e.getInput()).isNotEmpty();
                        assertThat(PathText.problem(e)).isNotEmpty();
                    });
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void nameThatIsNoText_isShownAndDoesNotLeadBack() throws Exception {
        assertThat(new ProcessBuilder("sh", "-c", "touch \"$(printf 'a\\377b')\"")
                        .directory(folder.toFile())
                        .start()
                        .waitFor())
                .isZero();
        try (var names = Files.list(folder)) {
            Path name = names.findFirst().orElseThrow().getFileName();
            assertThat(PathText.text(name)).isEqualTo("a\uFFFDb");
            assertThat(PathText.canBeWritten(name)).isFalse();
        }
    }

    @Test
    void remedy_isForWhatCannotBeHandedOn() {
        assertThat(PathText.reachesPrograms("plain")).isTrue();
        assertThat(PathText.reachesPrograms("\uD83D")).isEqualTo(OS.WINDOWS.isCurrentOs());
        assertThat(PathText.remedy()).matches("is half of a surrogate pair.*|.*start it with LC_ALL=C\\.UTF-8 or.*");
    }
}
