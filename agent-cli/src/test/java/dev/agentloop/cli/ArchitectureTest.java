package dev.agentloop.cli;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void rooms_haveAnOrder_andTypesNoCircle() {
        Rooms.of("dev.agentloop.cli")
                .inOrder("terminal", "store", "options", "agent", "events", "log", "commands", "")
                .check();
    }
}
