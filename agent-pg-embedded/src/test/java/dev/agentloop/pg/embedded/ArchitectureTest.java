package dev.agentloop.pg.embedded;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void types_haveNoCircle() {
        Rooms.of("dev.agentloop.pg.embedded").inOrder("").check();
    }
}
