package dev.agentloop.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scanner against Jackson's parser: the same verdict about every text, and the same places in those that are JSON. */
class JsonScanTest {
    private static final String[] VALUES = {
        "0",
        "-1",
        "2.50",
        "1e400",
        "-0.1E-7",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        "\"\\u00e9\\n\\\"\"",
        "\"é😀\"",
        "{}",
        "[]",
        "{ }",
        "[ ]",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "-",
        "nul",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"a",
        "'a'",
        "NaN"
    };
    private static final byte[] MUTATIONS = "{}[],:\"\\ \n\t0123eE+-.truefalsn/u\u007f".getBytes(UTF_8);
    private static final int DOCUMENTS = 20_000;

    @Test
    void of_agreesWithJackson_onRandomDocumentsAndTheirMutations() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < DOCUMENTS; round++) {
            byte[] document = container(random, 3).getBytes(UTF_8);
            for (int i = random.nextInt(3); i > 0; i--) {
                document[random.nextInt(document.length)] = random.nextInt(8) == 0
                        ? (byte) (1 + random.nextInt(255))
                        : MUTATIONS[random.nextInt(MUTATIONS.length)];
            }
            List<JsonFields.Field> expected = byJackson(document);
            assertThat(byScan(document))
                    .as("seed %d: %s", seed, new String(document, UTF_8))
                    .isEqualTo(expected);
            accepted += expected == null ? 0 : 1;
        }
        assertThat(accepted).as("seed %d", seed).isBetween(DOCUMENTS / 10, DOCUMENTS * 9 / 10);
    }

    private static String container(Random random, int depth) {
        boolean object = random.nextInt(3) > 0;
        StringBuilder text = new StringBuilder(space(random)).append(object ? '{' : '[');
        for (int i = random.nextInt(4); i > 0; i--) {
            text.append(space(random));
            text.append(object ? (random.nextBoolean() ? "\"name\"" : "\"n\\u0061é\"") + space(random) + ":" : "");
            text.append(space(random))
                    .append(depth > 0 && random.nextInt(3) == 0 ? container(random, depth - 1) : value(random));
            text.append(space(random)).append(i > 1 ? "," : "");
        }
        return text.append(space(random))
                .append(object ? '}' : ']')
                .append(space(random))
                .toString();
    }

    // The first half of the values is JSON; most documents are to be.
    private static String value(Random random) {
        return VALUES[random.nextInt(random.nextInt(12) == 0 ? VALUES.length : 16)];
    }

    private static String space(Random random) {
        return List.of("", "", "", " ", "\r\n", "\t").get(random.nextInt(6));
    }

    private static @Nullable List<JsonFields.Field> byScan(byte[] document) {
        try {
            return JsonFields.of(document).all();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static @Nullable List<JsonFields.Field> byJackson(byte[] document) {
        try (JsonParser parser = Json.FACTORY.createParser(document)) {
            JsonToken opening = parser.nextToken();
            if (opening == null || !opening.isStructStart()) {
                return null;
            }
            List<JsonFields.Field> fields = new ArrayList<>();
            while (!parser.nextToken().isStructEnd()) {
                int nameStart = (int) parser.currentTokenLocation().getByteOffset();
                boolean named = parser.currentToken() == JsonToken.FIELD_NAME;
                String name = named ? parser.currentName() : "";
                JsonToken token = named ? parser.nextToken() : parser.currentToken();
                int start = (int) parser.currentTokenLocation().getByteOffset();
                readToItsEnd(parser);
                int end = (int) parser.currentLocation().getByteOffset();
                fields.add(new JsonFields.Field(name, nameStart, start, end, token));
            }
            return parser.nextToken() == null ? fields : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static void readToItsEnd(JsonParser parser) throws IOException {
        int depth = 0;
        do {
            depth += parser.currentToken().isStructStart() ? 1 : 0;
            depth -= parser.currentToken().isStructEnd() ? 1 : 0;
            parser.finishToken();
        } while (depth > 0 && parser.nextToken() != null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"a\"|a colon at byte 4 but found the end",
                "{\"a\":}|a value at byte 5 but found }",
                "{\"a\":1 \"b\"|a comma or } at byte 7 but found \"",
                "[1,|a value at byte 3 but found the end",
                "{a:1}|a name in quotes at byte 1 but found a",
                "[\"a|the end of a string at byte 3 but found the end",
                "[\"\t\"]|the rest of a string at byte 2 but found byte 0x09",
                "[\"\\x\"]|an escape at byte 3 but found x",
                "[nul]|null at byte 1 but found n",
            })
    void of_saysWhatIsWrongAndWhere(String json, String expected) {
        assertThatThrownBy(() -> JsonFields.of(json.getBytes(UTF_8))).hasMessage("not JSON: expected " + expected);
    }

    @Test
    void of_passesOverAByteOrderMark() {
        assertThat(JsonFields.of("\ufeff{\"a\":1}".getBytes(UTF_8)).number("a", 0))
                .isEqualTo(1);
    }
}
