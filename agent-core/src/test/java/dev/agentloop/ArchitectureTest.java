package dev.agentloop;

import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.agentloop.architecture.Rooms;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final String ROOT = "dev.agentloop";

    @Test
    void packages_useOnlyEarlierOnes() {
        Rooms.of(ROOT)
                .inOrder(
                        "internal",
                        "spi",
                        "stores",
                        "",
                        "internal.prompt",
                        "internal.setup",
                        "internal.control",
                        "internal.call",
                        "internal.log",
                        "internal.tool",
                        "internal.turn",
                        "internal.compact",
                        "internal.run")
                .top("AgentLoop", "Conversation")
                .ownType("internal.run.Run")
                .check();
    }

    @Test
    void core_printsNothing() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages(ROOT));
    }
}
