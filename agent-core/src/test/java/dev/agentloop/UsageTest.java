package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UsageTest {
    private static final Usage HUGE = Usage.reported(Long.MAX_VALUE, 2, 3, Long.MAX_VALUE - 1, 4);

    @Test
    void negativeNumbers_countAsNothing() {
        assertThat(new Usage(-1, -2, -3, -4, -5, false)).isEqualTo(Usage.NONE);
    }

    @Test
    void sum_neverFalls() {
        Usage sum = HUGE.plus(HUGE);
        assertThat(sum.input()).isEqualTo(Long.MAX_VALUE);
        assertThat(sum.output()).isEqualTo(Long.MAX_VALUE);
        assertThat(sum.total()).isEqualTo(Long.MAX_VALUE);
        assertThat(Usage.reported(9, Long.MAX_VALUE, Long.MAX_VALUE, 0, 0).uncached())
                .isZero();
    }
}
