package dev.agentloop.tools.internal.command;

import dev.agentloop.internal.PathText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The first words of commands that a person allows once and for all. What comes after them is not looked at, so these words
 * must say what is run: a prefix that leaves that open is refused.
 *
 * <table>
 *   <caption>What a prefix must not be</caption>
 *   <tr><td>empty, or an assignment such as {@code PATH=x}</td><td>it would allow every command</td></tr>
 *   <tr><td>begun with a {@link #RUNNERS runner}: {@code env}, {@code sudo}, {@code xargs}, {@code find}, {@code ssh},
 *     {@code docker}, {@code nice}, {@code time}, {@code timeout}, {@code nohup}, {@code npx}, {@code eval} and so on</td>
 *     <td>later words, after options, say what is run</td></tr>
 *   <tr><td>an {@link #INTERPRETERS interpreter} without a script: {@code bash}, {@code python3 -c}, {@code node -e}</td>
 *     <td>the same</td></tr>
 *   <tr><td>a {@link #SUBCOMMANDS program of many uses} by itself: {@code git}, {@code mvn}, {@code npm run}</td>
 *     <td>later words say which use, and some run other programs</td></tr>
 *   <tr><td>one of those uses that runs what it is given: {@code npm exec}, {@code uv run}, {@code git bisect}</td>
 *     <td>as a runner</td></tr>
 * </table>
 *
 * <p>Programs are known by the last part of their path, whatever its case, version and {@code .exe}. A program that is named
 * by a path, and a script, are the same only in the same place. Immutable.
 */
final class CommandPrefix {
    /** Programs, and words of the shell, that run what their later words say. */
    private static final Set<String> RUNNERS = words("""
            env sudo doas su runuser pkexec run0 setpriv capsh chroot unshare nsenter bwrap firejail systemd-run systemd-nspawn
            xargs parallel find fd fdfind entr watch ssh mosh docker podman nerdctl ctr crictl kubectl oc lxc incus machinectl
            vagrant nice ionice chrt taskset time timeout nohup setsid stdbuf unbuffer flock script expect caffeinate faketime
            genv gxargs gfind gtimeout gtime gnice gnohup gstdbuf gchroot start-stop-daemon daemonize dbus-run-session xvfb-run strace ltrace gdb lldb perf valgrind at batch crontab tmux
            screen npx pnpx bunx uvx pipx nix-shell direnv busybox toybox awk gawk mawk nawk vi vim nvim ex ed emacs
            exec eval command builtin source . cd pushd popd export declare typeset local readonly read set unset shopt alias
            unalias trap hash enable coproc umask ulimit
            ! { } [[ if then else elif fi for while until do done case esac in select function
            """);

    /** Programs that run the file which is their second word, or a text, where that is an option. */
    private static final Set<String> INTERPRETERS = words("""
            sh bash rbash dash ash zsh ksh mksh fish csh tcsh pwsh powershell python pypy ipython ruby irb perl node nodejs
            php lua luajit rscript julia tclsh wish guile racket groovy java jshell scala kotlin elixir erl osascript
            """);

    /** Programs whose second word says what they do, each with those of its uses that run what they are given. */
    private static final Map<String, Set<String>> SUBCOMMANDS = """
            git: bisect config difftool filter-branch for-each-repo hook mergetool rebase submodule
            npm: exec x explore
            pnpm: exec dlx
            yarn: exec dlx
            bun: x exec
            deno: eval repl
            corepack: npm pnpm yarn
            mvn: exec:exec exec:java
            mvnw: exec:exec exec:java
            gradle:
            gradlew:
            make:
            gmake:
            just:
            task:
            rake:
            ant:
            sbt:
            bazel: run
            cargo:
            go: run tool
            dotnet: exec
            bundle: exec
            rbenv: exec
            pyenv: exec
            rustup: run
            asdf: exec
            mise: exec x
            poetry: run shell
            pipenv: run shell
            uv: run tool x
            hatch: run shell
            conda: run
            mamba: run
            nix: run shell develop
            gh: alias extension
            pip:
            """.lines()
            .map(line -> line.split(":", 2))
            .collect(Collectors.toUnmodifiableMap(parts -> parts[0], parts -> words(parts[1])));

    /** Uses that have uses themselves: the next word is a name out of the project's own file. */
    private static final Set<String> RUN_BY_NAME = words("run run-script task");

    private final List<String> words;

    private CommandPrefix(List<String> words) {
        this.words = List.copyOf(words);
    }

    private static Set<String> words(String text) {
        return Stream.of(text.split("\\s+")).filter(word -> !word.isEmpty()).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * The prefix of these words.
     *
     * @throws IllegalArgumentException if it would allow too much; the message tells a person why
     */
    static CommandPrefix of(List<String> words) {
        if (words.isEmpty() || words.get(0).isBlank()) {
            throw tooBroad("is empty: it would allow every command");
        }
        if (words.stream().anyMatch(word -> word.chars().anyMatch(Character::isISOControl))) {
            throw new IllegalArgumentException(
                    "a prefix is to be read by people, but this one has a control character in it");
        }
        String first = words.get(0);
        String program = program(first);
        if (first.indexOf('=') >= 0) {
            throw tooBroad("begins with " + first + ", which may be an assignment: it says nothing of what is run");
        }
        if (RUNNERS.contains(program)) {
            throw tooBroad("begins with " + program + ", which runs whatever later words say");
        }
        if (INTERPRETERS.contains(program) && (words.size() < 2 || words.get(1).matches("[-+@].*|"))) {
            throw tooBroad("begins with " + program
                    + ", which runs whatever it is given; name the script too, such as: " + first + " FILE");
        }
        if (SUBCOMMANDS.containsKey(program)) {
            checkUse(program, words);
        }
        return new CommandPrefix(words);
    }

    private static void checkUse(String program, List<String> words) {
        List<String> uses = words.stream()
                .skip(1)
                .filter(word -> !word.matches("-.*|.*=.*"))
                .toList();
        boolean optionFirst = words.size() > 1 && words.get(1).startsWith("-");
        if (uses.isEmpty() || program.equals("git") && optionFirst) {
            throw tooBroad(
                    "begins with " + program + " and does not say next what that is to do; name it too, such as: "
                            + words.get(0) + " " + (program.equals("git") ? "status" : "test"));
        }
        for (String use : optionFirst ? uses : uses.subList(0, 1)) {
            if (SUBCOMMANDS.getOrDefault(program, Set.of()).contains(use)) {
                throw tooBroad("begins with " + program + " " + use + ", which runs whatever later words say");
            }
        }
        if (RUN_BY_NAME.contains(uses.get(0))
                && (words.size() < 3 || words.get(2).startsWith("-"))) {
            throw tooBroad("begins with " + program + " " + uses.get(0) + " and does not say next what that is to run");
        }
    }

    private static IllegalArgumentException tooBroad(String why) {
        return new IllegalArgumentException("a prefix must say what is run, but this one " + why);
    }

    /**
     * The narrowest prefix of a command that is of use: all its words, but of a program of many uses only those up to its use.
     *
     * @throws IllegalArgumentException if it would allow too much
     */
    static CommandPrefix proposed(List<String> command) {
        if (SUBCOMMANDS.containsKey(program(command.get(0)))
                && command.size() > 1
                && !command.get(1).startsWith("-")) {
            int words = RUN_BY_NAME.contains(command.get(1)) ? 3 : 2;
            return of(command.subList(0, Math.min(words, command.size())));
        }
        return of(command);
    }

    /** The name by which a program is known: {@code python} of {@code /usr/bin/python3.11}. */
    private static String program(String word) {
        String name = word.substring(word.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        return name.replaceFirst("\\.exe$", "").replaceFirst("(?<=[a-z])-?[0-9][0-9.]*$", "");
    }

    List<String> words() {
        return words;
    }

    /**
     * Whether a command begins with these words.
     *
     * @param home where this prefix is at home
     * @param directory where the command is run
     */
    boolean begins(Path home, List<String> command, Path directory) {
        return command.size() >= words.size()
                && placed(command, directory).subList(0, words.size()).equals(placed(words, home));
    }

    /** Whether it names a file by a path that depends on the folder. */
    boolean dependsOnFolder() {
        return !relative().isEmpty();
    }

    /** Whether what it names by such a path lies in that home, seen from a directory. */
    boolean liesIn(Path home, Path directory) {
        List<String> there = placed(words, directory);
        return relative().stream()
                .map(at -> Path.of(there.get(at)))
                .allMatch(path -> path.startsWith(home) && !leadsUp(path));
    }

    /** The same for a command that is run at home: what it names by a path is the same file. */
    CommandPrefix seenFrom(Path home, Path directory) {
        List<String> seen = new ArrayList<>(words);
        List<String> there = placed(words, directory);
        for (int at : relative()) {
            String path = home.relativize(Path.of(there.get(at))).toString();
            seen.set(at, at == 0 && path.indexOf('/') < 0 ? "./" + path : path);
        }
        return of(seen);
    }

    private List<Integer> relative() {
        return paths(words).stream()
                .filter(at -> !words.get(at).startsWith("/"))
                .toList();
    }

    // The words, with the program and a script where they lie, if they are named by a path.
    private static List<String> placed(List<String> words, Path directory) {
        List<String> placed = new ArrayList<>(words);
        paths(words).forEach(at -> placed.set(at, PathText.text(placed(words.get(at), directory))));
        return placed;
    }

    // Where a link was followed, ".." leads elsewhere than the words say: with it, a path is the same only as it
    // stands.
    private static Path placed(String word, Path directory) {
        Path path = directory.resolve(word);
        return leadsUp(path) ? path : path.normalize();
    }

    private static boolean leadsUp(Path path) {
        return StreamSupport.stream(path.spliterator(), false)
                .anyMatch(part -> part.toString().equals(".."));
    }

    // The places of the words that name what is run by a path: a program, and the script of an interpreter.
    private static List<Integer> paths(List<String> words) {
        boolean interprets = words.size() > 1 && INTERPRETERS.contains(program(words.get(0)));
        return IntStream.range(0, Math.min(2, words.size()))
                .filter(at -> at == 0 ? words.get(0).indexOf('/') >= 0 : interprets)
                .boxed()
                .toList();
    }
}
