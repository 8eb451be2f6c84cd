package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that applies a patch is killed at a chosen step; the next use finds the files as they were. */
class PatchCrashTest {
    private static final String PATCH = """
            *** Begin Patch
            *** Update File: a.txt
            @@
            -old
            +new
            *** Add File: added/b.txt
            +new
            *** Update File: c.txt
            @@
            -old
            +new
            *** Delete File: d.txt
            *** End Patch
            """;
    private static final String SMALL = "*** Begin Patch\n*** Add File: z.txt\n+z\n*** End Patch\n";

    @TempDir
    Path temp;

    private Path root;
    private Path state;
    private Map<String, String> before;

    /** Applies the patch, and stops for good at the step that the arguments name. */
    public static final class Victim {
        public static void main(String[] arguments) throws IOException {
            changes(Path.of(arguments[0]), Path.of(arguments[1]), step -> {
                        if (step.equals(arguments[2])) {
                            System.out.println("reached");
                            System.out.flush();
                            while (true) {
                                LockSupport.park();
                            }
                        }
                    })
                    .apply(PATCH, null);
        }
    }

    private static ApplyPatch changes(Path root, Path state, ChangeSet.Probe probe) {
        Workspace workspace = Workspace.of(List.of(root));
        return new ApplyPatch(new FileChanges(workspace, new RollbackJournal(state, root), probe));
    }

    @BeforeEach
    void files() throws IOException {
        root = Files.createDirectory(temp.toRealPath().resolve("root"));
        state = temp.toRealPath().resolve("state");
        Trees.write(root.resolve("a.txt"), "old\r\nno end");
        Files.setPosixFilePermissions(root.resolve("a.txt"), PosixFilePermissions.fromString("rwx------"));
        Trees.write(root.resolve("c.txt"), "old\n");
        Trees.write(root.resolve("d.txt"), "old\n");
        before = Trees.snapshot(root);
    }

    private Process start(String step) throws IOException {
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        root.toString(),
                        state.toString(),
                        step)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output = victim.inputReader();
        assertThat(output.readLine()).isEqualTo("reached");
        return victim;
    }

    private void killAt(String step) throws Exception {
        Process victim = start(step);
        victim.destroyForcibly();
        assertThat(victim.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "stage a.txt",
                "stage c.txt",
                "switch a.txt",
                "switch added/b.txt",
                "switch c.txt",
                "switch d.txt"
            })
    void killed_halfWay_isReportedAndUndoneByTheNextUse(String step) throws Exception {
        killAt(step);
        ApplyPatch next = changes(root, state, ChangeSet.Probe.NONE);

        assertThatThrownBy(() -> next.apply(SMALL, null))
                .isInstanceOf(Refusal.class)
                .hasMessageStartingWith("An earlier change of files was interrupted half way and has been undone: "
                        + "a.txt, added/b.txt, c.txt, d.txt.\nNothing of the present patch was applied");
        assertThat(Trees.snapshot(root)).isEqualTo(before);
        assertThat(next.apply(SMALL, null)).isEqualTo("Success. Updated the following files:\nA z.txt\n");
    }

    @Test
    void killed_beforeTheJournal_changedNothing() throws Exception {
        killAt("journal");

        assertThat(Trees.snapshot(root)).isEqualTo(before);
        assertThat(changes(root, state, ChangeSet.Probe.NONE).apply(SMALL, null))
                .startsWith("Success.");
    }

    @Test
    void killed_afterTheLastFile_staysAsItIs() throws Exception {
        killAt("finish");

        assertThat(changes(root, state, ChangeSet.Probe.NONE).apply(SMALL, null))
                .isEqualTo("An earlier change of files was interrupted when it was already complete, and stays: a.txt, "
                        + "added/b.txt, c.txt, d.txt.\nSuccess. Updated the following files:\nA z.txt\n");
        assertThat(Trees.snapshot(root))
                .containsOnlyKeys("a.txt", "added", "added/b.txt", "c.txt", "z.txt")
                .containsEntry("a.txt", "rwx------ new\r\nno end");
    }

    @Test
    void alive_itsChangeIsNotUndoneByOthers() throws Exception {
        Process victim = start("switch c.txt");
        try {
            RollbackJournal journal = new RollbackJournal(state, root);
            assertThat(journal.hasLeftovers()).isFalse();
            victim.destroyForcibly();
            assertThat(victim.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(journal.hasLeftovers()).isTrue();
        } finally {
            victim.destroyForcibly();
        }
    }
}
