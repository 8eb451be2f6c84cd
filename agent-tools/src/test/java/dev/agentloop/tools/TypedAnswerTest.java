package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class TypedAnswerTest {
    private record Verdict(boolean passed, List<String> findings, Optional<String> hint) {}

    private record Big$Verdict(int number) {}

    private record Mapped(Map<String, String> values) {}

    @Test
    void answer_hasTheRecordsNameAndStrictSchema() {
        TypedAnswer<Verdict> answer = TypedAnswer.of(Verdict.class);

        assertThat(answer.name()).isEqualTo("Verdict");
        assertThat(answer.schema())
                .isEqualTo("{\"type\":\"object\",\"properties\":{\"passed\":{\"type\":\"boolean\"},"
                        + "\"findings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                        + "\"hint\":{\"type\":[\"string\",\"null\"]}},"
                        + "\"required\":[\"passed\",\"findings\",\"hint\"],\"additionalProperties\":false}");
    }

    @Test
    void name_ofRecordWithOtherCharacters_isWhatTheApiAllows() {
        record ARecordWhoseNameIsLongerThanTheSixtyFourCharactersThatTheApiAllows() {}

        assertThat(TypedAnswer.of(Big$Verdict.class).name()).isEqualTo("Big_Verdict");
        assertThat(TypedAnswer.of(ARecordWhoseNameIsLongerThanTheSixtyFourCharactersThatTheApiAllows.class)
                        .name())
                .isEqualTo("ARecordWhoseNameIsLongerThanTheSixtyFourCharactersThatTheApiAllo");
    }

    @Test
    void read_ofFittingText_givesTheRecord() {
        assertThat(TypedAnswer.of(Verdict.class).read(" {\"passed\":true,\"findings\":[\"a\"],\"hint\":null}\n"))
                .isEqualTo(new Verdict(true, List.of("a"), Optional.empty()));
    }

    @Test
    void read_ofOtherText_saysWhy() {
        TypedAnswer<Verdict> answer = TypedAnswer.of(Verdict.class);

        assertThatThrownBy(() -> answer.read("{\"passed\":1,\"findings\":[],\"hint\":null}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the answer is not a valid Verdict: expected true or false but found the number `1`"
                        + " (at passed)");
        assertThatThrownBy(() -> answer.read(""))
                .hasMessage("the answer is not a valid Verdict: expected a JSON object but found no text");
        assertThatThrownBy(() -> answer.read("Done."))
                .hasMessageStartingWith("the answer is not a valid Verdict: Unrecognized token 'Done'")
                .hasMessageEndingWith("at line 1 column 1");
    }

    @Test
    void answer_ofMap_isRefused() {
        assertThatThrownBy(() -> TypedAnswer.of(Mapped.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("strict mode has no maps");
    }
}
