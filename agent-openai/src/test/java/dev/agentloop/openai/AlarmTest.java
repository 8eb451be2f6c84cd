package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class AlarmTest {
    @Test
    void alarm_timeIsUp_interruptsItsThread() {
        Alarm alarm = Alarm.in(Duration.ofMillis(1));

        assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);

        assertThat(alarm.turnOff()).isTrue();
    }

    @Test
    void turnOff_afterItRang_takesItsInterruptBackOnce() {
        Alarm alarm = Alarm.in(Duration.ofMillis(1));
        while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
        }

        assertThat(alarm.turnOff()).isTrue();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();

        Thread.currentThread().interrupt();
        assertThat(alarm.turnOff()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void turnOff_beforeItRang_leavesTheThreadAlone() {
        for (int i = 0; i < 2_000; i++) {
            Alarm alarm = Alarm.in(Duration.ofMillis(1));
            Thread.onSpinWait();
            boolean rang = alarm.turnOff();
            assertThat(Thread.interrupted()).as("try %d, rang: %s", i, rang).isFalse();
        }
    }

    @Test
    void alarm_setAfterALaterOne_ringsFirst() {
        Alarm later = Alarm.in(Duration.ofHours(1));
        Alarm sooner = Alarm.in(Duration.ofMillis(1));

        assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);

        assertThat(sooner.turnOff()).isTrue();
        assertThat(later.turnOff()).isFalse();
    }

    @Test
    void alarms_ofSeveralThreads_allRing() throws Exception {
        ExecutorService sleepers = Executors.newFixedThreadPool(4);
        try {
            List<Future<Boolean>> rang = new ArrayList<>();
            for (int millis : new int[] {40, 1, 20, 10}) {
                rang.add(sleepers.submit(() -> {
                    Alarm alarm = Alarm.in(Duration.ofMillis(millis));
                    assertThatThrownBy(() -> new CountDownLatch(1).await()).isInstanceOf(InterruptedException.class);
                    return alarm.turnOff();
                }));
            }
            for (Future<Boolean> each : rang) {
                assertThat(each.get()).isTrue();
            }
        } finally {
            sleepers.shutdownNow();
        }
    }
}
