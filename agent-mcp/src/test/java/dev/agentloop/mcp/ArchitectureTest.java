package dev.agentloop.mcp;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void types_useEachOtherInOneDirection() {
        Rooms.of("dev.agentloop.mcp").inOrder("").check();
    }
}
