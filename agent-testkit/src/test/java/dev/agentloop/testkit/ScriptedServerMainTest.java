package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptedServerMainTest {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private String post(String url, String body) throws IOException, InterruptedException {
        return client.send(
                        java.net.http.HttpRequest.newBuilder(URI.create(url + "/responses"))
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    @Test
    void main_servesAnyNumberOfConversationsAndReports() throws Exception {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ScriptedServer.class.getName(),
                        "--calls",
                        "1",
                        "--tool",
                        "echo",
                        "--arguments",
                        "{\"n\":7}",
                        "--delta-chars",
                        "0")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out = server.inputReader(StandardCharsets.US_ASCII)) {
            String url = out.readLine();
            String head =
                    "{\"model\":\"m\",\"store\":false,\"stream\":true,\"input\":[{\"role\":\"user\",\"content\":\"go\"}";
            String answered =
                    ",{\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"echo\",\"arguments\":\"{}\"},"
                            + "{\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"ok\"}";
            assertThat(post(url, head + "]}"))
                    .contains("\"call_id\":\"call_1\",\"name\":\"echo\"")
                    .contains("\"arguments\":\"{\\\"n\\\":7}\"")
                    .doesNotContain("arguments.delta");
            assertThat(post(url, head + answered + "]}")).contains("That was call 1 of 1.");
            server.getOutputStream().close();
            checkReport(out, head.length(), (head + answered + "]}").length());
            assertThat(server.waitFor()).isZero();
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    private static void checkReport(BufferedReader out, int prefix, int bytes) throws IOException {
        // The child logs to its standard output as well.
        List<String> report =
                out.lines().filter(line -> line.startsWith("{\"request\"")).toList();
        assertThat(report).hasSize(2);
        JsonNode second = new ObjectMapper().readTree(report.get(1));
        assertThat(second.get("request").asInt()).isEqualTo(2);
        assertThat(second.get("keeps_prefix").asBoolean()).isTrue();
        assertThat(second.get("prefix_bytes").asInt()).isEqualTo(prefix);
        assertThat(second.get("bytes").asInt()).isEqualTo(bytes);
        assertThat(second.get("gap_ns").asLong()).isPositive();
    }

    @Test
    void unknownOption_isNamed() {
        assertThatThrownBy(() -> ScriptedServer.main(new String[] {"--turns", "3"}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no option --turns with a value; there are ");
    }
}
