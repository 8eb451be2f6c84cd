package dev.agentloop.cli.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PatchTextTest {
    @Test
    void patch_isCountedFileByFile() {
        long seed = Long.getLong("patch.seed", System.nanoTime());
        System.out.println("patch.seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            StringBuilder patch = new StringBuilder("*** Begin Patch\n");
            List<String> wanted = new ArrayList<>();
            for (int file = random.nextInt(4); file >= 0; file--) {
                wanted.add(file(random, "f" + file + ".txt", patch));
            }
            patch.append("*** End Patch\n");
            assertThat(PatchText.of(patch.toString()).files())
                    .as("seed %d: %s", seed, patch)
                    .isEqualTo(wanted);
        }
    }

    private static String file(Random random, String name, StringBuilder patch) {
        int added = random.nextInt(4);
        switch (random.nextInt(3)) {
            case 0 -> {
                patch.append("*** Add File: ").append(name).append('\n').append("+line\n".repeat(added));
                return "added " + name + " (+" + added + " -0)";
            }
            case 1 -> {
                patch.append("*** Delete File: ").append(name).append('\n');
                return "deleted " + name;
            }
            default -> {
                int removed = random.nextInt(4);
                boolean moved = random.nextBoolean();
                patch.append("*** Update File: ").append(name).append('\n');
                patch.append(moved ? "*** Move to: to/" + name + "\n" : "").append("@@ place\n kept\n");
                patch.append("-old\n".repeat(removed))
                        .append("+new\n".repeat(added))
                        .append("*** End of File\n");
                return "edited " + name + (moved ? " and moved it to to/" + name : "") + " (+" + added + " -" + removed
                        + ")";
            }
        }
    }

    @Test
    void lines_areThoseThatComeAndGo() {
        String patch =
                "*** Begin Patch\n*** Update File: a\n@@ b\n c\n-d\n+e\n*** Add File: f\u001b\n+g\n*** End Patch";
        assertThat(PatchText.of(patch).lines()).containsExactly("@@ b", " c", "-d", "+e", "f\\u001b:", "+g");
        assertThat(PatchText.of("no patch").files()).isEmpty();
    }
}
