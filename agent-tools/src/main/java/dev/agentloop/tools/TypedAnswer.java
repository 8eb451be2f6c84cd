package dev.agentloop.tools;

import dev.agentloop.tools.internal.typed.MismatchException;

/**
 * The final answer of a run as a Java record: the JSON Schema that the model is held to, and the reading of its text.
 *
 * <p>The name and the schema go to the agent that is built, the text of a finished outcome comes back as a record. The
 * types that a record may be made of are those of {@link TypedTool}, in strict mode.
 *
 * <p>Immutable and thread-safe.
 *
 * @param <A> the record
 */
public final class TypedAnswer<A extends Record> {
    private static final int MAX_NAME = 64;

    private final String name;
    private final RecordType<A> record;

    private TypedAnswer(String name, RecordType<A> record) {
        this.name = name;
        this.record = record;
    }

    /**
     * An answer of this form.
     *
     * @param <A> the record
     * @param type the record's class
     * @return the form, for any number of conversations
     * @throws IllegalArgumentException if the record has no form in strict mode; the message names the component, its type
     *     and what to use
     */
    public static <A extends Record> TypedAnswer<A> of(Class<A> type) {
        String name = type.getSimpleName().replaceAll("[^a-zA-Z0-9_-]", "_");
        return new TypedAnswer<>(name.substring(0, Math.min(MAX_NAME, name.length())), new RecordType<>(type, true));
    }

    /**
     * The name of the form for the model.
     *
     * @return the record's simple name, as the API allows it: at most 64 characters, {@code _} for each that is not one of
     *     {@code a-z A-Z 0-9 _ -}
     */
    public String name() {
        return name;
    }

    /**
     * The JSON Schema in strict mode.
     *
     * @return one line of text, always the same for the same record
     */
    public String schema() {
        return record.schema();
    }

    /**
     * Reads the model's final text.
     *
     * @param text one JSON object
     * @return the record
     * @throws IllegalArgumentException if the text is not such a record; the message says where and why, and is fit for the
     *     model to try again
     */
    public A read(String text) {
        try {
            return record.read(text);
        } catch (MismatchException e) {
            throw new IllegalArgumentException("the answer is not a valid " + name + ": " + e.getMessage(), e);
        }
    }
}
