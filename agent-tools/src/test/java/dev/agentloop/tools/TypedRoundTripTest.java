package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import dev.agentloop.tools.internal.typed.MismatchException;
import dev.agentloop.tools.internal.typed.ValueWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * Random records against the schema, as a validator of JSON Schema understands it, and against the reading.
 *
 * <p>The seed is in the message of every failure; {@code -Dagentloop.seed=N} repeats it.
 */
final class TypedRoundTripTest {
    private static final int ROUNDS = 100;
    private static final long SEED = Long.getLong("agentloop.seed", 20_260_131L);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** What a model gets wrong: each replaces a value somewhere. */
    private static final List<String> REPLACEMENTS =
            List.of("null", "\"x\"", "3", "3.5", "true", "{}", "[]", "[null]", "\"CELSIUS\"", "{\"type\":\"Circle\"}");

    private static final List<String> PIECES = List.of(
            "",
            "{",
            "}",
            "[",
            "]",
            "\"",
            ",",
            ":",
            "\\",
            "\\u12",
            "-",
            "0",
            "9".repeat(30),
            "1e",
            "e99999999999",
            ".5",
            "tru",
            "null",
            "NaN",
            "//",
            "\0",
            "\ud800",
            " ");

    @BeforeAll
    static void keepTheValidatorQuiet() {
        ((Logger) LoggerFactory.getLogger("com.networknt")).setLevel(Level.INFO);
    }

    static Stream<Class<? extends Record>> strict() {
        return TypedZoo.STRICT.stream();
    }

    static Stream<Class<? extends Record>> all() {
        return Stream.concat(strict(), TypedZoo.LENIENT.stream());
    }

    @ParameterizedTest
    @MethodSource("all")
    void read_ofWrittenRecord_givesAnEqualOne(Class<? extends Record> type) throws Exception {
        RecordType<?> form = new RecordType<>(type, false);
        RandomRecords records = new RandomRecords(new Random(SEED));
        for (int round = 0; round < ROUNDS; round++) {
            Record value = records.next(type);
            String json = ValueWriter.json(value);

            assertThat(form.read(json)).as("seed %d, %s", SEED, json).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @MethodSource("strict")
    void strictSchema_takesEveryRecord(Class<? extends Record> type) throws Exception {
        assertValid(type, true);
    }

    /** In a lenient schema what is optional is left out, never null. */
    @ParameterizedTest
    @MethodSource("all")
    void lenientSchema_takesEveryRecord(Class<? extends Record> type) throws Exception {
        assertValid(type, false);
    }

    private static void assertValid(Class<? extends Record> type, boolean strict) throws Exception {
        JsonSchema schema = validator(MAPPER.readTree(new RecordType<>(type, strict).schema()));
        RandomRecords records = new RandomRecords(new Random(SEED));
        for (int round = 0; round < ROUNDS; round++) {
            JsonNode json = MAPPER.readTree(ValueWriter.json(records.next(type)));
            if (!strict) {
                withoutNullFields(json);
            }

            assertThat(schema.validate(json)).as("seed %d, %s", SEED, json).isEmpty();
        }
    }

    /**
     * A value is read exactly if the schema takes it. The one liberty, that an optional field may be left out, is given to
     * the schema first.
     */
    @ParameterizedTest
    @MethodSource("strict")
    void read_ofDamagedRecord_agreesWithTheSchema(Class<? extends Record> type) throws Exception {
        RecordType<?> form = new RecordType<>(type, true);
        JsonNode schema = MAPPER.readTree(form.schema());
        requireOnlyWhatCannotBeNull(schema);
        JsonSchema validator = validator(schema);
        Random random = new Random(SEED);
        RandomRecords records = new RandomRecords(random);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            JsonNode json = damaged(MAPPER.readTree(ValueWriter.json(records.next(type))), random);
            boolean valid = validator.validate(json).isEmpty();
            refused += valid ? 0 : 1;

            assertThat(reads(form, json)).as("seed %d, %s", SEED, json).isEqualTo(valid);
        }
        assertThat(refused).as("the damage did something").isGreaterThan(ROUNDS / 10);
    }

    /** Whatever the text, the model gets an error to repair; nothing else comes out of the reading. */
    @ParameterizedTest
    @MethodSource("all")
    void read_ofDamagedText_failsOnlyAsAMismatch(Class<? extends Record> type) {
        RecordType<?> form = new RecordType<>(type, false);
        Random random = new Random(SEED);
        RandomRecords records = new RandomRecords(random);
        for (int round = 0; round < ROUNDS; round++) {
            StringBuilder text = new StringBuilder(ValueWriter.json(records.next(type)));
            for (int i = random.nextInt(3); i >= 0; i--) {
                int place = random.nextInt(text.length() + 1);
                String piece = PIECES.get(random.nextInt(PIECES.size()));
                text.replace(place, Math.min(text.length(), place + random.nextInt(3)), piece);
            }

            assertThatCode(() -> {
                        try {
                            form.read(text.toString());
                        } catch (MismatchException e) {
                            assertThat(e).hasMessageNotContaining("Source:");
                        }
                    })
                    .as("seed %d, %s", SEED, text)
                    .doesNotThrowAnyException();
        }
    }

    private static boolean reads(RecordType<?> form, JsonNode json) {
        try {
            form.read(json.toString());
            return true;
        } catch (MismatchException e) {
            return false;
        }
    }

    private static JsonSchema validator(JsonNode schema) {
        SchemaValidatorsConfig config =
                SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(schema, config);
    }

    private static void withoutNullFields(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().removeIf(field -> field.getValue().isNull());
        }
        node.forEach(TypedRoundTripTest::withoutNullFields);
    }

    private static void requireOnlyWhatCannotBeNull(JsonNode schema) {
        if (schema.path("required") instanceof ArrayNode required) {
            for (int i = required.size() - 1; i >= 0; i--) {
                JsonNode property =
                        schema.path("properties").path(required.get(i).textValue());
                boolean orNull = property.path("type").toString().contains("null")
                        || property.path("anyOf").toString().endsWith("{\"type\":\"null\"}]");
                if (orNull) {
                    required.remove(i);
                }
            }
        }
        schema.forEach(TypedRoundTripTest::requireOnlyWhatCannotBeNull);
    }

    /** The value with one thing added, taken away or replaced somewhere. */
    private static JsonNode damaged(JsonNode root, Random random) throws Exception {
        List<JsonNode> containers = new ArrayList<>();
        collect(root, containers);
        JsonNode chosen = containers.get(random.nextInt(containers.size()));
        JsonNode replacement = MAPPER.readTree(REPLACEMENTS.get(random.nextInt(REPLACEMENTS.size())));
        if (chosen instanceof ObjectNode object) {
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            int kind = names.isEmpty() ? 0 : random.nextInt(6);
            String name = names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
            if (kind == 0) {
                object.set("surplus", replacement);
            } else if (kind == 1) {
                object.remove(name);
            } else {
                object.set(name, replacement);
            }
        } else if (chosen instanceof ArrayNode array) {
            array.insert(random.nextInt(array.size() + 1), replacement);
        }
        return root;
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainerNode()) {
            containers.add(node);
            node.forEach(child -> collect(child, containers));
        }
    }
}
