package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.internal.ProcessTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Makes up commands and runs those that are said to be safe: they must neither change a file, nor read one outside, nor
 * run a program that is not known.
 *
 * <p>{@code -Dagentloop.fuzz.runs=100000} makes up so many, for each kind of programs; {@code -Dagentloop.fuzz.seed}
 * takes the seed that a failure prints.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 1, unit = TimeUnit.HOURS)
class CommandSafetyFuzzTest {
    private static final int RUNS = Integer.getInteger("agentloop.fuzz.runs", 5_000);
    private static final int BATCH = 100;
    private static final String SECRET = "only-to-be-found-outside";

    // In these lists ␣ is a space, ␤ a line break and ⇥ a tab.

    /** Programs that open files, and what they are called with most. */
    private static final Map<String, List<String>> READERS = """
            base64 -d -i -o -w --output=made --wrap=0
            cat -n -A - --
            cd - -P -- .. src in
            cut -c1- -d: -f1 -d -f --bytes=1-
            find -delete -exec -ok cat {} ; -fls -fprint made -fprintf -L -follow -name * -type f -print ! -o -newer \
                -files0-from -samefile -ls
            grep -r -R -n a -rn -f -e -ra -Ra --file=list --regexp=a -flist --dereference-recursive --include=* -A -C \
                1 -d recurse -5 --fil=list
            head -n -c 5 -5 -c5 --lines=3 -v
            ls -l -la -R -L -RL -H --color=auto -I -d
            nl -b a -ba -p
            paste -s -d , -d,
            rev --
            rg a -n -L --follow -z -iz --pre --pre=./tool ./tool --files -f -e --hidden --hostname-bin=./tool \
                --search-zip -g *
            sed -n 5p 1,3p -i -e w␣made 5w␣made -i.bak 1e␣./tool -s -z
            stat -c %n -f -L --printf=%n
            tac -b -r -s a
            tail -n -c +2 -5 --lines=3 -q
            uniq -c -d -u -f 1 --count made -
            wc -l -c --files0-from=list -L
            """.lines()
            .map(CommandSafetyFuzzTest::words)
            .collect(Collectors.toMap(words -> words.get(0), words -> words.subList(1, words.size())));

    private static final List<String> READER_NAMES =
            READERS.keySet().stream().sorted().toList();

    private static final List<String> PROGRAMS = words("""
            echo expr false id numfmt pwd seq tr true uname which whoami sort tee touch cp mv ln mkdir rm truncate sh
            bash env xargs awk git ./tool dd split install printf test . eval exec command time !
            """);

    /** Commands that walk through folders, which chance alone seldom makes whole. */
    private static final List<String> WALKS = words("""
            grep␣-r␣a grep␣-rn␣-e␣a grep␣-ra␣a grep␣-d␣recurse␣a ls␣-R ls␣-lR find rg␣a rg␣--hidden␣-n␣a
            """);

    /** Programs of these names come first on the path and write down that they were run. */
    private static final List<String> TRAPS = words("""
            sort tee touch cp mv ln mkdir rm truncate sh bash env xargs awk git dd split install made tool a
            """);

    private static final List<String> OPTIONS = words("""
            -n -l -a -R -r -L -o -i -c -f -e -w -z -d -s -H -P -C -A -m -5 -rn -c5 -fx -ox -- - -D --output=made
            --output --color --in-place --file=list --help --version
            """);

    private static final List<String> TEXTS = words("""
            a made 1 5p 1,3p w␣made 5w␣made s/a/b/w␣made 1e␣touch␣made + ; {} f ./tool *.txt x␣y a|b a>made
            $(touch␣made) `touch␣made` $HOME &&␣touch␣made ␤␣touch␣made \\ ' " # a=b PATH=. ~ é {a,made} -o $ ⇥ ! ( )
            """);

    private static final List<String> GLUE = words("""
            ␣|␣ ␣&&␣ ␣||␣ ;␣ ␤ ; | && ␣&␣ ␣|&␣ ␣;;␣ \\␤ ␣# ␣( )␣
            """);

    private static final List<String> REDIRECTIONS = words("""
            >␣made >made >>␣a.txt 2>made &>made >|made <a.txt <<<x <<E␤x␤E␤ 2>&1 3<>made >$(echo␣made) >␣'made'
            <(touch␣made)
            """);

    @TempDir
    private Path base;

    private Path workspace;
    private Random random = new Random();

    @Test
    void isSafe_ofWhatTheUsualProgramsRun_neitherChangesNorLeavesTheWorkspace() throws Exception {
        fill();

        tryAll(List.of());
    }

    @Test
    void isSafe_ofWhatBusyBoxRuns_neitherChangesNorLeavesTheWorkspace() throws Exception {
        Optional<Path> busybox = ProcessTree.program("busybox", System.getenv());
        assumeTrue(busybox.isPresent(), "busybox is not on the path");
        fill();
        List<String> applets = Stream.concat(READER_NAMES.stream(), PROGRAMS.stream())
                .filter(name -> name.matches("[a-z0-9]+") && !TRAPS.contains(name) && !name.equals("rg"))
                .toList();
        Path links = Files.createDirectories(base.resolve("applets"));
        for (String applet : applets) {
            Files.createSymbolicLink(links.resolve(applet), busybox.get());
        }

        tryAll(List.of(links));
    }

    private void tryAll(List<Path> first) throws Exception {
        long seed = Long.getLong("agentloop.fuzz.seed", System.nanoTime());
        random = new Random(seed);
        Map<String, String> environment = environment(first);
        CommandSafety safety = new CommandSafety(workspace, ShellProgram.standard(), environment);
        Map<String, String> before = snapshot();
        int safe = 0;
        for (int run = 0; run < RUNS; run += BATCH) {
            Path directory = chance(50) ? workspace : workspace.resolve("clean");
            List<String> commands = Stream.generate(this::line)
                    .limit(BATCH)
                    .filter(command -> safety.isSafe(command, directory))
                    .distinct()
                    .toList();
            safe += commands.size();

            String output = run(commands, directory, environment);

            String what = "seed " + seed + ", in " + directory + " one of:\n" + String.join("\n", commands);
            assertThat(output).as(what).doesNotContain(SECRET);
            assertThat(snapshot()).as(what).isEqualTo(before);
        }
        assertThat(safe).as("safe ones, seed " + seed).isGreaterThan(RUNS / 20);
    }

    private Map<String, String> environment(List<Path> first) {
        String path = Stream.concat(first.stream(), Stream.of(base.resolve("traps")))
                        .map(Path::toString)
                        .collect(Collectors.joining(":"))
                + ":/usr/bin:/bin";
        Map<String, String> set = Map.of("HOME", base.resolve("outside").toString(), "PATH", path);
        return new ShellEnvironment(List.of(), List.of(), List.of(), List.of(), set).of(System.getenv());
    }

    /** Each command in a shell of its own, eight at a time, ended soon, as some wait for more to come. */
    private String run(List<String> commands, Path directory, Map<String, String> environment) throws IOException {
        String script = "for c; do /usr/bin/timeout -k 1 0.5 /bin/bash -c \"$c\" & (( ++n % 8 )) || wait; done; wait";
        List<String> words = new ArrayList<>(List.of("/bin/bash", "-c", script, "commands"));
        words.addAll(commands);
        ProcessResult result = ProcessRun.of(
                new ProcessRequest(words, directory, environment, Duration.ofMinutes(5), 1 << 24), new Silent());
        assertThat(result.ending()).isEqualTo(ProcessResult.Ending.EXITED);
        return result.output();
    }

    private void fill() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Path outside = Files.createDirectories(base.resolve("outside"));
        Files.createDirectories(workspace.resolve("src/deep"));
        Files.writeString(workspace.resolve("a.txt"), "a\nb\nc\n");
        Files.writeString(workspace.resolve("x y"), "5p\n");
        Files.writeString(workspace.resolve("src/Main.java"), "class Main {}\n");
        Files.writeString(outside.resolve("secret.txt"), "a " + SECRET + "\n");
        Files.writeString(workspace.resolve("list"), outside.resolve("secret.txt") + "\0");
        Files.createSymbolicLink(workspace.resolve("out"), Path.of("../outside"));
        Files.createSymbolicLink(workspace.resolve("src/out.txt"), outside.resolve("secret.txt"));
        Files.createSymbolicLink(workspace.resolve("in"), Path.of("src"));
        Path tool = Files.writeString(
                workspace.resolve("tool"),
                "#!/bin/sh\ntouch '" + workspace.resolve("made") + "'\ncat '" + outside + "'/*\n");
        assertThat(tool.toFile().setExecutable(true)).isTrue();
        Files.createDirectories(workspace.resolve("clean/src/deep"));
        Files.writeString(workspace.resolve("clean/a.txt"), "a\n");
        Files.createSymbolicLink(workspace.resolve("clean/in"), Path.of("src/deep"));
        Path traps = Files.createDirectories(base.resolve("traps"));
        for (String name : TRAPS) {
            Path trap = Files.writeString(traps.resolve(name), "#!/bin/sh\necho \"$0 $*\" >>'" + base + "/was-run'\n");
            assertThat(trap.toFile().setExecutable(true)).isTrue();
        }
    }

    /** Everything below the base: kinds, rights, times and contents. */
    private Map<String, String> snapshot() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(base)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Map<String, Object> attributes = Files.readAttributes(
                        path, "unix:mode,lastModifiedTime,ctime,ino,nlink", LinkOption.NOFOLLOW_LINKS);
                String content = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? Files.readString(path) : "";
                files.put(path.toString(), new TreeMap<>(attributes) + content);
            }
        }
        return files;
    }

    private String line() {
        StringBuilder line = new StringBuilder(command());
        while (chance(30)) {
            line.append(any(GLUE)).append(command());
        }
        return line.toString();
    }

    private String command() {
        if (chance(5)) {
            return any(WALKS) + (chance(50) ? "" : " " + path());
        }
        String program = any(chance(70) ? READER_NAMES : PROGRAMS);
        StringBuilder command = new StringBuilder(quoted(program, 3));
        List<String> own = READERS.getOrDefault(program, OPTIONS);
        if (chance(40)) {
            command.append(' ').append(quoted(path(), 30));
        }
        int words = random.nextInt(4);
        for (int i = 0; i < words; i++) {
            command.append(chance(95) ? " " : "\t").append(word(own));
        }
        if (chance(4)) {
            command.append(' ').append(any(REDIRECTIONS));
        }
        return command.toString();
    }

    private String word(List<String> options) {
        int kind = random.nextInt(100);
        if (kind < 45) {
            String option = any(options);
            boolean special = option.chars().anyMatch(c -> " *;(){}".indexOf(c) >= 0);
            return quoted(option, special ? 90 : 5);
        }
        if (kind < 50) {
            return quoted(any(OPTIONS), 10);
        }
        return kind < 90 ? quoted(path(), 30) : quoted(any(TEXTS), 80);
    }

    private String path() {
        return any(words("""
                        a.txt src src/Main.java in in/Main.java x␣y list . made src/deep ./a.txt out out/secret.txt
                        src/out.txt .. ../outside ../outside/secret.txt in/../a.txt src/../.. in/out.txt ~/secret.txt
                        deep/../out.txt out.txt clean ../clean clean/in /proc/self/cwd/a.txt /proc/self/root/BASE/outside/secret.txt
                        /proc/self/cwd/../outside/secret.txt /dev/stdin /dev/fd/1 /dev/null BASE/outside/secret.txt BASE/ws/a.txt tool -o src/made
                        """)).replace("BASE", base.toString());
    }

    private String quoted(String word, int percent) {
        if (!chance(percent)) {
            return word;
        }
        return switch (random.nextInt(5)) {
            case 0 -> "'" + word + "'";
            case 1 -> "\"" + word + "\"";
            case 2 -> "\\" + word;
            case 3 -> word.length() < 2 ? "''" + word : word.charAt(0) + "'" + word.substring(1) + "'";
            default -> "$'" + word + "'";
        };
    }

    private static List<String> words(String text) {
        return Stream.of(text.strip().split("\\s+"))
                .map(word -> word.replace('␣', ' ').replace('␤', '\n').replace('⇥', '\t'))
                .toList();
    }

    private String any(List<String> list) {
        return list.get(random.nextInt(list.size()));
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private static final class Silent implements ProcessListener {
        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void output(String text) {}
    }
}
