package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules and limits of strict mode, from OpenAI's guide to structured outputs, section "Supported schemas". */
final class SchemaLimitsTest {
    private static final Set<String> KEYWORDS = Set.of(
            "type",
            "description",
            "properties",
            "required",
            "additionalProperties",
            "$defs",
            "$ref",
            "items",
            "anyOf",
            "enum",
            "const",
            "format",
            "pattern");
    private static final Set<String> FORMATS =
            Set.of("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid");

    @TempDir
    Path folder;

    static Stream<Class<? extends Record>> strict() {
        return TypedZoo.STRICT.stream();
    }

    @ParameterizedTest
    @MethodSource("strict")
    void strictSchema_keepsTheRulesOfStrictMode(Class<? extends Record> type) throws Exception {
        JsonNode root = new ObjectMapper().readTree(new RecordType<>(type, true).schema());

        assertThat(root.path("type").textValue()).isEqualTo("object");
        assertThat(root.has("anyOf")).isFalse();
        checkSchema(root, root);
        root.path("$defs").forEach(definition -> checkSchema(definition, root));
    }

    private static void checkSchema(JsonNode schema, JsonNode root) {
        List<String> keywords = names(schema);
        assertThat(KEYWORDS).containsAll(keywords);
        if (schema.has("$ref")) {
            String pointer = schema.get("$ref").textValue().substring(1);
            assertThat(keywords).as("nothing stands beside a reference").containsExactly("$ref");
            assertThat(root.at(pointer).isObject()).as(pointer).isTrue();
            return;
        }
        assertThat(schema.has("type") || schema.has("anyOf")).as("%s", schema).isTrue();
        if (schema.path("type").asText().equals("object")) {
            assertThat(schema.path("additionalProperties").toString()).isEqualTo("false");
            List<String> required = new ArrayList<>();
            schema.path("required").forEach(name -> required.add(name.textValue()));
            assertThat(required).isEqualTo(names(schema.path("properties")));
        }
        if (schema.has("format")) {
            assertThat(FORMATS).contains(schema.get("format").textValue());
        }
        schema.path("properties").forEach(property -> checkSchema(property, root));
        schema.path("anyOf").forEach(alternative -> checkSchema(alternative, root));
        if (schema.has("items")) {
            checkSchema(schema.get("items"), root);
        }
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void strictSchema_with5000PropertiesIn10LevelsAnd1000EnumValues_isTaken() throws Exception {
        Class<? extends Record> type = compile(
                "record Args(" + components(20, "Inner") + ", int a, int b, int c, int d, int e, int f, int g, int h,"
                        + " int i, Level1 deep, Many many) {}",
                "record Inner(" + components(248, "int") + ") {}",
                levels(9),
                enumeration("Many", 1_000, 10));

        assertThat(new RecordType<>(type, true).schema()).startsWith("{\"type\":\"object\"");
    }

    @Test
    void strictSchema_withTooManyProperties_isRefused() throws Exception {
        assertRefused(
                "5001 properties or more; strict mode allows 5000",
                "record Args(" + components(10, "Middle") + ") {}",
                "record Middle(" + components(10, "Inner") + ") {}",
                "record Inner(" + components(50, "int") + ") {}");
    }

    @Test
    void strictSchema_nestedTooDeep_isRefused() throws Exception {
        assertRefused(
                "11 levels of nested objects or more; strict mode allows 10",
                "record Args(Level1 deep) {}",
                levels(10));
    }

    @Test
    void strictSchema_withTooManyEnumValues_isRefused() throws Exception {
        assertRefused(
                "1001 enum values or more; strict mode allows 1000",
                "record Args(Many many) {}",
                enumeration("Many", 1_001, 10));
    }

    @Test
    void strictSchema_withLongNamesInLargeEnum_isRefused() throws Exception {
        assertRefused(
                "15060 characters in an enum of more than 250 values or more; strict mode allows 15000",
                "record Args(Many many) {}",
                enumeration("Many", 251, 60));
    }

    @Test
    void strictSchema_withTooMuchTextInNames_isRefused() throws Exception {
        assertRefused(
                "120027 characters in names, enum values and constants or more; strict mode allows 120000",
                IntStream.rangeClosed(1, 12)
                        .mapToObj(i -> "E" + i + " e" + i)
                        .collect(Collectors.joining(", ", "record Args(", ") {}")),
                IntStream.rangeClosed(1, 12)
                        .mapToObj(i -> enumeration("E" + i, 10, 1_000))
                        .collect(Collectors.joining("\n")));
    }

    @Test
    void lenientSchema_hasNoLimits() throws Exception {
        Class<? extends Record> type = compile("record Args(Level1 deep) {}", levels(20));

        assertThat(new RecordType<>(type, false).schema()).contains("\"end\"");
    }

    private void assertRefused(String limit, String... sources) throws Exception {
        Class<? extends Record> type = compile(sources);

        assertThatThrownBy(() -> new RecordType<>(type, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the schema of com.example.Args has " + limit + ": split the record, or use TypedTool.lenient");
    }

    private Class<? extends Record> compile(String... sources) throws Exception {
        String file = "package com.example;\n" + String.join("\n", sources);
        return CompiledModule.load(
                        folder,
                        "com.example",
                        Map.of("module-info.java", "open module com.example {}", "com/example/Args.java", file))
                .loadClass("com.example.Args")
                .asSubclass(Record.class);
    }

    /** Records Level1 to LevelN, each in the one before. */
    private static String levels(int n) {
        return IntStream.rangeClosed(1, n)
                .mapToObj(i -> "record Level" + i + "(" + (i == n ? "int end" : "Level" + (i + 1) + " next") + ") {}")
                .collect(Collectors.joining("\n"));
    }

    private static String components(int n, String type) {
        return IntStream.range(0, n).mapToObj(i -> type + " c" + i).collect(Collectors.joining(", "));
    }

    private static String enumeration(String name, int values, int length) {
        return IntStream.range(0, values)
                .mapToObj(i -> "V" + "0".repeat(length - 1 - String.valueOf(i).length()) + i)
                .collect(Collectors.joining(", ", "enum " + name + " { ", " }"));
    }
}
