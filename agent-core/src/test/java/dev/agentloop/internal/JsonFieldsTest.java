package dev.agentloop.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonFieldsTest {
    private static JsonFields of(String json) {
        return JsonFields.of(json.getBytes(UTF_8));
    }

    private static String cut(String json, String field) {
        return new String(of(json).line(field), UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"id\":\"a\",\"b\":1}|{\"b\":1}",
                "{\"b\":1,\"id\":\"a\"}|{\"b\":1}",
                "{\"b\":1,\"id\":\"a\",\"c\":[1,{\"id\":2}]}|{\"b\":1,\"c\":[1,{\"id\":2}]}",
                "{\"id\":\"a\"}|{}",
                "{ \"id\" : \"a\" , \"b\" : 1 }|{ \"b\" : 1 }",
                "{ \"b\" : 1 , \"id\" : \"a\" }|{ \"b\" : 1  }",
                "{\"b\":{\"id\":1}}|{\"b\":{\"id\":1}}",
                "{\"id\":1,\"b\":2,\"id\":3}|{\"b\":2}",
                "{\"b\":2,\"id\":1,\"id\":3}|{\"b\":2}",
                "{\"id\":1,\"id\":3}|{}",
                "{\"\\u0069d\":1,\"b\":2}|{\"b\":2}",
            })
    void line_cutsTheFieldAtTheTopLevelOnly(String json, String expected) {
        assertThat(cut(json, "id")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"type\":\"x\",\"delta\":\"a\\n\\u00e9\",|a\\né",
                "{ \"n\" : {\"delta\":\"inner\"} , \"delta\" : \"outer\" }|outer",
                "{\"delta\":3}|~~",
                "{\"a\":1}|~~",
                "{}|~~",
                "[\"delta\"]|~~",
            })
    void first_readsUpToTheFieldAndNoFurther(String json, String expected) {
        byte[] bytes = ("data: " + json + "!").getBytes(UTF_8);
        assertThat(JsonFields.first(bytes, "data: ".length(), bytes.length - 1, "delta"))
                .isEqualTo(expected.replace("\\n", "\n"));
    }

    @Test
    void firstInner_readsTheObjectAndNothingAfterIt() {
        byte[] bytes = "{\"type\":\"x\",\"response\": {\"id\":\"r\",\"output\":[{\"id\":1}]} , no more".getBytes(UTF_8);
        JsonFields response = JsonFields.firstInner(bytes, 0, bytes.length, "response");
        assertThat(response.text("id")).isEqualTo("r");
        assertThat(new String(response.line("id"), UTF_8)).isEqualTo("{\"output\":[{\"id\":1}]}");
        byte[] other = "{\"response\":[1]}".getBytes(UTF_8);
        assertThat(JsonFields.firstInner(other, 0, other.length, "response")).isNull();
        assertThat(JsonFields.firstInner(other, 0, other.length, "item")).isNull();
    }

    @Test
    void first_refusesWhatIsNotJsonUpToThere() {
        byte[] bytes = "{\"type\":x,\"delta\":\"a\"}".getBytes(UTF_8);
        assertThatThrownBy(() -> JsonFields.first(bytes, 0, bytes.length, "delta"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at byte 8");
    }

    @Test
    void line_turnsBreaksBetweenTokensIntoSpaces() {
        assertThat(cut("{\r\n \"a\": \"x\\ny\",\n\"id\": 3\n}", "id")).isEqualTo("{   \"a\": \"x\\ny\" }");
    }

    @Test
    void values_comeBackByteForByte() {
        String json = "{\"z\":1e400,\"a\":\"\\u0000\\ud800 é 😀\",\"n\":{\"b\":1,\"a\":2.50},\"l\":[ 1 ,2]}";
        JsonFields fields = of(json);
        assertThat(new String(fields.line(null), UTF_8)).isEqualTo(json);
        assertThat(fields.raw(fields.field("z"))).isEqualTo("1e400");
        assertThat(fields.raw(fields.field("n"))).isEqualTo("{\"b\":1,\"a\":2.50}");
        assertThat(fields.raw(fields.field("l"))).isEqualTo("[ 1 ,2]");
        assertThat(fields.text("a")).isEqualTo("\u0000\ud800 é 😀");
    }

    @Test
    void inner_readsObjectsAndArraysInPlace() {
        JsonFields parts = of("{\"x\":[{\"a\":\"é\"},{\"a\":\"b\"},3]}").inner("x");
        assertThat(parts.all()).hasSize(3);
        assertThat(parts.inner(parts.all().get(1)).text("a")).isEqualTo("b");
        assertThat(parts.inner(parts.all().get(2))).isNull();
    }

    @Test
    void of_readsAValueInTheMiddleOfOtherBytes() {
        byte[] bytes = "data: {\"a\":\"é\",\"id\":1} ".getBytes(UTF_8);
        JsonFields fields = JsonFields.of(bytes, 6, bytes.length - 1);
        assertThat(fields.text("a")).isEqualTo("é");
        assertThat(new String(fields.line("id"), UTF_8)).isEqualTo("{\"a\":\"é\"}");
    }

    @Test
    void numbersAndFlags_fallBack_whenAbsentOrAbsurd() {
        JsonFields fields = of("{\"a\":7,\"b\":1e400,\"c\":\"x\",\"d\":true,\"e\":-3,\"f\":2.5}");
        assertThat(fields.number("a", 9)).isEqualTo(7);
        assertThat(fields.number("b", 9)).isEqualTo(9);
        assertThat(fields.number("c", 9)).isEqualTo(9);
        assertThat(fields.number("e", 9)).isEqualTo(-3);
        assertThat(fields.number("f", 9)).isEqualTo(9);
        assertThat(fields.number("none", 9)).isEqualTo(9);
        assertThat(fields.flag("d", false)).isTrue();
        assertThat(fields.flag("a", true)).isTrue();
    }

    @Test
    void of_refusesWhatIsNotOneObjectOrArray() {
        assertThatThrownBy(() -> of("{\"a\":")).hasMessageStartingWith("not JSON: ");
        assertThatThrownBy(() -> of("{} {}")).hasMessage("more than one JSON value in 5 bytes");
        assertThatThrownBy(() -> of("3"))
                .hasMessage("expected a JSON object or array but found VALUE_NUMBER_INT in 1 bytes");
        assertThatThrownBy(() -> of("")).hasMessage("expected a JSON object or array but found nothing in 0 bytes");
    }

    @Test
    void quote_keepsEveryText() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(20); i > 0; i--) {
                text.append((char) (random.nextBoolean() ? random.nextInt(0x80) : random.nextInt(0x10000)));
            }
            byte[] json = Json.object(w -> w.text("t", text.toString()));
            assertThat(JsonFields.of(json).text("t")).as("seed %d", seed).isEqualTo(text.toString());
            assertThat(new String(json, UTF_8)).as("seed %d", seed).doesNotContain("\n", "\r");
        }
    }

    /** In all forms that JSON has for a character, also those that this library does not write. */
    @Test
    void text_meansWhatJacksonReads() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> forms = List.of(
                "\\\"",
                "\\\\",
                "\\/",
                "\\b",
                "\\f",
                "\\n",
                "\\r",
                "\\t",
                "\\u00e9",
                "\\ud83d\\ude00",
                "é",
                "😀",
                "a",
                "/");
        for (int round = 0; round < 2_000; round++) {
            StringBuilder string = new StringBuilder("\"");
            int kinds = 1 + random.nextInt(forms.size());
            for (int i = random.nextInt(20); i > 0; i--) {
                string.append(forms.get(random.nextInt(kinds)));
            }
            string.append('"');
            try (JsonParser jackson = Json.FACTORY.createParser(string.toString())) {
                jackson.nextToken();
                assertThat(of("{\"t\":" + string + "}").text("t"))
                        .as("seed %d, %s", seed, string)
                        .isEqualTo(jackson.getText());
            }
        }
    }

    @Test
    void text_isWrittenLikeAQuotedOne() {
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            String text = "a" + (char) c + "b";
            assertThat(new String(Json.object(w -> w.text("t", text)), UTF_8))
                    .isEqualTo("{\"t\":" + Json.quote(text) + "}");
        }
    }

    @Test
    void of_readsTenMebibytesAndDeepNesting() {
        String big = "x".repeat(10 << 20);
        assertThat(of("{\"a\":\"" + big + "\",\"b\":1}").number("b", 0)).isEqualTo(1);
        String deep = "[".repeat(5_000) + "]".repeat(5_000);
        assertThat(of("{\"a\":" + deep + ",\"b\":1}").number("b", 0)).isEqualTo(1);
    }
}
