package dev.agentloop.cli.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Model;
import dev.agentloop.cli.options.Options;
import dev.agentloop.testkit.ScriptedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which compactors the command line tries: those that the server is known to have. */
class CompactorChoiceTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "'', 'old outputs, trigger, summary'",
        "https://api.openai.com, 'old outputs, trigger, summary'",
        "https://api.openai.com/v1, 'old outputs, trigger, summary'",
        "https://api.openai.com.evil.example/v1, 'old outputs, summary'",
        "http://127.0.0.1:11434/v1, 'old outputs, summary'"
    })
    void compactor_byTheServersAddress(String address, String tried) {
        List<String> words = List.of("--cd", folder.toString(), "--store", "postgres", "Hi");
        Options options = Options.parse("exec", words, Map.of("OPENAI_BASE_URL", address, "HOME", folder.toString()));
        Model model = ScriptedModel.answering();

        assertThat(CodingAgent.compactor(options, model).name()).isEqualTo(tried);
    }
}
