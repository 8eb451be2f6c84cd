package dev.agentloop.tools.internal.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.ToolOutput;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another thread swaps a directory, or a file, for a link that leads out of the workspace, as fast as it can, while
 * tools work on it. Whatever the tools answer, nothing outside is read or changed.
 */
@EnabledOnOs(OS.LINUX)
class ConfinementRaceTest {
    private static final int ROUNDS = 200;
    private static final long SEED = 20_240_611;
    private static final String SECRET = "THE-SECRET";

    @TempDir
    Path temp;

    private Path root;
    private Path outside;
    private Calls calls;
    private Map<String, String> before;
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger swaps = new AtomicInteger();
    private Thread swapper;

    @BeforeEach
    void files() throws IOException {
        temp = temp.toRealPath();
        root = Files.createDirectory(temp.resolve("root"));
        outside = Files.createDirectory(temp.resolve("outside"));
        for (Path place : new Path[] {outside, root.resolve("dir")}) {
            String content = place.equals(outside) ? SECRET + "\n" : "harmless\n";
            Trees.write(place.resolve("file.txt"), content);
            Trees.write(place.resolve("sub/file.txt"), content);
        }
        calls = Calls.in(root, temp.resolve("state"));
        before = Trees.snapshot(outside);
    }

    @AfterEach
    void stopSwapping() throws InterruptedException {
        stop.set(true);
        if (swapper != null) {
            swapper.join();
        }
    }

    /** Swaps an entry of the root for a link to its counterpart outside, and back, until the test ends. */
    private void swap(Path entry, Path target) {
        Path aside = root.resolve("aside");
        Random random = new Random(SEED);
        swapper = new Thread(() -> {
            while (!stop.get()) {
                try {
                    spin(random);
                    Files.move(entry, aside);
                    Files.createSymbolicLink(entry, target);
                    swaps.incrementAndGet();
                    spin(random);
                    Files.delete(entry);
                    Files.move(aside, entry, StandardCopyOption.REPLACE_EXISTING);
                } catch (IOException e) {
                    repair(entry, aside);
                }
            }
        });
        swapper.start();
    }

    /** Lets a little time pass, so that the swap hits every moment of an operation. */
    private static void spin(Random random) {
        for (int i = random.nextInt(20_000); i > 0; i--) {
            Thread.onSpinWait();
        }
    }

    /** A tool may have put something where the entry was: the original goes back over it. */
    private void repair(Path entry, Path aside) {
        try {
            if (Files.exists(aside)) {
                if (Files.isSymbolicLink(entry) || Files.isRegularFile(entry)) {
                    Files.delete(entry);
                } else if (Files.isDirectory(entry)) {
                    Files.move(entry, root.resolve("grown-" + swaps.incrementAndGet()));
                }
                Files.move(aside, entry);
            }
        } catch (IOException e) {
            // Next round.
        }
    }

    private interface Operation {
        ToolOutput run(int round) throws Exception;
    }

    private void hammer(Operation operation) throws Exception {
        int met = 0;
        for (int round = 0; round < ROUNDS || (round < 100 * ROUNDS && (met < 20 || swaps.get() < 100)); round++) {
            ToolOutput output = operation.run(round);
            assertThat(output.text()).as("seed %d", SEED).doesNotContain(SECRET);
            met += output.error() ? 0 : 1;
        }
        assertThat(Trees.snapshot(outside)).as("seed %d", SEED).isEqualTo(before);
        assertThat(swaps.get()).as("links that led out").isGreaterThanOrEqualTo(100);
        assertThat(met).as("calls that met what they looked for").isGreaterThanOrEqualTo(20);
    }

    @Test
    void readFile_directorySwapped_readsNothingOutside() throws Exception {
        swap(root.resolve("dir"), outside);
        hammer(round -> calls.call("read_file", "file_path", round % 2 == 0 ? "dir/file.txt" : "dir/sub/file.txt"));
    }

    @Test
    void readFile_fileSwapped_readsNothingOutside() throws Exception {
        swap(root.resolve("dir/file.txt"), outside.resolve("file.txt"));
        hammer(round -> calls.call("read_file", "file_path", "dir/file.txt"));
    }

    @Test
    void listDir_directorySwapped_listsNothingOutside() throws Exception {
        Trees.write(outside.resolve(SECRET), "");
        before = Trees.snapshot(outside);
        swap(root.resolve("dir"), outside);
        hammer(round -> calls.call("list_dir", "dir_path", round % 2 == 0 ? "dir" : ".", "depth", 3));
    }

    @Test
    void grepFiles_directorySwapped_findsNothingOutside() throws Exception {
        swap(root.resolve("dir"), outside);
        hammer(round -> calls.call(
                "grep_files", "pattern", "SECRET|harmless", "path", round % 2 == 0 ? "dir" : ".", "output", "lines"));
    }

    @Test
    void writeFile_directorySwapped_changesNothingOutside() throws Exception {
        swap(root.resolve("dir"), outside);
        hammer(round -> calls.call(
                "write_file", "file_path", round % 2 == 0 ? "dir/file.txt" : "dir/new/deep/" + round, "content", "x"));
    }

    @Test
    void writeFile_fileSwapped_changesNothingOutside() throws Exception {
        swap(root.resolve("dir/file.txt"), outside.resolve("file.txt"));
        hammer(round -> calls.call("write_file", "file_path", "dir/file.txt", "content", "harmless " + round));
    }

    @Test
    void applyPatch_directorySwapped_changesNothingOutside() throws Exception {
        swap(root.resolve("dir"), outside);
        hammer(round -> calls.call("apply_patch", "input", """
                *** Begin Patch
                *** Update File: dir/file.txt
                @@
                -harmless
                +harmless
                +more ROUND
                *** Update File: dir/sub/file.txt
                *** Move to: dir/sub/moved.txt
                @@
                +end
                *** Add File: dir/added/ROUND.txt
                +new
                *** Delete File: dir/sub/moved.txt
                *** Add File: dir/sub/file.txt
                +harmless
                *** End Patch
                """.replace("ROUND", String.valueOf(round))));
    }
}
