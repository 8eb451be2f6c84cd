package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A change of the public API is a change of a checked-in file, so nobody makes one unseen. */
class PublicApiTest {
    private static final boolean UPDATE = Boolean.getBoolean("api.update");
    /** What hosts learn, and what only those learn who write a store: together. */
    private static final int CORE_TYPES = 36;
    /** A row of the table in VERSIONING.md: the package, what it is, its types. */
    private static final Pattern PACKAGE_ROW = Pattern.compile("\\| `(dev\\.agentloop[a-z.]*)` \\|[^|]*\\|([^|]*)\\|");

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
        assertThat(core().topLevelTypes()).hasSizeLessThanOrEqualTo(CORE_TYPES);
    }

    @Test
    void core_hasThePublicTypesThatVersioningLists() {
        String document = Repository.read(Repository.root().resolve("VERSIONING.md"));
        assertThat(document).contains("There are at most " + CORE_TYPES + ".");
        Map<String, List<String>> listed = PACKAGE_ROW
                .matcher(document)
                .results()
                .collect(Collectors.toMap(
                        row -> row.group(1),
                        row -> List.of(row.group(2).replace("`", "").strip().split(", "))));
        Map<String, List<String>> there = core().topLevelTypes().stream()
                .collect(Collectors.groupingBy(
                        Class::getPackageName, Collectors.mapping(Class::getSimpleName, Collectors.toList())));
        assertThat(there).as("public types, sorted, of each exported package").isEqualTo(listed);
    }

    private static PublicApi core() {
        return PublicApi.of(Repository.root().resolve("agent-core"));
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
