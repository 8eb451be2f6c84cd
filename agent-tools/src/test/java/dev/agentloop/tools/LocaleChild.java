package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Tool;
import dev.agentloop.internal.PathText;
import dev.agentloop.stores.FileStore;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Uses the tools on names and texts with all kinds of letters; started by tests in a JVM whose locale they choose. */
final class LocaleChild {
    private static final List<String> LETTERS = List.of(
            "a", "Z", "0", " ", "-", "_", ".", "%", "+", "#", "?", "&", "~", "\"", "$", "é", "e\u0301", "ü", "ß", "Å",
            "ñ", "ж", "ქ", "漢字", "か\u3099", "😀", "\u200D", "\u00A0", "€");
    private static final int ROUNDS = 12;

    private final Path root;
    private final Random random;
    private final Calls calls;
    private int names;

    private LocaleChild(Path root, Path state, Random random) {
        this.root = root;
        this.random = random;
        List<Tool> tools = new ArrayList<>(FileTools.builder(root).state(state).tools());
        tools.addAll(ShellTools.builder(root).state(state).tools());
        calls = new Calls(tools);
    }

    /** @param arguments the addresses of the workspace and of a folder for the journals, then the seed */
    public static void main(String[] arguments) throws Exception {
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(System.err, true, StandardCharsets.UTF_8));
        Path root = Path.of(URI.create(arguments[0]));
        Path state = Path.of(URI.create(arguments[1]));
        LocaleChild child = new LocaleChild(root, state, new Random(Long.parseLong(arguments[2])));
        for (int i = 0; i < ROUNDS; i++) {
            child.round();
        }
        child.otherFormsAreFound();
        child.ignoreFilesNameThem();
        child.whatCannotBeHandedOnIsRefused();
        System.out.print(System.getProperty("sun.jnu.encoding"));
    }

    /** No two are the same. */
    private String name() {
        StringBuilder name = new StringBuilder("x").append(names++);
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            name.append(LETTERS.get(random.nextInt(LETTERS.size())));
        }
        // No space at the end, which a patch would lose.
        return name.append(random.nextBoolean() ? "é" : "y").toString();
    }

    private Path file(String path) {
        return root.resolve(PathText.path(root.getFileSystem(), path));
    }

    private void round() throws Exception {
        String folder = name();
        String path = folder + "/" + name();
        String content = name() + "\nneedle " + name() + "\n";
        calls.ok("write_file", "file_path", path, "content", content);
        assertThat(Files.readString(file(path))).isEqualTo(content);
        String lines = "L1: " + content.replaceFirst("\n", "\nL2: ");
        assertThat(calls.ok("read_file", "file_path", path)).isEqualTo(lines);
        assertThat(calls.ok("read_file", "file_path", PathText.text(root) + "/" + path))
                .isEqualTo(lines);
        assertThat(calls.ok("list_dir", "dir_path", folder))
                .startsWith("Absolute path: " + PathText.text(root) + "/" + folder + "\n")
                .contains(path.substring(folder.length() + 1) + "\n");
        assertThat(calls.ok("grep_files", "pattern", "^needle ", "path", folder, "output", "lines"))
                .isEqualTo(path + ":2:" + content.lines().toList().get(1) + "\n");
        patch(path, folder);
        shell(folder);
    }

    private void patch(String path, String folder) throws Exception {
        String added = folder + "/" + name() + "/" + name();
        String moved = folder + "/" + name() + "m";
        assertThat(calls.ok(
                        "apply_patch",
                        "input",
                        "*** Begin Patch\n*** Add File: " + added + "\n+" + added + "\n*** Update File: " + path
                                + "\n*** Move to: " + moved + "\n@@\n-" + first(path) + "\n+" + added
                                + "\n*** End Patch"))
                .contains("A " + added + "\n", "M " + moved + "\n");
        assertThat(Files.readString(file(added))).isEqualTo(added + "\n");
        assertThat(first(moved)).isEqualTo(added);
        assertThat(file(path)).doesNotExist();
        assertThat(calls.error("apply_patch", "input", deletion(path))).contains(path + ": no such file");
        String name = moved.substring(folder.length() + 1);
        assertThat(calls.ok(
                        "shell_command",
                        "command",
                        "cd '" + folder + "' && apply_patch <<'EOF'\n" + deletion(name) + "\nEOF"))
                .contains("D " + name);
        assertThat(file(moved)).doesNotExist();
    }

    private static String deletion(String path) {
        return "*** Begin Patch\n*** Delete File: " + path + "\n*** End Patch";
    }

    private String first(String path) throws Exception {
        return Files.readAllLines(file(path)).get(0);
    }

    private void shell(String folder) throws Exception {
        String name = name();
        String text = name().replace("\"", "").replace("$", "");
        String command = "printf '%s' \"" + text + "\" > '" + name + "'; pwd; cat '" + name + "'";
        assertThat(calls.ok("shell_command", "command", command, "workdir", folder))
                .endsWith("\n" + PathText.text(root) + "/" + folder + "\n" + text);
        assertThat(Files.readString(file(folder + "/" + name))).isEqualTo(text);
        assertThat(calls.error("shell_command", "command", "pwd", "workdir", folder + "/" + name + "é"))
                .startsWith("There is no folder \"" + folder + "/" + name + "é\"");
    }

    private void otherFormsAreFound() throws Exception {
        Trees.write(file("forms/cafe\u0301.txt"), "decomposed");
        assertThat(calls.ok("read_file", "file_path", "forms/café.txt")).contains("decomposed");
        assertThat(calls.error("read_file", "file_path", "forms/caffé.txt")).contains("near names: cafe\u0301.txt");
    }

    private void ignoreFilesNameThem() throws Exception {
        Trees.write(file("ignoring/.gitignore"), "ö*\n");
        Trees.write(file("ignoring/ö1"), "here");
        Trees.write(file("ignoring/o1"), "here");
        assertThat(calls.ok("grep_files", "pattern", "here", "path", "ignoring"))
                .isEqualTo("ignoring/o1\n");
    }

    /** What neither an address nor a shell can carry is refused where the locale cannot either. */
    private void whatCannotBeHandedOnIsRefused() throws Exception {
        Path shell = Files.createSymbolicLink(root.resolve("fish"), Path.of("/bin/sh"));
        Calls other = new Calls(ShellTools.builder(root).shell(shell).tools());
        if (PathText.reachesPrograms("é")) {
            assertThat(other.ok("shell_command", "command", "echo é", "workdir", "forms"))
                    .endsWith("\né\n");
            return;
        }
        assertThat(other.error("shell_command", "command", "echo é > made"))
                .isEqualTo(
                        "The command was not run: it, or its folder, has a character that US-ASCII, the encoding that this"
                                + " program was started in, does not have; start it with LC_ALL=C.UTF-8 or another"
                                + " UTF-8 locale. With /bin/sh as its shell it could be run here, with " + shell
                                + " it cannot.");
        assertThat(file("made")).doesNotExist();
        assertThatThrownBy(() -> new FileStore(file("né")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("conversations cannot be kept in " + PathText.text(file("né"))
                        + ": its name has a character that " + PathText.remedy());
        assertThatThrownBy(() ->
                        ShellTools.builder(root).setVariable("WHO", "Jörg").tools())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ShellTools.setVariable: WHO cannot be handed on, since it has a character that "
                        + PathText.remedy());
    }
}
