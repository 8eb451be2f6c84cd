package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ClientStepsTest {
    private static Thread threadOfAStep(int requests) throws Exception {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        new ClientSteps(() -> requests).execute(() -> thread.complete(Thread.currentThread()));
        return thread.get(10, TimeUnit.SECONDS);
    }

    @Test
    void fewRequests_haveTheirStepsWhereTheyAreFound() throws Exception {
        assertThat(threadOfAStep(ClientSteps.FEW)).isSameAs(Thread.currentThread());
    }

    @Test
    void manyRequests_haveTheirStepsOnDaemonsOfAPool() throws Exception {
        Thread thread = threadOfAStep(ClientSteps.FEW + 1);
        assertThat(thread).isNotSameAs(Thread.currentThread());
        assertThat(thread.isDaemon()).isTrue();
    }

    @Test
    void aStepThatFails_doesNotCostTheThreadThatHasFoundIt() {
        Executor steps = new ClientSteps(() -> 1);
        assertThatCode(() -> steps.execute(() -> {
                    throw new IllegalStateException("a fault");
                }))
                .doesNotThrowAnyException();
    }
}
