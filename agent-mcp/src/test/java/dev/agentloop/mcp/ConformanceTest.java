package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol's own test program, run against this client as a program of its own. */
@Tag("once")
class ConformanceTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"initialize", "tools_call", "elicitation-sep1034-client-defaults"})
    void scenario_passes(String scenario) throws Exception {
        List<String> verdicts = verdicts(scenario);
        assertThat(verdicts)
                .as(() -> read(folder.resolve("output")))
                .contains("SUCCESS")
                .isSubsetOf("SUCCESS", "INFO");
    }

    private List<String> verdicts(String scenario) throws Exception {
        String client = String.join(
                " ",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ConformanceClient.class.getName());
        Process process = new ProcessBuilder(
                        NpmPackages.CONFORMANCE.file("node/bin/node").toString(),
                        NpmPackages.CONFORMANCE
                                .file("@modelcontextprotocol/conformance/dist/index.js")
                                .toString(),
                        "client",
                        "--command",
                        client,
                        "--scenario",
                        scenario,
                        "--output-dir",
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        try (Stream<Path> files = Files.walk(folder)) {
            JsonNode checks = new ObjectMapper()
                    .readTree(files.filter(file -> file.endsWith("checks.json"))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError(read(folder.resolve("output"))))
                            .toFile());
            return StreamSupport.stream(checks.spliterator(), false)
                    .map(check -> check.path("status").asText())
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
