package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProcessProgressTest {
    private final List<String> pieces = new ArrayList<>();
    private final ProcessProgress progress = new ProcessProgress(pieces::add);

    @Test
    void write_halfOfACharacter_keepsItBackUntilItIsWhole() {
        byte[] euro = "€".getBytes(StandardCharsets.UTF_8);

        progress.write(new byte[] {'a', euro[0]}, 2);
        progress.write(new byte[] {euro[1]}, 1);
        progress.write(new byte[] {euro[2], 'b'}, 2);
        progress.finish();

        assertThat(pieces).containsExactly("a", "€b");
    }

    @Test
    void finish_withHalfOfACharacter_replacesIt() {
        progress.write(new byte[] {'a', (byte) 0xE2}, 2);
        progress.finish();

        assertThat(pieces).containsExactly("a", "\uFFFD");
    }

    @Test
    void write_anyBytesInAnyPieces_decodesThemAsOneText() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] bytes = new byte[200_000];
        for (int i = 0; i < bytes.length; i++) {
            // Few values, so that whole, cut and malformed sequences all come up.
            bytes[i] = (byte) new int[] {'a', 0xC3, 0xA4, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80}[random.nextInt(10)];
        }
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, random.nextInt(ProcessProgress.READ_SIZE + 1));
            byte[] piece = new byte[length];
            System.arraycopy(bytes, at, piece, 0, length);
            progress.write(piece, length);
            at += length;
        }
        progress.finish();

        assertThat(String.join("", pieces)).as("seed %d", seed).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
        assertThat(pieces).allMatch(piece -> !piece.isEmpty() && piece.length() <= ProcessProgress.MAX_PIECE);
    }

    @Test
    void write_beyondTheMostEvents_isNotHandedOn() {
        for (int i = 0; i < ProcessProgress.MAX_EVENTS + 5; i++) {
            progress.write(new byte[] {'x'}, 1);
        }
        progress.finish();

        assertThat(pieces).hasSize(10_000);
    }
}
