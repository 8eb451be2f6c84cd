package dev.agentloop.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The API's own description of requests with every object closed, so that a misspelt or invented field fails, and its
 * description of events.
 *
 * <p>The description is older than the API: it lacks the item {@code configuration_update}, the field {@code async} of
 * tools, the cache diagnostics ({@code comparison_response_id} and {@code prewarm} in {@code prompt_cache_options}), and
 * by its nature every field and item that is not known yet; {@link StrictRequestSchemaTest} has a request for each. And it
 * leaves open what is composed with other schemas: an invented field passes in function and custom calls and in the
 * outputs of custom calls.
 */
final class StrictRequestSchema {
    private static final String REQUEST_ID = "urn:openai:responses:2.3.0:request-strict";
    private static final String API_ID = "urn:openai:responses:2.3.0";

    private final JsonSchema request;
    private final Map<String, JsonSchema> events = new HashMap<>();
    private final ObjectMapper mapper = new ObjectMapper();

    private StrictRequestSchema(Path folder) throws IOException {
        String strict = Files.readString(folder.resolve("openai-responses.request-strict.schema.json"));
        String api = Files.readString(folder.resolve("openai-responses.schema.json"));
        JsonSchemaFactory factory = JsonSchemaFactory.getInstance(
                SpecVersion.VersionFlag.V202012,
                builder -> builder.schemaLoaders(loaders -> loaders.schemas(Map.of(REQUEST_ID, strict, API_ID, api))));
        this.request = factory.getSchema(SchemaLocation.of(REQUEST_ID + "#/$defs/CreateResponse"));
        mapper.readTree(api).get("$defs").properties().forEach(definition -> {
            JsonNode type = definition.getValue().at("/properties/type/enum/0");
            if (definition.getKey().endsWith("Event") && type.isTextual()) {
                events.put(
                        type.asText(), factory.getSchema(SchemaLocation.of(API_ID + "#/$defs/" + definition.getKey())));
            }
        });
    }

    /** The description, from the folder that the property {@code agentloop.fixtures} names; skips the test without one. */
    static StrictRequestSchema orSkip() {
        String fixtures = System.getProperty("agentloop.fixtures", "");
        assumeTrue(
                !fixtures.isEmpty(),
                "no description of the API: -Dagentloop.fixtures names the folder that has it in openapi/ (CONTRIBUTING.md)");
        try {
            return new StrictRequestSchema(Path.of(fixtures, "openapi"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the description finds wrong with the body of a request; empty where nothing is. */
    List<String> violations(String body) {
        return violations(request, body);
    }

    /** What the description finds wrong with an event; empty where nothing is. */
    List<String> eventViolations(String event) throws IOException {
        String type = mapper.readTree(event).path("type").asText();
        JsonSchema schema = events.get(type);
        return schema == null ? List.of("there is no event " + type) : violations(schema, event);
    }

    private List<String> violations(JsonSchema schema, String json) {
        try {
            TreeSet<String> found = new TreeSet<>();
            schema.validate(mapper.readTree(json)).forEach(message -> found.add(message.toString()));
            return List.copyOf(found);
        } catch (IOException e) {
            return List.of("not JSON: " + e.getMessage());
        }
    }

    /** The check that a {@link ScriptedServer} makes of each request. */
    void check(ScriptedRequest received) {
        List<String> violations = violations(received.json());
        if (!violations.isEmpty()) {
            throw new AssertionError("against the strict schema: " + String.join("; ", violations));
        }
    }
}
