package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tools work in whatever locale their JVM was started, the one of a container without any included. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere the encoding of names does not depend on the locale")
class LocaleTest {
    private static final String ASCII = "ANSI_X3.4-1968";

    @TempDir
    Path folder;

    record Start(Map<String, String> environment, List<String> options, String encoding) {}

    static Stream<Start> starts() {
        return Stream.of(
                new Start(Map.of("LC_ALL", "C"), List.of(), ASCII),
                new Start(Map.of(), List.of(), ASCII),
                new Start(Map.of("LANG", "none_SUCH.UTF-8"), List.of("-Dfile.encoding=UTF-8"), ASCII),
                new Start(Map.of("LC_ALL", "C.UTF-8"), List.of(), "UTF-8"));
    }

    @ParameterizedTest
    @MethodSource("starts")
    void tools_inALocale_workWithAllLetters(Start start) throws Exception {
        long seed = new Random().nextLong();
        Path root = Files.createDirectory(folder.resolve(PathText.path(folder.getFileSystem(), "wörk spaces%")));
        Path state = Files.createDirectory(folder.resolve("state"));
        List<String> words = List.of(root.toUri().toString(), state.toUri().toString(), Long.toString(seed));

        assertThat(run(start, LocaleChild.class, words)).as("seed %d", seed).isEqualTo(start.encoding());
        try (Stream<Path> all = Files.walk(folder)) {
            assertThat(all.map(PathText::text)).noneMatch(name -> name.indexOf('\uFFFD') >= 0 || name.endsWith(".tmp"));
        }
    }

    /** What a JVM that was started so prints, with nothing but the path and a home in its environment. */
    private String run(Start start, Class<?> program, List<String> arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        words.addAll(start.options());
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        words.addAll(arguments);
        Path errors = folder.resolve("errors.txt");
        ProcessBuilder builder = new ProcessBuilder(words).redirectError(errors.toFile());
        builder.environment().keySet().retainAll(List.of("PATH"));
        builder.environment().put("HOME", folder.toString());
        builder.environment().putAll(start.environment());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s%s", output, Files.readString(errors))
                .isZero();
        return output;
    }
}
