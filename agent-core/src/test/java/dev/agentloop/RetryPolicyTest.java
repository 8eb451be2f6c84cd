package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
    private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();
    private static final ModelException FAILED =
            ModelException.of(ModelException.Kind.SERVER, "500").build();

    private static ModelException asking(Duration wait) {
        return ModelException.of(ModelException.Kind.RATE_LIMIT, "429")
                .retryAfter(wait)
                .build();
    }

    private static long millis(int attempt, ModelException cause, double random) {
        return RetryPolicy.DEFAULT.delay(attempt, cause, () -> random).toMillis();
    }

    @Test
    void delay_ofItsOwn_isDoubledUpToItsMost_andOnlyMadeLonger() {
        assertThat(IntStream.rangeClosed(1, 4).mapToLong(attempt -> millis(attempt, FAILED, 0)))
                .containsExactly(200L, 400L, 800L, 1_600L);
        assertThat(IntStream.rangeClosed(1, 4).mapToLong(attempt -> millis(attempt, FAILED, 0.5)))
                .containsExactly(210L, 420L, 840L, 1_680L);
        assertThat(millis(30, FAILED, 0)).isEqualTo(30_000);
        assertThat(millis(Integer.MAX_VALUE, FAILED, 0.999)).isBetween(30_000L, 33_000L);
        ModelException overloaded =
                ModelException.of(ModelException.Kind.OVERLOADED, "503").build();
        assertThat(millis(1, overloaded, 0)).isEqualTo(800);
    }

    @Test
    void delay_askedFor_isWaitedOutWhateverTheMostOfItsOwn() {
        for (long seconds : List.of(1L, 31L, 60L, 120L)) {
            ModelException asked = asking(Duration.ofSeconds(seconds));
            assertThat(RetryPolicy.DEFAULT.allows(asked)).isTrue();
            assertThat(millis(1, asked, 0)).isEqualTo(seconds * 1_000);
            assertThat(millis(1, asked, 0.999)).isBetween(seconds * 1_000, seconds * 1_100);
        }
    }

    @Test
    void delay_lessAskedForThanItsOwn_isItsOwn() {
        for (Duration asked : List.of(
                Duration.ZERO, Duration.ofNanos(1), Duration.ofMillis(1), Duration.ofSeconds(-1), FOREVER.negated())) {
            assertThat(IntStream.rangeClosed(1, 4).mapToLong(attempt -> millis(attempt, asking(asked), 0)))
                    .as("%s", asked)
                    .containsExactly(200L, 400L, 800L, 1_600L);
        }
        RetryPolicy hasty = new RetryPolicy(4, 5, Duration.ZERO, Duration.ZERO);
        assertThat(hasty.delay(1, asking(Duration.ZERO), () -> 0)).isEqualTo(Duration.ofMillis(1));
        assertThat(hasty.delay(1, FAILED, () -> 0)).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void delay_anyWait_isNeverShorterThanAskedNorATenthLongerThanNeeded() {
        long seed = Long.getLong("waits.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            Duration asked = Duration.ofNanos(random.nextLong(1L << (1 + random.nextInt(36))));
            int attempt = 1 + random.nextInt(6);
            Duration delay = RetryPolicy.DEFAULT.delay(attempt, asking(asked), random::nextDouble);
            Duration own = Duration.ofMillis(200L << (attempt - 1));
            Duration least = asked.compareTo(own) > 0 ? asked : own;
            assertThat(delay)
                    .as("-Dwaits.seed=%d, asked %s, attempt %d", seed, asked, attempt)
                    .isBetween(least, least.multipliedBy(11).dividedBy(10).plus(Duration.ofMillis(1)));
        }
    }

    @Test
    void allows_moreAskedForThanSet_isFalse() {
        assertThat(RetryPolicy.DEFAULT.allows(FAILED)).isTrue();
        assertThat(RetryPolicy.DEFAULT.allows(asking(Duration.ofMillis(120_001))))
                .isFalse();
        assertThat(RetryPolicy.DEFAULT.allows(asking(FOREVER))).isFalse();
        assertThat(RetryPolicy.DEFAULT.withMaxAskedDelay(Duration.ofHours(1)).allows(asking(Duration.ofMinutes(59))))
                .isTrue();
        assertThat(RetryPolicy.DEFAULT.allows(ModelException.of(ModelException.Kind.SERVER, "500")
                        .retryable(false)
                        .build()))
                .isFalse();
        assertThat(RetryPolicy.DEFAULT.delay(1, asking(FOREVER), () -> 0)).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void settings_thatMakeNoSense_areRefused() {
        assertThatThrownBy(() -> new RetryPolicy(101, 0, Duration.ZERO, Duration.ZERO))
                .hasMessage("retries go from 0 to 100, but these are 101 for requests and 0 for streams");
        assertThatThrownBy(() -> new RetryPolicy(1, 1, Duration.ofMillis(-1), Duration.ZERO))
                .hasMessage("RetryPolicy.baseDelay must be from 0 s to 365 days, but is PT-0.001S");
        assertThatThrownBy(() -> new RetryPolicy(1, 1, Duration.ofMillis(1_500), Duration.ofSeconds(1)))
                .hasMessage("RetryPolicy.maxDelay must be from 1500 ms to 365 days, but is PT1S");
        assertThatThrownBy(() -> RetryPolicy.DEFAULT.withMaxAskedDelay(FOREVER))
                .hasMessage("RetryPolicy.maxAskedDelay must be from 0 s to 365 days, but is " + FOREVER
                        + "; instead of a time without an end, set a long one within these bounds");
    }
}
