package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Patches that were wrong somewhere, each with the files before and after. */
class PatchCasesTest {
    @TempDir
    Path temp;

    static Stream<Arguments> cases() throws IOException {
        String fixtures = System.getProperty("agentloop.fixtures", "");
        assumeTrue(
                !fixtures.isEmpty(),
                "skipped: the cases are not here; they are patches.json in the folder \"cases\" next to the one that"
                        + " -Dagentloop.fixtures=FOLDER names");
        Path file = Path.of(fixtures).toAbsolutePath().normalize().resolveSibling("cases/patches.json");
        assumeTrue(Files.isRegularFile(file), "skipped: the cases are not here: " + file);
        JsonNode cases = new ObjectMapper().readTree(Files.readString(file));
        return StreamSupport.stream(cases.spliterator(), false)
                .map(json -> Arguments.of(
                        json.get("n").asText() + ": " + json.get("what").asText(), json));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void patch_ofTheCase_givesItsFiles(String name, JsonNode json) throws Exception {
        Path root = Files.createDirectory(temp.resolve("root"));
        Map<String, String> before = files(json.get("files"));
        for (Map.Entry<String, String> file : before.entrySet()) {
            Trees.write(root.resolve(file.getKey()), file.getValue());
        }
        Calls calls = Calls.in(root, temp.resolve("state"));

        boolean error =
                calls.call("apply_patch", "input", json.get("patch").asText()).error();

        assertThat(error).as(name).isEqualTo(json.get("expect").isNull());
        Map<String, String> after = error ? before : files(json.get("expect"));
        assertThat(contents(root)).as(name).isEqualTo(after);
    }

    private static Map<String, String> files(JsonNode json) {
        Map<String, String> files = new TreeMap<>();
        json.fieldNames()
                .forEachRemaining(name -> files.put(name, json.get(name).asText()));
        return files;
    }

    private static Map<String, String> contents(Path root) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                files.put(root.relativize(path).toString(), Files.readString(path, StandardCharsets.UTF_8));
            }
        }
        return files;
    }
}
