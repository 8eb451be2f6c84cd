package dev.agentloop.tools.internal.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProcessCaptureTest {

    @Test
    void text_withinTheLimit_isWhatWasWritten() {
        ProcessCapture capture = new ProcessCapture(10);

        write(capture, "0123");
        write(capture, "456789");

        assertThat(capture.text()).isEqualTo("0123456789");
        assertThat(capture.cut()).isFalse();
    }

    @Test
    void text_beyondTheLimit_keepsBothEndsAndCountsTheRest() {
        ProcessCapture capture = new ProcessCapture(10);

        write(capture, "0123456789abcdef");

        assertThat(capture.text()).isEqualTo("01234\n… 6 bytes omitted …\nbcdef");
        assertThat(capture.cut()).isTrue();
    }

    @Test
    void text_ofNothing_isEmpty() {
        ProcessCapture capture = new ProcessCapture(10);

        assertThat(capture.text()).isEmpty();
        assertThat(capture.lines()).isZero();
    }

    @Test
    void text_cutInsideCharacters_leavesThemOutWhole() {
        ProcessCapture capture = new ProcessCapture(8);

        // Four bytes of head end after the first byte of "ä", four of tail begin with the last byte of "€".
        write(capture, "abcä……€xyz");

        assertThat(capture.text()).isEqualTo("abc\n… 11 bytes omitted …\nxyz");
    }

    @Test
    void text_ofBytesThatAreNotUtf8_hasReplacementCharacters() {
        ProcessCapture capture = new ProcessCapture(16);

        capture.write(new byte[] {'a', (byte) 0xFF, 'b', (byte) 0xC3}, 4);

        assertThat(capture.text()).isEqualTo("a\uFFFDb\uFFFD");
    }

    @Test
    void lines_countsThoseLeftOutAndAnUnfinishedLast() {
        ProcessCapture capture = new ProcessCapture(4);

        write(capture, "1\n2\n3\n4\n5\n");
        assertThat(capture.lines()).isEqualTo(5);
        write(capture, "6");
        assertThat(capture.lines()).isEqualTo(6);
    }

    @Test
    void text_ofAnyPieces_isTheSameAsOfOne() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            int limit = 2 + random.nextInt(40);
            byte[] bytes = new byte[random.nextInt(120)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) ('a' + random.nextInt(26));
            }
            ProcessCapture capture = new ProcessCapture(limit);
            for (int at = 0; at < bytes.length; ) {
                int length = Math.min(bytes.length - at, random.nextInt(60));
                capture.write(Arrays.copyOfRange(bytes, at, at + length), length);
                at += length;
            }
            assertThat(capture.text())
                    .as("seed %d, round %d", seed, round)
                    .isEqualTo(expected(new String(bytes, StandardCharsets.US_ASCII), limit));
        }
    }

    private static String expected(String all, int limit) {
        int head = limit / 2;
        int tail = limit - head;
        return all.length() <= limit
                ? all
                : all.substring(0, head) + "\n… " + (all.length() - limit) + " bytes omitted …\n"
                        + all.substring(all.length() - tail);
    }

    private static void write(ProcessCapture capture, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        capture.write(bytes, bytes.length);
    }
}
