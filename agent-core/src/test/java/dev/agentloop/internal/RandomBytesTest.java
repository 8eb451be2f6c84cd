package dev.agentloop.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RandomBytesTest {
    @Test
    void noBytesAreGivenTwice_alsoWhereTheyAreDrawnAgain() {
        Set<String> given = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = RandomBytes.next(16);
            assertThat(bytes).hasSize(16);
            given.add(HexFormat.of().formatHex(bytes));
        }
        assertThat(given).hasSize(1_000);
    }

    @Test
    void anyCountThatIsDrawnAtOnce_isGiven() {
        for (int count : new int[] {0, 1, 1_000, 1_024}) {
            assertThat(RandomBytes.next(count)).hasSize(count);
        }
    }
}
