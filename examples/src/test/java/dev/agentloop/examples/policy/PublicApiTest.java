package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A change of the public API is a change of a checked-in file, so nobody makes one unseen. */
class PublicApiTest {
    private static final boolean UPDATE = Boolean.getBoolean("api.update");
    /** What hosts learn, and what only those learn who write a store. */
    private static final Map<String, Integer> CORE_TYPES =
            Map.of("dev.agentloop", 25, "dev.agentloop.spi", 8, "dev.agentloop.stores", 2);

    static Stream<Path> libraries() {
        return Repository.libraries().stream();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void publicApi_isWhatApiTxtSays(Path module) throws IOException {
        Path file = module.resolve("api.txt");
        String actual = PublicApi.of(module).describe();
        if (UPDATE) {
            Files.writeString(file, actual);
        }
        assertThat(file).as("write it with: mvn -Pfast verify -Dapi.update").exists();
        assertThat(actual.lines())
                .as("%s; when the change is meant: mvn -Pfast verify -Dapi.update", Repository.name(file))
                .containsExactlyElementsOf(Files.readAllLines(file));
    }

    @Test
    void program_promisesNoType() {
        assertThat(PublicApi.of(Repository.program()).packages()).isEmpty();
    }

    @Test
    void core_hasFewPublicTypes() {
        Map<String, Long> types = PublicApi.of(Repository.root().resolve("agent-core")).topLevelTypes().stream()
                .collect(Collectors.groupingBy(Class::getPackageName, Collectors.counting()));
        assertThat(types.keySet()).isEqualTo(CORE_TYPES.keySet());
        types.forEach((name, count) -> assertThat(count)
                .as("public types of %s", name)
                .isLessThanOrEqualTo(CORE_TYPES.getOrDefault(name, 0).longValue()));
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void publicSignature_namesNoJacksonType(Path module) {
        PublicApi api = PublicApi.of(module);
        Stream<JavaClass> types = new ClassFileImporter()
                .importPath(Repository.classes(module)).stream()
                        .filter(type -> api.packages().contains(type.getPackageName()))
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC));
        assertThat(types.flatMap(type -> type.getMembers().stream())
                        .filter(member -> member.getModifiers().contains(JavaModifier.PUBLIC)
                                || member.getModifiers().contains(JavaModifier.PROTECTED))
                        .filter(member -> member.getAllInvolvedRawTypes().stream()
                                .anyMatch(type -> type.getName().startsWith("com.fasterxml."))))
                .extracting(JavaMember::getFullName)
                .isEmpty();
    }
}
