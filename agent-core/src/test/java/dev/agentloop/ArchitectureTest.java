package dev.agentloop;

import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the one-way flow of types: each stage knows itself and the stages before it. */
class ArchitectureTest {
    private static final String ROOT = "dev.agentloop";

    /**
     * The stages in their order, each with the hidden types that carry it. A type of the root package that is not named
     * belongs to the loop, which comes last and knows all of them, the store included.
     */
    private static final List<List<String>> STAGES = List.of(
            List.of("Item", "ItemBytes", "CacheBreakpoint"),
            List.of("ToolCall", "ToolOutput", "ReceivedCall"),
            List.of("Tool", "ToolContext"),
            List.of("Toolbox"),
            List.of("Prompt", "PromptSettings", "ChunkedPrompt", "PromptEnding", "CacheFields", "AppendedSettings"),
            List.of("Model", "ModelResponse", "ModelException", "Usage"),
            List.of(
                    "Compactor",
                    "CompactorChain",
                    "OldOutputsCompactor",
                    "PaidAnswer",
                    "SummaryCompactor",
                    "TriggerCompactor",
                    "TokenEstimate",
                    "WithoutImages"));

    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void stages_areAllThere() {
        Stream<String> named = STAGES.stream().flatMap(List::stream).map(name -> ROOT + "." + name);
        assertThat(named).allMatch(CORE::contain);
    }

    @Test
    void typeOfAStage_knowsNoLaterStage() {
        assertThat(dependenciesWithin(ROOT, ROOT)
                        .filter(use -> stage(use.getTargetClass()) > stage(use.getOriginClass())))
                .as("uses of a later stage (or of the loop) by an earlier one")
                .extracting(Dependency::getDescription)
                .isEmpty();
    }

    @Test
    void typeBeforeTheLoop_knowsNoStore() {
        assertThat(Stream.of(".spi", ".stores")
                        .flatMap(store -> dependenciesWithin(ROOT, ROOT + store))
                        .filter(use -> stage(use.getOriginClass()) < STAGES.size()))
                .extracting(Dependency::getDescription)
                .isEmpty();
    }

    @Test
    void store_knowsNothingOfTheRootPackage() {
        assertThat(Stream.of(".spi", ".stores").flatMap(store -> dependenciesWithin(ROOT + store, ROOT)))
                .extracting(Dependency::getDescription)
                .isEmpty();
    }

    @Test
    void packages_haveNoCycles() {
        slices().matching("dev.(**)").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void core_printsNothing() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CORE);
    }

    private static Stream<Dependency> dependenciesWithin(String origin, String target) {
        return CORE.stream()
                .filter(type -> type.getPackageName().equals(origin))
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(use -> use.getTargetClass().getPackageName().equals(target))
                .sorted();
    }

    /** Nested types count as the type that they are in. */
    private static int stage(JavaClass type) {
        String name = type.getBaseComponentType()
                .getName()
                .substring(ROOT.length() + 1)
                .split("[$]", 2)[0];
        for (int stage = 0; stage < STAGES.size(); stage++) {
            if (STAGES.get(stage).contains(name)) {
                return stage;
            }
        }
        return STAGES.size();
    }
}
