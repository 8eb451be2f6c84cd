package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** A number that makes no sense is refused where it is set. */
class SettingBoundsTest {
    private static void refused(ThrowingCallable setting, String text) {
        assertThatThrownBy(setting).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(text);
    }

    @Test
    void negativeNumbers_areRefused() {
        Limits.Prices prices = Limits.Prices.of(1, 1, 1, 1);
        refused(
                () -> Limits.NONE.withTime(Duration.ofSeconds(-5)),
                "Limits.time must be from 1 ms to 365 days, but is PT-5S");
        refused(() -> Limits.NONE.withToolTimeout(Duration.ZERO), "Limits.toolTimeout must be from 1 ms");
        refused(() -> Limits.NONE.withSteps(-1), "a limit is positive, or 0 for none; these are steps -1");
        refused(() -> Limits.NONE.withToolCalls(-1), "tool calls -1");
        refused(() -> Limits.NONE.withTokens(-1), "tokens -1");
        refused(() -> Limits.NONE.withIdenticalCalls(-1), "identical calls -1");
        refused(() -> Limits.NONE.withMoney(new BigDecimal("-0.01"), prices), "0 or more, but is -0.01");
        refused(
                () -> Limits.Prices.of(1, 1, -2, 1),
                "a price is 0 or more for a million tokens, but these are 1.0 (input)");
        refused(
                () -> PromptSettings.of("m").contextWindow(-1),
                "the context window is 0 tokens or more, but this is -1");
        refused(() -> PromptSettings.of("m").maxOutputTokens(-7), "but this is -7");
        refused(() -> PromptSettings.of("m").serverCompaction(-1), "the threshold is -1");
        refused(() -> AgentLoop.builder().compactAt(-0.5), "but this is -0.5");
        refused(() -> AgentLoop.builder().approvalsExpireAfter(Duration.ofDays(-1)), "approvalsExpireAfter");
    }
}
