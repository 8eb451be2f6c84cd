package dev.agentloop.testkit;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void packages_useOnlyEarlierOnes() {
        Rooms.of("dev.agentloop.testkit")
                .inOrder(
                        "internal.request",
                        "internal.cache",
                        "internal.response",
                        "internal.http",
                        "internal.lint",
                        "internal.compaction",
                        "internal.store",
                        "",
                        "internal.talk")
                .check();
    }
}
