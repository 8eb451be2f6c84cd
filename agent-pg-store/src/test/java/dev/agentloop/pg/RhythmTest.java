package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RhythmTest {
    private static final Duration PAUSE = Duration.ofMillis(1);
    private static final Duration LONG = Duration.ofMinutes(1);

    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger last = new AtomicInteger();

    @Test
    void workThatThrows_isDoneAgain_andTheLastOnce() throws InterruptedException {
        Rhythm rhythm = new Rhythm(
                "rhythm",
                PAUSE,
                () -> {
                    done.incrementAndGet();
                    throw new IllegalStateException("of a test");
                },
                last::incrementAndGet);
        rhythm.begin();
        rhythm.begin();
        await().until(() -> done.get() > 2);
        assertThat(last).hasValue(0);
        assertThat(rhythm.end(LONG)).isTrue();
        int then = done.get();
        assertThat(rhythm.end(LONG)).isTrue();
        assertThat(done).hasValue(then);
        assertThat(last).hasValue(1);
    }

    @Test
    void end_beforeTheBegin_leavesNothingToDo() throws InterruptedException {
        Rhythm rhythm = new Rhythm("rhythm", PAUSE, done::incrementAndGet, last::incrementAndGet);
        assertThat(rhythm.end(LONG)).isTrue();
        rhythm.begin();
        assertThat(rhythm.end(LONG)).isTrue();
        assertThat(done).hasValue(0);
        assertThat(last).hasValue(0);
    }

    @Test
    void end_ofWorkThatTakesLonger_saysSo() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Rhythm rhythm = new Rhythm(
                "rhythm",
                PAUSE,
                () -> {
                    begun.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                () -> {});
        rhythm.begin();
        begun.await();
        assertThat(rhythm.end(Duration.ofMillis(1))).isFalse();
        go.countDown();
        assertThat(rhythm.end(LONG)).isTrue();
    }
}
