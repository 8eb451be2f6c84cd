package dev.agentloop.benchmarks;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void packages_useOnlyEarlierOnes() {
        Rooms.of("dev.agentloop")
                .inOrder("benchmarks", "benchmarks.jmh_generated", "openai", "openai.jmh_generated")
                .check();
    }
}
