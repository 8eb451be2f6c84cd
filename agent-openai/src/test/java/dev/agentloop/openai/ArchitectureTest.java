package dev.agentloop.openai;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void types_useEachOtherInOneDirection() {
        Rooms.of("dev.agentloop.openai").inOrder("").check();
    }
}
