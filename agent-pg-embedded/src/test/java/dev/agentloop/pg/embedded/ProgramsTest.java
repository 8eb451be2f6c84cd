package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ProgramsTest {
    /** Hosts start servers from there, and those that wait for one another keep all of its threads. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void run_whileTheCommonPoolIsBusy_ends() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        List<CompletableFuture<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < ForkJoinPool.getCommonPoolParallelism() + 1; i++) {
            tasks.add(CompletableFuture.runAsync(() -> {
                try {
                    busy.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        try {
            assertThat(Programs.run(List.of("echo", "done"))).isEqualTo(new Programs.Result(0, "done"));
        } finally {
            busy.countDown();
            for (CompletableFuture<Void> task : tasks) {
                task.get(30, TimeUnit.SECONDS);
            }
        }
    }
}
