package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangeSetTest {
    private static final String PATCH = """
            *** Begin Patch
            *** Update File: m.txt
            @@
            -a
            +b
            *** Add File: new/deep/n.txt
            +x
            *** Delete File: d.txt
            *** Update File: from.txt
            *** Move to: to.txt
            @@
            -x
            +y
            *** Delete File: link
            *** End Patch
            """;

    @TempDir
    Path temp;

    private Path root;
    private Path state;

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectory(temp.toRealPath().resolve("root"));
        state = temp.toRealPath().resolve("state");
        Trees.write(root.resolve("m.txt"), "a\r\nrest");
        Files.setPosixFilePermissions(root.resolve("m.txt"), PosixFilePermissions.fromString("rwxr-x---"));
        Trees.write(root.resolve("d.txt"), "gone\n");
        Trees.write(root.resolve("from.txt"), "x\n");
        Files.createSymbolicLink(root.resolve("link"), Path.of("/etc/passwd"));
    }

    private String apply(String patch, boolean secure, ChangeSet.Probe probe) throws IOException {
        Workspace workspace = Workspace.of(List.of(root), secure);
        return new ApplyPatch(new FileChanges(workspace, new RollbackJournal(state, root), probe)).apply(patch, null);
    }

    private List<String> steps() throws IOException {
        Path copy = Files.createDirectory(temp.resolve("copy"));
        Path original = root;
        root = copy.toRealPath();
        Trees.write(root.resolve("m.txt"), "a\n");
        Trees.write(root.resolve("d.txt"), "");
        Trees.write(root.resolve("from.txt"), "x\n");
        Trees.write(root.resolve("link"), "");
        List<String> steps = new ArrayList<>();
        apply(PATCH, true, steps::add);
        root = original;
        return steps;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void apply_failureAtAnyStep_restoresEveryFile(boolean secure) throws IOException {
        Map<String, String> before = Trees.snapshot(root);
        List<String> steps = steps();
        assertThat(steps).hasSize(14).startsWith("journal", "stage m.txt").endsWith("switch link", "finish");
        for (String failing : steps.subList(0, steps.size() - 1)) {
            assertThatThrownBy(() -> apply(PATCH, secure, step -> {
                        if (step.equals(failing)) {
                            throw new IOException("disk full");
                        }
                    }))
                    .as(failing)
                    .isInstanceOf(Refusal.class)
                    .hasMessage("disk full; no file was changed");
            assertThat(Trees.snapshot(root)).as(failing).isEqualTo(before);
        }
        assertThat(apply(PATCH, secure, ChangeSet.Probe.NONE)).startsWith("Success.");
        assertNothingLeft();
    }

    @Test
    void apply_failureAfterTheLastFile_isNoFailure() throws IOException {
        assertThat(apply(PATCH, true, step -> {
                    if (step.equals("finish")) {
                        throw new IOException("disk full");
                    }
                }))
                .startsWith("Success.");

        assertThat(apply("*** Begin Patch\n*** Add File: z\n+z\n*** End Patch", true, ChangeSet.Probe.NONE))
                .isEqualTo(
                        "An earlier change of files was interrupted when it was already complete, and stays: m.txt, "
                                + "new/deep/n.txt, to.txt, d.txt, from.txt, link.\nSuccess. Updated the following files:\nA z\n");
        assertThat(Trees.snapshot(root)).containsOnlyKeys("m.txt", "new", "new/deep", "new/deep/n.txt", "to.txt", "z");
        assertNothingLeft();
    }

    @Test
    void apply_directoryInTheWay_restoresEveryFile() throws IOException {
        Map<String, String> before = new TreeMap<>(Trees.snapshot(root));

        assertThatThrownBy(() -> apply(PATCH, true, step -> {
                    if (step.equals("switch to.txt")) {
                        Files.createDirectory(root.resolve("to.txt"));
                    }
                }))
                .isInstanceOf(Refusal.class)
                .hasMessage("to.txt: is a directory; all other files are as before, but these could not be restored: "
                        + "to.txt");

        before.put("to.txt", "rwxr-xr-x /");
        assertThat(Trees.snapshot(root)).isEqualTo(before);
    }

    @Test
    void apply_fileChangedMeanwhile_isRefused() throws IOException {
        assertThatThrownBy(() -> apply(PATCH, true, step -> {
                    if (step.equals("stage to.txt")) {
                        Files.writeString(root.resolve("to.txt"), "somebody else's");
                    }
                }))
                .hasMessageStartingWith("to.txt: was changed by something else just now; read it again;");

        assertThat(root.resolve("m.txt")).content(StandardCharsets.UTF_8).isEqualTo("a\r\nrest");
        assertThat(root.resolve("to.txt")).content(StandardCharsets.UTF_8).isEqualTo("somebody else's");
        assertThat(root.resolve("new")).doesNotExist();
    }

    @Test
    void apply_interrupted_restoresEveryFileAndStaysInterrupted() {
        Map<String, String> before = Trees.snapshot(root);

        assertThatThrownBy(() -> apply(PATCH, true, step -> {
                    if (step.equals("stage to.txt")) {
                        Thread.currentThread().interrupt();
                    }
                }))
                .isInstanceOf(IOException.class);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(Trees.snapshot(root)).isEqualTo(before);
    }

    @Test
    void apply_changedAfterACrash_isLeftAloneAndSaid() throws IOException {
        Error death = new Error("died");
        assertThatThrownBy(() -> apply(PATCH, true, step -> {
                    if (step.equals("switch to.txt")) {
                        throw death;
                    }
                }))
                .isSameAs(death);
        Files.writeString(root.resolve("m.txt"), "edited since");

        assertThatThrownBy(() -> apply(PATCH, true, ChangeSet.Probe.NONE))
                .isInstanceOf(Refusal.class)
                .hasMessage("An earlier change of files was interrupted half way and has been undone: m.txt, "
                        + "new/deep/n.txt, to.txt, d.txt, from.txt, link. These were changed by something else since and "
                        + "were left alone: m.txt.\nNothing of the present patch was applied, since it may build on what "
                        + "was undone: read these files again and send a patch for what they are now.");

        assertThat(Trees.snapshot(root)).containsOnlyKeys("m.txt", "d.txt", "from.txt", "link");
        assertThat(root.resolve("m.txt")).content(StandardCharsets.UTF_8).isEqualTo("edited since");
        assertThat(Trees.snapshot(state).keySet()).anyMatch(name -> name.endsWith(".kept/0"));
        assertThat(apply("*** Begin Patch\n*** Add File: z\n+z\n*** End Patch", true, ChangeSet.Probe.NONE))
                .startsWith("Success.");
    }

    @Test
    void readers_whileAChangeWaitsToBeUndone_areWarned() throws Exception {
        assertThatThrownBy(() -> apply(PATCH, true, step -> {
                    if (step.equals("switch to.txt")) {
                        throw new Error("died");
                    }
                }))
                .isInstanceOf(Error.class);
        Calls calls = Calls.in(root, state);

        String warning = "Warning: a change of files was interrupted half way, so files may be partly changed. "
                + "The next write_file or apply_patch call undoes it first.\n";
        assertThat(calls.ok("read_file", "file_path", "m.txt")).isEqualTo(warning + "L1: b\nL2: rest\n");
        assertThat(calls.ok("write_file", "file_path", "z", "content", ""))
                .isEqualTo("An earlier change of files was interrupted half way and has been undone: m.txt, "
                        + "new/deep/n.txt, to.txt, d.txt, from.txt, link.\nCreated z (0 bytes)\n");
        assertThat(calls.ok("read_file", "file_path", "m.txt")).isEqualTo("L1: a\nL2: rest\n");
        assertNothingLeft();
    }

    @Test
    void readers_withoutAJournal_readAllTheSame() throws Exception {
        Calls calls = Calls.in(root, Files.writeString(temp.resolve("no-folder"), ""));

        assertThat(calls.ok("read_file", "file_path", "d.txt")).isEqualTo("L1: gone\n");
    }

    /** Random files, random patches, a failure at a random step: the files are as before. */
    @Test
    void apply_randomPatchesThatFail_restoreEveryFile() throws IOException {
        long seed = 11;
        Random random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            String patch = randomPatch(random, round);
            Map<String, String> before = Trees.snapshot(root);
            int[] left = {random.nextInt(12)};
            try {
                apply(patch, true, step -> {
                    if (left[0]-- == 0 && !step.equals("finish")) {
                        throw new IOException("disk full");
                    }
                });
            } catch (Refusal e) {
                assertThat(e).as("seed %d, round %d", seed, round).hasMessageEndingWith("no file was changed");
                assertThat(Trees.snapshot(root))
                        .as("seed %d, round %d: %s", seed, round, patch)
                        .isEqualTo(before);
            }
        }
        assertNothingLeft();
    }

    private String randomPatch(Random random, int round) throws IOException {
        StringBuilder patch = new StringBuilder("*** Begin Patch\n");
        for (int i = 0; i < 6; i++) {
            String name = (random.nextBoolean() ? "r" + random.nextInt(4) + "/" : "") + "f" + i + ".txt";
            Path file = root.resolve(name);
            int kind = random.nextInt(3);
            if (!Files.exists(file)) {
                patch.append("*** Add File: ")
                        .append(name)
                        .append("\n+round ")
                        .append(round)
                        .append('\n');
            } else if (kind == 0) {
                patch.append("*** Delete File: ").append(name).append('\n');
            } else {
                String first = Files.readAllLines(file).get(0);
                patch.append("*** Update File: ").append(name).append('\n');
                if (kind == 1) {
                    patch.append("*** Move to: moved/").append(name).append('\n');
                }
                patch.append("@@\n-")
                        .append(first)
                        .append("\n+round ")
                        .append(round)
                        .append('\n');
            }
        }
        return patch.append("*** End Patch").toString();
    }

    private void assertNothingLeft() {
        assertThat(Trees.snapshot(root).keySet()).noneMatch(name -> name.contains(".agentloop-"));
        assertThat(Trees.snapshot(state).keySet()).allMatch(name -> name.matches("[0-9a-f]{32}(/lock)?"));
    }
}
