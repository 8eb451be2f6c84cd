package dev.agentloop.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

class DurationsTest {
    private static void check(Duration value) {
        Durations.checked("Some.time", value, Durations.MILLISECOND, Duration.ofHours(36));
    }

    @Test
    void checked_bounds_areAllowed() {
        check(Durations.MILLISECOND);
        check(Duration.ofHours(36));
        assertThat(Durations.checked("Some.time", Duration.ZERO, Duration.ZERO, Duration.ZERO))
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void checked_outOfBounds_saysSettingValueAndBounds() {
        String text = "Some.time must be from 1 ms to 36 h, but is ";
        assertThatThrownBy(() -> check(null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(text + "null");
        assertThatThrownBy(() -> check(Duration.ZERO)).hasMessage(text + "PT0S");
        assertThatThrownBy(() -> check(Duration.ofSeconds(-5))).hasMessage(text + "PT-5S");
        assertThatThrownBy(() -> check(Duration.ofNanos(999_999))).hasMessage(text + "PT0.000999999S");
        assertThatThrownBy(() -> check(Duration.ofHours(36).plusNanos(1))).hasMessage(text + "PT36H0.000000001S");
        assertThatThrownBy(() -> check(ChronoUnit.FOREVER.getDuration()))
                .hasMessage(
                        text + "PT2562047788015215H30M7.999999999S; instead of a time without an end, set a long one"
                                + " within these bounds");
    }

    @Test
    void shown_time_hasItsLargestWholeUnit() {
        assertThat(Durations.shown(Duration.ZERO)).isEqualTo("0 s");
        assertThat(Durations.shown(Duration.ofMillis(8_500))).isEqualTo("8500 ms");
        assertThat(Durations.shown(Duration.ofSeconds(90))).isEqualTo("90 s");
        assertThat(Durations.shown(Duration.ofHours(25))).isEqualTo("25 h");
        assertThat(Durations.shown(Duration.ofDays(1))).isEqualTo("1 day");
        assertThat(Durations.shown(Duration.ofDays(365))).isEqualTo("365 days");
        assertThat(Durations.shown(Duration.ofSeconds(-5))).isEqualTo("-5 s");
        assertThat(Durations.shown(Duration.ofNanos(1))).isEqualTo("PT0.000000001S");
        assertThat(Durations.shown(ChronoUnit.FOREVER.getDuration())).startsWith("PT2562047788015215H");
    }
}
