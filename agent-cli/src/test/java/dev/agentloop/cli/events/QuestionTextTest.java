package dev.agentloop.cli.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Outcome;
import dev.agentloop.cli.AgentTest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a person reads of a call before approving it. */
class QuestionTextTest extends AgentTest {
    private List<String> lines(String tool, String arguments) {
        return QuestionText.of(new Outcome.Pending("call_1", 5, tool, arguments, "May it?", null, "", ""), workspace);
    }

    @Test
    void command_isShownAsTyped() {
        assertThat(lines(
                        "shell_command",
                        "{\"command\":\"ls \\u003b \\u0072\\u006d -rf \\u007e\",\"justification\":\"to \\u0072ead\"}"))
                .containsExactly("in " + real(workspace), "$ ls ; rm -rf ~", "justification: to read");
    }

    @Test
    void rule_isShown() {
        assertThat(QuestionText.of(
                        new Outcome.Pending(
                                "call_1", 5, "shell_command", "{\"command\":\"ls\"}", "?", null, "", "all\u001b of it"),
                        workspace))
                .containsExactly("in " + real(workspace), "$ ls", "always allows all\\u001b of it");
    }

    @Test
    void place_isTheOneThatTheApprovalIsFor() {
        assertThat(QuestionText.of(
                        new Outcome.Pending(
                                "call_1", 5, "shell_command", "{\"command\":\"ls\"}", "?", null, "/was/here", ""),
                        workspace))
                .containsExactly("in /was/here", "$ ls");
    }

    @Test
    void command_ofManyLines_isShownWhole_withoutItsControls() {
        String command = IntStream.range(0, 40).mapToObj(i -> "echo " + i).collect(Collectors.joining("\\n"));
        assertThat(lines("shell_command", "{\"command\":\"" + command + "\\nrm \\u001b[2K\\u202e\"}"))
                .hasSize(42)
                .contains("$ echo 0", "> echo 39", "> rm \\u001b[2K\\u202e");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need rights there")
    void folder_isTheRealOne() throws IOException {
        Files.createSymbolicLink(workspace.resolve("build"), Files.createDirectory(folder.resolve("elsewhere")));
        assertThat(lines("shell_command", "{\"workdir\":\"build\",\"command\":\"rm -rf .\"}"))
                .containsExactly("in " + real(folder) + "/elsewhere", "$ rm -rf .");
        assertThat(lines("shell_command", "{\"workdir\":\"gone/../none\",\"command\":\"ls\"}"))
                .first()
                .isEqualTo("in " + workspace + "/none (which is not there)");
    }

    @Test
    void patch_namesItsFiles_andIsCut() {
        String added = "+line\n".repeat(50);
        String patch =
                "*** Begin Patch\n*** Add File: a\u001b.txt\n" + added + "*** Delete File: b.txt\n*** End Patch\n";
        assertThat(lines("apply_patch", patch))
                .hasSize(23)
                .startsWith("in " + real(workspace), "Add File: a\\u001b.txt, Delete File: b.txt", "| *** Begin Patch")
                .endsWith("[34 more lines, of 54; log --full shows them all]");
    }

    @Test
    void otherTools_haveTheirFieldsDecoded() {
        assertThat(lines(
                        "write_file",
                        "{\"file_path\":\"src\\/\\u0041.txt\",\"content\":\"one\\ntwo\\n\",\"n\":{\"a\":1}}"))
                .containsExactly(
                        "in " + real(workspace), "file_path: src/A.txt", "content:", "| one", "| two", "n: {\"a\":1}");
    }

    @Test
    void ambiguousArguments_areShownAsTheyCame() {
        for (String arguments : List.of("{\"command\":\"ls\",\"command\":\"rm\"}", "{\"command\":", "[1]", "{} {}")) {
            assertThat(lines("shell_command", arguments))
                    .last()
                    .isEqualTo("arguments that are no plain JSON object, as they came: " + arguments);
        }
    }
}
