package dev.agentloop.tools;

import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void packages_useOnlyEarlierOnes() {
        Rooms.of("dev.agentloop.tools")
                .inOrder(
                        "internal.call",
                        "internal.workspace",
                        "internal.files",
                        "internal.edit",
                        "internal.command",
                        "internal.shell",
                        "internal.typed",
                        "")
                .check();
    }
}
