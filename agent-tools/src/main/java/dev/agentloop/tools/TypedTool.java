package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.Durations;
import dev.agentloop.tools.internal.typed.MismatchException;
import dev.agentloop.tools.internal.typed.ValueWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A tool made of a Java record and a function of it.
 *
 * <pre>{@code
 * record Forecast(@Description("a city, in English") String city, Optional<Unit> unit) {}
 *
 * Tool tool = TypedTool.of("forecast", "Tells tomorrow's weather", Forecast.class, (forecast, context) ->
 *         weather.tomorrow(forecast.city(), forecast.unit().orElse(Unit.CELSIUS)));
 * }</pre>
 *
 * <p><b>The schema</b> is derived from the record, in the order of its declaration, and is the same text on every JDK.
 * A component may be of one of these types:
 *
 * <table>
 * <caption>Java types and their JSON</caption>
 * <tr><th>Java</th><th>JSON</th></tr>
 * <tr><td>{@code String}, {@code boolean}, {@code int}, {@code long}, {@code double} and the other primitive numbers,
 *     their boxes, {@code BigInteger}, {@code BigDecimal}</td><td>string, boolean, integer, number</td></tr>
 * <tr><td>an enum</td><td>a string, one of the constants' names</td></tr>
 * <tr><td>{@code Instant}, {@code OffsetDateTime}, {@code OffsetTime}, {@code LocalDate}, {@code LocalDateTime},
 *     {@code LocalTime}, {@code Duration}, {@code Period}, {@code UUID}, {@code URI}</td><td>a string in the format of
 *     that name, or with a pattern where JSON Schema names none</td></tr>
 * <tr><td>{@code List}, {@code Set}</td><td>an array</td></tr>
 * <tr><td>{@code Map<String, …>}, in {@linkplain #lenient lenient} tools only</td><td>an object</td></tr>
 * <tr><td>a record, which may contain itself</td><td>an object</td></tr>
 * <tr><td>a sealed interface of records</td><td>an object that begins with {@code "type"}, the simple name of the record,
 *     such as {@code {"type":"Circle","radius":2}}</td></tr>
 * <tr><td>{@code Optional}, {@code OptionalInt} and its kin, or whatever carries an annotation named {@code Nullable}
 *     that is kept at run time, as JSpecify's is</td><td>the value or null</td></tr>
 * </table>
 *
 * <p>Everything else is refused when the tool is made. {@link Description} tells the model what things mean. Records may
 * be private or local. In a named module, a record's package must be opened to this module, and the module of {@code
 * Nullable} must be required without {@code static}: the JVM silently drops an annotation whose class it cannot find.
 *
 * <p><b>The arguments</b> are read exactly: what is missing, unknown, of another type, out of range or refused by the
 * record's own constructor becomes an output that tells the model where and why, and the function is not called.
 *
 * <p><b>The result</b> of the function: a {@code String} is the output as it is, so is a {@link ToolOutput}; null gives
 * {@code ok}; every other value is written as JSON, once. What it throws is told to the model by its message.
 *
 * <p>Immutable; thread-safe if the function is.
 *
 * @param <A> the record of the arguments
 */
public final class TypedTool<A extends Record> implements Tool {

    /**
     * What the tool does.
     *
     * @param <A> the record of the arguments
     */
    @FunctionalInterface
    public interface Function<A extends Record> {

        /**
         * Does it. Called on a thread of the loop's, from many threads at once; ends soon after an interruption.
         *
         * @param arguments what the model asks for
         * @param context what the tool may know and say
         * @return what the model reads; {@link TypedTool} says how
         * @throws Exception whatever goes wrong: the model is told its message
         */
        @Nullable
        Object apply(A arguments, ToolContext context) throws Exception;
    }

    private final Specification specification;
    private final RecordType<A> record;
    private final Function<A> function;
    private final Conduct conduct;

    private TypedTool(String name, String description, RecordType<A> record, Function<A> function) {
        this(
                new Specification(name, description, record.schema(), record.strict(), null),
                record,
                function,
                Conduct.UNSAID);
    }

    private TypedTool(Specification specification, RecordType<A> record, Function<A> function, Conduct conduct) {
        this.specification = specification;
        this.record = record;
        this.function = function;
        this.conduct = conduct;
    }

    /**
     * A tool in strict mode: the server holds the model to the schema.
     *
     * @param <A> the record of the arguments
     * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
     * @param description what the tool does and when to use it
     * @param arguments the record's class
     * @param function what the tool does
     * @return the tool
     * @throws IllegalArgumentException if the record has no form in strict mode; the message names the component, its type
     *     and what to use
     */
    public static <A extends Record> TypedTool<A> of(
            String name, String description, Class<A> arguments, Function<A> function) {
        return new TypedTool<>(name, description, new RecordType<>(arguments, true), function);
    }

    /**
     * A tool whose schema is a hint: maps are allowed, and what is optional may be left out instead of being null. The
     * arguments are read just as exactly.
     *
     * @param <A> the record of the arguments
     * @param name 1 to 64 of {@code a-z A-Z 0-9 _ -}
     * @param description what the tool does and when to use it
     * @param arguments the record's class
     * @param function what the tool does
     * @return the tool
     * @throws IllegalArgumentException if the record has no JSON form; the message names the component, its type and what
     *     to use
     */
    public static <A extends Record> TypedTool<A> lenient(
            String name, String description, Class<A> arguments, Function<A> function) {
        return new TypedTool<>(name, description, new RecordType<>(arguments, false), function);
    }

    @Override
    public Specification specification() {
        return specification;
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
        A arguments;
        try {
            arguments = record.read(call.arguments().isBlank() ? "{}" : call.arguments());
        } catch (MismatchException e) {
            return ToolOutput.error("failed to parse function arguments: " + e.getMessage());
        }
        return output(function.apply(arguments, context));
    }

    private static ToolOutput output(@Nullable Object result) {
        if (result instanceof ToolOutput output) {
            return output;
        }
        if (result == null) {
            return ToolOutput.text("ok");
        }
        return ToolOutput.text(result instanceof CharSequence text ? text.toString() : ValueWriter.json(result));
    }

    @Override
    public Access access(ToolCall call) {
        return conduct.access() == null ? Tool.super.access(call) : conduct.access();
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return conduct.afterCrash() == null ? Tool.super.afterCrash(call) : conduct.afterCrash();
    }

    @Override
    public @Nullable Duration timeout() {
        return conduct.timeout() == null ? Tool.super.timeout() : conduct.timeout();
    }

    @Override
    public int outputTokens() {
        return conduct.outputTokens() == null ? Tool.super.outputTokens() : conduct.outputTokens();
    }

    /**
     * Says how far the tool's calls reach; {@link Tool.Access#WRITES} if never said.
     *
     * @param access how far every call reaches
     * @return a tool that differs in this
     */
    public TypedTool<A> withAccess(Access access) {
        return with(new Conduct(access, conduct.afterCrash(), conduct.timeout(), conduct.outputTokens()));
    }

    /**
     * Says what is done with a call that a crash cut off; {@link Tool.AfterCrash#REPORT} if never said.
     *
     * @param afterCrash what is done with every such call
     * @return a tool that differs in this
     */
    public TypedTool<A> withAfterCrash(AfterCrash afterCrash) {
        return with(new Conduct(conduct.access(), afterCrash, conduct.timeout(), conduct.outputTokens()));
    }

    /**
     * Says how long a call may take; as long as the run allows if never said.
     *
     * @param timeout 1 ms to 365 days
     * @return a tool that differs in this
     * @throws IllegalArgumentException if the time is out of these bounds
     */
    public TypedTool<A> withTimeout(Duration timeout) {
        Durations.checked("TypedTool.timeout", timeout, Durations.MILLISECOND, Durations.YEAR);
        return with(new Conduct(conduct.access(), conduct.afterCrash(), timeout, conduct.outputTokens()));
    }

    /**
     * Says how many tokens of text an output may put into the prompt; see {@link Tool#outputTokens}.
     *
     * @param tokens at least 1
     * @return a tool that differs in this
     * @throws IllegalArgumentException if the number is less than 1
     */
    public TypedTool<A> withOutputTokens(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("an output needs at least 1 token, but is given " + tokens);
        }
        return with(new Conduct(conduct.access(), conduct.afterCrash(), conduct.timeout(), tokens));
    }

    private TypedTool<A> with(Conduct changed) {
        return new TypedTool<>(specification, record, function, changed);
    }

    /** What was said about the tool's calls; null leaves it to the interface. */
    private record Conduct(
            @Nullable Access access,
            @Nullable AfterCrash afterCrash,
            @Nullable Duration timeout,
            @Nullable Integer outputTokens) {
        static final Conduct UNSAID = new Conduct(null, null, null, null);
    }
}
