package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.internal.ProcessTree;
import dev.agentloop.tools.internal.shell.ProcessRun;
import dev.agentloop.tools.internal.shell.ShellEnvironment;
import dev.agentloop.tools.internal.shell.ShellProgram;
import dev.agentloop.tools.internal.workspace.Fence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Makes up commands and runs those that are said to be safe: they must neither change a file, nor read one outside, nor
 * run a program that is not known.
 *
 * <p>{@code -Dagentloop.fuzz.runs=100000} makes up so many, for each kind of programs; {@code -Dagentloop.fuzz.seed}
 * takes the seed that a failure prints. Give such a run time by {@code -Dsurefire.timeout=7200}, in seconds.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 2, unit = TimeUnit.HOURS)
class CommandSafetyFuzzTest {
    private static final int RUNS = Integer.getInteger("agentloop.fuzz.runs", 3_000);
    private static final int BATCH = 100;
    private static final int LARGEST_READ = 1 << 16;
    private static final String SECRET = "only-to-be-found-outside";

    /** When the files outside were last changed, as programs print it. */
    private static final List<String> TIMES = List.of("1987-06-05", "Jun  5  1987", "549894896");

    /** Programs of these names come first on the path and write down that they were run. */
    private static final List<String> TRAPS = RandomCommands.words("""
            sort tee touch cp mv ln mkdir rm truncate sh bash env xargs awk git dd split install made tool a nohup
            timeout nice list src
            """);

    @TempDir
    private Path base;

    private Path workspace;
    private Path outside;
    private boolean readingLeavesTraces;

    @Test
    void isSafe_ofWhatTheUsualProgramsRun_neitherChangesNorLeavesTheWorkspace() throws Exception {
        tryAll(List.of());
    }

    @Test
    void isSafe_ofWhatBusyBoxRuns_neitherChangesNorLeavesTheWorkspace() throws Exception {
        tryAll(List.of(applets(program("busybox"))));
    }

    @Test
    void isSafe_ofWhatCoreutilsInRustRun_neitherChangesNorLeavesTheWorkspace() throws Exception {
        tryAll(List.of(applets(program("coreutils"))));
    }

    /** What the tests above would miss if it were said to be safe, were there no traps. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo x >made",
                "echo x >>a.txt",
                "./tool",
                "touch made",
                "sort a.txt",
                "/bin/rm a.txt",
                "/bin/ln -s a.txt made",
                "/bin/chmod 600 a.txt",
                "echo x >../outside/made",
                "cat out/secret.txt",
                "cat hop2",
                "base64 ../outside/secret.txt",
                "wc -l ~/secret.txt",
                "ls out",
                "ls -l ../outside/secret.txt",
                "stat -L -c %Y hop",
                "grep -R a .",
                "find -L . -name 'only*'",
                "cd src && ls && ../tool"
            })
    void traps_ofWhatBreaksOut_areSprung(String command) throws Exception {
        CommandSafety safety = safety(environment(List.of()));
        assertThat(safety.isSafe(command, workspace)).isFalse();
        Map<String, String> before = snapshot();

        assertThatThrownBy(() -> requireHarmless(List.of(command), workspace, environment(List.of()), before, command))
                .isInstanceOf(AssertionError.class);
    }

    private void tryAll(List<Path> first) throws Exception {
        long seed = Long.getLong("agentloop.fuzz.seed", System.nanoTime());
        RandomCommands random = new RandomCommands(new Random(seed), base);
        Map<String, String> before = snapshot();
        int safe = 0;
        for (int run = 0; run < RUNS; run += BATCH) {
            Path directory = workspace.resolve(random.any(List.of("", "clean", "clean", "src")));
            List<Path> path = new ArrayList<>(
                    random.chance(15) ? List.of(base.resolve("odd"), workspace.resolve("bin")) : List.of());
            path.addAll(first);
            Map<String, String> environment = environment(path);
            CommandSafety safety = safety(environment);
            List<String> commands = Stream.generate(random::line)
                    .limit(BATCH)
                    .filter(command -> safety.isSafe(command, directory))
                    .distinct()
                    .toList();
            safe += commands.size();

            String what = "seed " + seed + ", in " + directory + ", one of:\n" + String.join("\n", commands);
            requireHarmless(commands, directory, environment, before, what);
        }
        assertThat(safe).as("safe ones, seed " + seed).isGreaterThan(RUNS / 20);
    }

    private void requireHarmless(
            List<String> commands,
            Path directory,
            Map<String, String> environment,
            Map<String, String> before,
            String what)
            throws IOException {
        String output = run(commands, directory, environment);

        assertThat(output).as(what).doesNotContain(SECRET);
        TIMES.forEach(time -> assertThat(output).as(what).doesNotContain(time));
        assertThat(snapshot()).as(what).isEqualTo(before);
    }

    private CommandSafety safety(Map<String, String> environment) {
        return new CommandSafety(
                workspace, new Fence(List.of())::look, ShellProgram.standard().path(), environment);
    }

    private Map<String, String> environment(List<Path> first) {
        String path = Stream.concat(first.stream(), Stream.of(base.resolve("traps")))
                        .map(Path::toString)
                        .collect(Collectors.joining(":"))
                + ":/usr/bin:/bin";
        Map<String, String> set = Map.of("HOME", outside.toString(), "PATH", path);
        return new ShellEnvironment(List.of(), List.of(), List.of(), List.of(), set).of(System.getenv());
    }

    /** Each command in a shell of its own, eight at a time, ended soon, as some wait for more to come. */
    private static String run(List<String> commands, Path directory, Map<String, String> environment)
            throws IOException {
        String script = "for c; do /usr/bin/timeout -k 1 0.5 /bin/bash -c \"$c\" & (( ++n % 8 )) || wait; done; wait";
        List<String> words = new ArrayList<>(List.of("/bin/bash", "-c", script, "commands"));
        words.addAll(commands);
        ProcessRun.Result result = ProcessRun.of(
                new ProcessRun.Request(words, directory, environment, Duration.ofMinutes(5), 1 << 24),
                () -> false,
                text -> {});
        assertThat(result.ending()).isEqualTo(ProcessRun.Ending.EXITED);
        return result.output();
    }

    private static Path program(String name) {
        Optional<Path> program = ProcessTree.program(name, System.getenv());
        assumeTrue(program.isPresent(), name + " is not on the path");
        return program.get();
    }

    /** A folder of links to a program that is many, by the names that commands here are made of. */
    private Path applets(Path many) throws IOException {
        ProcessRun.Request help = new ProcessRun.Request(
                List.of(many.toString(), "--help"), base, System.getenv(), Duration.ofMinutes(1), 1 << 20);
        List<String> known =
                List.of(ProcessRun.of(help, () -> false, text -> {}).output().split("[,\\s]+"));
        assertThat(known).contains("cat", "ls");
        Path copy = Files.copy(many, base.resolve(many.getFileName()));
        Path links = Files.createDirectories(base.resolve("applets"));
        Stream<String> names = Stream.concat(RandomCommands.READER_NAMES.stream(), RandomCommands.PROGRAMS.stream());
        for (String name : names.filter(known::contains)
                .filter(name -> !TRAPS.contains(name))
                .toList()) {
            Files.createSymbolicLink(links.resolve(name), copy);
        }
        return links;
    }

    @BeforeEach
    void fill() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.createDirectories(workspace.resolve("src/deep"));
        Files.createDirectories(workspace.resolve("clean/src/deep"));
        Files.createDirectories(workspace.resolve("bin"));
        fillOutside();
        write("a.txt", "a\nb\nc\n");
        write("x y", "5p\n");
        write("src/Main.java", "class Main {}\n");
        write("-n", "a\n");
        write("-r", "a\n");
        write("--pre=tool", "a\n");
        write("list", outside.resolve("secret.txt") + "\0");
        write("clean/a.txt", "a\n");
        link("out", "../outside");
        link("src/out.txt", outside.resolve("secret.txt").toString());
        link("in", "src");
        link("in2", "in");
        link("hop", "src/out.txt");
        link("hop2", "hop");
        link("up", "..");
        link("round", "round");
        link("src/deep/far", "../../out");
        link("clean/in", "src/deep");
        link("clean/in2", "in");
        link("clean/src/deep/up", "../../in2");
        String breakOut = "#!/bin/sh\n/bin/touch '" + workspace.resolve("made") + "'\n/bin/cat '" + outside + "'/*\n";
        executable(workspace.resolve("tool"), breakOut);
        fillPrograms(breakOut);
    }

    /** Files that were last read long ago, so that the next reading changes that time, where the system keeps it. */
    private void fillOutside() throws IOException {
        outside = Files.createDirectories(base.resolve("outside"));
        FileTime time = FileTime.from(Instant.parse("1987-06-05T12:34:56Z"));
        for (String name : List.of("probe", "secret.txt", SECRET)) {
            Path file = Files.writeString(outside.resolve(name), "a " + SECRET + "\n");
            Files.setLastModifiedTime(file, time);
            Files.setAttribute(file, "lastAccessTime", time);
        }
        Path probe = outside.resolve("probe");
        Files.readString(probe);
        readingLeavesTraces = !Files.getAttribute(probe, "lastAccessTime").equals(time);
        Files.delete(probe);
    }

    private void fillPrograms(String breakOut) throws IOException {
        Path traps = Files.createDirectories(base.resolve("traps"));
        for (String name : TRAPS) {
            executable(traps.resolve(name), "#!/bin/sh\necho \"$0 $*\" >>'" + base + "/was-run'\n");
        }
        // What is no program hides none: the shell goes on to the folder in the workspace.
        Path odd = Files.createDirectories(base.resolve("odd"));
        Files.createDirectory(odd.resolve("cat"));
        Files.writeString(odd.resolve("head"), breakOut);
        executable(odd.resolve("wc"), "#!/no/such/interpreter\n");
        Files.createSymbolicLink(odd.resolve("ls"), Path.of("not-there"));
        for (String name : List.of("cat", "head", "wc", "ls")) {
            executable(workspace.resolve("bin").resolve(name), breakOut);
        }
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(workspace.resolve(name), text);
    }

    private void link(String name, String target) throws IOException {
        Files.createSymbolicLink(workspace.resolve(name), Path.of(target));
    }

    private static void executable(Path file, String text) throws IOException {
        assertThat(Files.writeString(file, text).toFile().setExecutable(true)).isTrue();
    }

    /** Everything below the base: kinds, rights, times and contents; of what is outside, when it was read instead. */
    private Map<String, String> snapshot() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(base)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Map<String, Object> attributes = new TreeMap<>(Files.readAttributes(
                        path,
                        "unix:mode,lastModifiedTime,lastAccessTime,ctime,ino,nlink,size",
                        LinkOption.NOFOLLOW_LINKS));
                boolean file = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
                boolean secret = path.startsWith(outside);
                boolean program = file && Files.size(path) > LARGEST_READ;
                if (!file || !secret || !readingLeavesTraces) {
                    attributes.remove("lastAccessTime");
                }
                files.put(path.toString(), attributes + (file && !secret && !program ? Files.readString(path) : ""));
            }
        }
        return files;
    }
}
