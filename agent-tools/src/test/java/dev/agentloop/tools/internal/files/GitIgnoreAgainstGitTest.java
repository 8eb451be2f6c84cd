package dev.agentloop.tools.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a walk visits is what git, asked about the same tree, does not ignore. Skipped where git is not installed. */
class GitIgnoreAgainstGitTest {
    private static final long SEED = 7;
    private static final int REPOSITORIES = 25;
    private static final List<String> NAMES =
            List.of("a", "b", "ab", "a.txt", "b.txt", "foo", "foo.o", "x y", "#h", "!n");

    @TempDir
    Path temp;

    @BeforeEach
    void gitIsThere() throws Exception {
        boolean found;
        try {
            found = git(temp, "", "--version").startsWith("git version");
        } catch (IOException e) {
            found = false;
        }
        assumeTrue(found, "git is not installed");
    }

    @Test
    void visit_randomRepositories_agreesWithGit() throws Exception {
        Random random = new Random(SEED);
        int files = 0;
        for (int i = 0; i < REPOSITORIES; i++) {
            Path root = Files.createDirectory(temp.resolve("r" + i));
            git(root, "", "init", "-q");
            grow(root, random, 2);
            if (random.nextInt(3) == 0) {
                Trees.write(root.resolve(".git/info/exclude"), rules(random));
            }

            assertThat(visited(root))
                    .as("seed %d, repository %d: %s", SEED, i, Trees.snapshot(root))
                    .isEqualTo(unignored(root));
            files += visited(root).size();
        }
        assertThat(files).isGreaterThan(REPOSITORIES);
    }

    @Test
    void ignores_randomPatternsAndPaths_agreesWithGit() throws Exception {
        Random random = new Random(SEED);
        Path root = Files.createDirectory(temp.resolve("patterns"));
        git(root, "", "init", "-q");
        int found = 0;
        for (int i = 0; i < REPOSITORIES; i++) {
            String rules = rules(random);
            Files.writeString(root.resolve(".gitignore"), rules);
            IgnoreRules read = IgnoreRules.NONE.plus("", rules);
            Set<String> ignored = new TreeSet<>();
            Set<String> paths = new TreeSet<>();
            for (int p = 0; p < 200; p++) {
                paths.add(path(random));
            }
            for (String path : paths) {
                if (ignoredWithParents(read, path)) {
                    ignored.add(path);
                }
            }

            String answer = git(root, String.join("\0", paths) + "\0", "check-ignore", "--no-index", "--stdin", "-z");

            assertThat(ignored).as("seed %d, rules:%n%s", SEED, rules).isEqualTo(split(answer));
            found += ignored.size();
        }
        assertThat(found).isGreaterThan(REPOSITORIES);
    }

    private static boolean ignoredWithParents(IgnoreRules rules, String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            if (rules.ignores(path.substring(0, slash), true)) {
                return true;
            }
        }
        return rules.ignores(path, false);
    }

    private static String path(Random random) {
        List<String> names = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            names.add(NAMES.get(random.nextInt(NAMES.size())));
        }
        return String.join("/", names);
    }

    private static void grow(Path folder, Random random, int depth) throws IOException {
        Files.createDirectories(folder);
        for (String name : NAMES) {
            int kind = random.nextInt(depth > 0 ? 3 : 2);
            if (kind == 1) {
                Files.writeString(folder.resolve(name), name);
            } else if (kind == 2) {
                grow(folder.resolve(name), random, depth - 1);
            }
        }
        if (random.nextBoolean()) {
            Files.writeString(folder.resolve(".gitignore"), rules(random));
        }
    }

    private static String rules(Random random) {
        StringBuilder rules = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            rules.append(rule(random)).append(random.nextInt(5) == 0 ? "\r\n" : "\n");
        }
        return rules.toString();
    }

    private static String rule(Random random) {
        List<String> pieces = List.of(
                "*",
                "**",
                "?",
                "a",
                "b",
                "foo",
                ".txt",
                "[ab]",
                "[!a]",
                "[a-f]*",
                "\\#h",
                "#h",
                "/",
                "/**/",
                "**/",
                "/**",
                "x y",
                "\\a",
                "[[:alpha:]]",
                "[",
                "\\",
                " ",
                "*.o",
                "]");
        StringBuilder rule = new StringBuilder(random.nextInt(4) == 0 ? "!" : "");
        for (int i = random.nextInt(4); i >= 0; i--) {
            rule.append(pieces.get(random.nextInt(pieces.size())));
        }
        return rule.append(random.nextInt(5) == 0 ? "/" : "").toString();
    }

    private static Set<String> visited(Path root) throws IOException {
        Set<String> paths = new TreeSet<>();
        FileTree tree =
                new FileTree((folder, name, path, attributes) -> paths.add(path), Deadline.in(Duration.ofMinutes(1)));
        tree.visit(Workspace.of(List.of(root)), ".");
        return paths;
    }

    private static Set<String> unignored(Path root) throws Exception {
        return split(git(root, "", "ls-files", "--others", "--exclude-standard", "-z"));
    }

    private static Set<String> split(String answer) {
        Set<String> paths = new TreeSet<>(Arrays.asList(answer.split("\0")));
        paths.remove("");
        return paths;
    }

    private static String git(Path folder, String input, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        builder.environment().put("XDG_CONFIG_HOME", folder.toString());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
