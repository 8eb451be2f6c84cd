package dev.agentloop.testkit.internal.request;

import dev.agentloop.internal.JsonFields;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules that a function's schema must keep in strict mode: each object closed, each property required, at every level.
 */
public final class StrictSchema {
    private StrictSchema() {}

    /** Adds to {@code violations} what breaks the rules in this schema and those within it. */
    public static void check(String path, JsonFields schema, List<String> violations) {
        JsonFields properties = schema.inner("properties");
        if ("object".equals(schema.text("type")) || properties != null) {
            object(path, schema, properties == null ? JsonFields.of(new byte[] {'{', '}'}) : properties, violations);
        }
        for (JsonFields.Field field : schema.all()) {
            JsonFields inner = schema.inner(field);
            if (inner != null
                    && !field.name().equals("properties")
                    && !field.name().equals("enum")) {
                check(path + "/" + field.name(), inner, violations);
            }
        }
    }

    private static void object(String path, JsonFields schema, JsonFields properties, List<String> violations) {
        if (schema.flag("additionalProperties", true)) {
            violations.add((path.isEmpty() ? "/" : path) + " does not say \"additionalProperties\":false");
        }
        JsonFields required = schema.inner("required");
        List<String> names = new ArrayList<>();
        if (required != null) {
            required.all().forEach(name -> names.add(required.text(name)));
        }
        for (JsonFields.Field property : properties.all()) {
            String place = path + "/properties/" + property.name();
            if (!names.contains(property.name())) {
                violations.add(place + " is not required");
            }
            JsonFields inner = properties.inner(property);
            if (inner != null) {
                check(place, inner, violations);
            }
        }
    }
}
