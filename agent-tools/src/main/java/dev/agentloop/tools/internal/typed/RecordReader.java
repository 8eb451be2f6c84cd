package dev.agentloop.tools.internal.typed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.agentloop.tools.internal.typed.JsonShape.Choice;
import dev.agentloop.tools.internal.typed.JsonShape.Component;
import dev.agentloop.tools.internal.typed.JsonShape.Dictionary;
import dev.agentloop.tools.internal.typed.JsonShape.Maybe;
import dev.agentloop.tools.internal.typed.JsonShape.Reference;
import dev.agentloop.tools.internal.typed.JsonShape.Scalar;
import dev.agentloop.tools.internal.typed.JsonShape.Sequence;
import dev.agentloop.tools.internal.typed.JsonShape.Structure;
import dev.agentloop.tools.internal.typed.JsonShape.Union;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a record of JSON text, exactly or not at all: no missing or unknown property, no value of another type, no number
 * that does not fit.
 *
 * <p>Written by hand over Jackson's tree, because a model repairs its call by the error it reads: the place, what was
 * found and what would fit. What a schema calls optional may be null or absent. Immutable and thread-safe.
 */
public record RecordReader(RecordShape record) {
    private static final ObjectReader TREE = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build()
            .reader();

    /** Reads the record from a text that is one JSON object. */
    public Object read(String json) throws MismatchException {
        return readValue(record.root(), parse(json), JsonPath.ROOT);
    }

    private static JsonNode parse(String json) throws MismatchException {
        try (JsonParser parser = TREE.createParser(json)) {
            return parse(parser);
        } catch (JsonEOFException e) {
            throw syntax("the JSON ends too early", e.getLocation(), e);
        } catch (JsonProcessingException e) {
            // Jackson names a place as "[Source: …; line: 1, column: 2]", and the source is this very text.
            throw syntax(e.getOriginalMessage().replaceAll("\\[Source: .*?; ", "["), e.getLocation(), e);
        } catch (IOException e) {
            throw new MismatchException("not JSON: " + e.getMessage(), e);
        }
    }

    private static JsonNode parse(JsonParser parser) throws IOException, MismatchException {
        JsonNode node;
        try {
            node = TREE.readTree(parser);
        } catch (NumberFormatException e) {
            throw syntax("a number with too large an exponent", parser.currentTokenLocation(), e);
        }
        if (node == null || node.isMissingNode()) {
            throw new MismatchException("expected a JSON object but found no text", JsonPath.ROOT);
        }
        if (parser.nextToken() != null) {
            throw syntax("more text after the JSON value", parser.currentTokenLocation(), null);
        }
        return node;
    }

    private static MismatchException syntax(String what, @Nullable JsonLocation at, @Nullable Exception cause) {
        String place = at == null ? "" : " at line " + at.getLineNr() + " column " + at.getColumnNr();
        return new MismatchException(what + place, cause);
    }

    private @Nullable Object read(JsonShape shape, JsonNode node, JsonPath at) throws MismatchException {
        if (shape instanceof Maybe maybe) {
            return node.isNull() ? maybe.absent() : maybe.present().apply(readValue(maybe.value(), node, at));
        }
        return readValue(shape, node, at);
    }

    private Object readValue(JsonShape shape, JsonNode node, JsonPath at) throws MismatchException {
        if (shape instanceof Scalar scalar) {
            return scalar.reading().read(node, at);
        }
        if (shape instanceof Choice choice) {
            return choice(choice, node, at);
        }
        if (shape instanceof Sequence sequence) {
            return sequence(sequence, node, at);
        }
        if (shape instanceof Dictionary dictionary) {
            return dictionary(dictionary, node, at);
        }
        if (shape instanceof Structure structure) {
            return structure(structure, node, at);
        }
        if (shape instanceof Union union) {
            return structure(alternative(union, node, at), node, at);
        }
        return readValue(record.resolve((Reference) shape), node, at);
    }

    private static Object choice(Choice choice, JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isTextual()) {
            throw MismatchException.expected("a string", node, at);
        }
        Object constant = choice.constants().get(node.textValue());
        if (constant == null) {
            String found = MismatchException.shown(node);
            throw MismatchException.unknown("value", found, choice.constants().keySet(), at);
        }
        return constant;
    }

    private Collection<@Nullable Object> sequence(Sequence sequence, JsonNode node, JsonPath at)
            throws MismatchException {
        if (!node.isArray()) {
            throw MismatchException.expected("an array", node, at);
        }
        List<@Nullable Object> elements = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            elements.add(read(sequence.element(), node.get(i), at.element(i)));
        }
        return sequence.distinct()
                ? Collections.unmodifiableSet(new LinkedHashSet<>(elements))
                : Collections.unmodifiableList(elements);
    }

    private Map<String, @Nullable Object> dictionary(Dictionary dictionary, JsonNode node, JsonPath at)
            throws MismatchException {
        requireObject(node, at);
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            entries.put(entry.getKey(), read(dictionary.value(), entry.getValue(), at.field(entry.getKey())));
        }
        return Collections.unmodifiableMap(entries);
    }

    private static Structure alternative(Union union, JsonNode node, JsonPath at) throws MismatchException {
        requireObject(node, at);
        Collection<String> tags = union.alternatives().keySet();
        JsonNode tag = node.get(JsonShape.TAG);
        if (tag == null) {
            throw new MismatchException("missing field `" + JsonShape.TAG + "`, " + MismatchException.oneOf(tags), at);
        }
        Structure alternative = union.alternatives().get(tag.textValue());
        if (alternative == null) {
            throw MismatchException.unknown("value", MismatchException.shown(tag), tags, at.field(JsonShape.TAG));
        }
        return alternative;
    }

    private Object structure(Structure structure, JsonNode node, JsonPath at) throws MismatchException {
        requireObject(node, at);
        checkFields(structure, node, at);
        List<Component> components = structure.components();
        @Nullable Object[] arguments = new @Nullable Object[components.size()];
        for (int i = 0; i < arguments.length; i++) {
            Component component = components.get(i);
            JsonNode value = node.path(component.name());
            // Only an optional one can be absent here, and there absent means null.
            arguments[i] = read(
                    component.shape(), value.isMissingNode() ? NullNode.instance : value, at.field(component.name()));
        }
        return construct(structure, arguments, at);
    }

    private static void requireObject(JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isObject()) {
            throw MismatchException.expected("an object", node, at);
        }
    }

    private static void checkFields(Structure structure, JsonNode node, JsonPath at) throws MismatchException {
        Set<String> known = new LinkedHashSet<>();
        List<String> missing = new ArrayList<>();
        for (Component component : structure.components()) {
            known.add(component.name());
            if (!node.has(component.name()) && !(component.shape() instanceof Maybe)) {
                missing.add(component.name());
            }
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            boolean tag = structure.tag() != null && field.getKey().equals(JsonShape.TAG);
            if (!tag && !known.contains(field.getKey())) {
                throw MismatchException.unknown("field", "`" + field.getKey() + "`", known, at);
            }
        }
        if (!missing.isEmpty()) {
            String noun = missing.size() == 1 ? "field " : "fields ";
            throw new MismatchException("missing " + noun + MismatchException.quoted(missing), at);
        }
    }

    private static Object construct(Structure structure, @Nullable Object[] arguments, JsonPath at)
            throws MismatchException {
        try {
            return structure.constructor().newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new MismatchException(reason(e.getCause()), at, e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make a " + structure.type().getName(), e);
        }
    }

    private static String reason(@Nullable Throwable refusal) {
        String message = refusal == null ? null : refusal.getMessage();
        return message == null ? "refused by its constructor: " + refusal : message;
    }
}
