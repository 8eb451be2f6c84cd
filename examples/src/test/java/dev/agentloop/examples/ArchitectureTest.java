package dev.agentloop.examples;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void examples_haveNoCircle() {
        Rooms.of("dev.agentloop.examples").inOrder("").check();
    }
}
