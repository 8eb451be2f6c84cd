package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract suite of tools catches tools that are broken on purpose, each in one way. */
class BrokenToolsTest {
    private static Tool broken = new SampleTool();

    /** The suite, on whichever tool is broken now. */
    static final class Suite extends ToolContract {
        @Override
        protected Tool tool() {
            return broken;
        }

        @Override
        protected String goodArguments(int number) {
            return SampleToolTest.GOOD;
        }

        @Override
        protected Optional<String> slowArguments() {
            return Optional.of(SampleToolTest.SLOW);
        }

        @Override
        Duration longestAfterInterrupt() {
            return Duration.ofMillis(500);
        }
    }

    private static final class DescribesItselfAnew extends SampleTool {
        private final AtomicInteger count = new AtomicInteger();

        @Override
        String description() {
            return "Description " + count.incrementAndGet();
        }
    }

    private static final class HasAnOpenSchema extends SampleTool {
        @Override
        String schema() {
            return SCHEMA.replace("\"required\":[\"wait\"],\"additionalProperties\":false", "\"required\":[]");
        }
    }

    private static final class DiesOfBadArguments extends SampleTool {
        @Override
        Exception missing() {
            throw new StackOverflowError();
        }
    }

    private static final class FailsWithoutAWord extends SampleTool {
        @Override
        Exception missing() {
            return new NullPointerException();
        }
    }

    private static final class AcceptsAnything extends SampleTool {
        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("fine");
        }
    }

    private static final class IgnoresInterrupts extends SampleTool {
        private final CountDownLatch end = new CountDownLatch(1);

        @Override
        void waitForEver() {
            while (end.getCount() > 0) {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    // Goes on.
                }
            }
        }
    }

    private static final class WorksForOneAtATime extends SampleTool {
        private final CyclicBarrier two = new CyclicBarrier(2);

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            try {
                two.await(1, TimeUnit.SECONDS);
                return ToolOutput.error("someone else is calling");
            } catch (java.util.concurrent.TimeoutException | java.util.concurrent.BrokenBarrierException e) {
                return super.call(call, context);
            }
        }
    }

    private record Mutant(Tool tool, String caughtBy) {}

    @TestFactory
    Stream<DynamicTest> suite_catches() {
        return Stream.of(
                        new Mutant(new DescribesItselfAnew(), "specification_isAlwaysTheSame"),
                        new Mutant(new HasAnOpenSchema(), "schema_isAnObjectAndStrictWhereItSaysSo"),
                        new Mutant(new DiesOfBadArguments(), "badArguments_areAnsweredInWords"),
                        new Mutant(new FailsWithoutAWord(), "badArguments_areAnsweredInWords"),
                        new Mutant(new AcceptsAnything(), "badArguments_areAnsweredInWords"),
                        new Mutant(new IgnoresInterrupts(), "interrupt_endsASlowCall"),
                        new Mutant(new WorksForOneAtATime(), "manyCallsAtOnce_allSucceed"))
                .map(mutant -> dynamicTest(mutant.tool().getClass().getSimpleName(), () -> isCaught(mutant)));
    }

    private static void isCaught(Mutant mutant) {
        broken = mutant.tool();
        try {
            assertThat(SuiteRun.failed(Suite.class, List.of(mutant.caughtBy()))).containsExactly(mutant.caughtBy());
        } finally {
            broken = new SampleTool();
            if (mutant.tool() instanceof IgnoresInterrupts ignoring) {
                ignoring.end.countDown();
            }
        }
    }
}
