package dev.agentloop.pg;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void types_useEachOtherInOneDirection() {
        Rooms.of("dev.agentloop.pg").inOrder("").check();
    }
}
