package dev.agentloop.benchmarks;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** What a conversation of the benchmark is like; the floor has the same one, but for the kind of tool. */
enum Row {
    /** A tool that reads no arguments. */
    RAW(false, 1024, 0),
    /** A tool whose arguments become a record. */
    TYPED(true, 1024, 0),
    RAW_8K(false, 8 * 1024, 0),
    TYPED_8K(true, 8 * 1024, 0),
    /** The same call with the same output, again and again. */
    SAME(true, 1024, 0),
    /** The server does not say how many tokens it has read. */
    NO_USAGE(true, 1024, 0),
    /** Some 1.3 MB of images in the first message; the server counts them, and little more. */
    IMAGES(true, 1024, 10);

    private static final int BYTES_OF_AN_IMAGE = 128 * 1024;
    private static final int TOKENS_OF_AN_IMAGE = 1_844;
    private static final int FIXED_TOKENS = 1_000;

    private final boolean typed;
    private final int size;
    private final int images;

    Row(boolean typed, int size, int images) {
        this.typed = typed;
        this.size = size;
        this.images = images;
    }

    /** The rows of these names, separated by commas. */
    static List<Row> named(String names) {
        return Arrays.stream(names.split(",", -1))
                .map(name -> valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')))
                .toList();
    }

    static String names() {
        return Arrays.stream(values()).map(Row::toString).collect(Collectors.joining(","));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean typed() {
        return typed;
    }

    /** The images of the first message, as data URLs. */
    List<String> images() {
        return Collections.nCopies(images, "data:image/png;base64," + "A".repeat(BYTES_OF_AN_IMAGE));
    }

    /** What the tool gives, by the number of the call. */
    IntFunction<String> outputs() {
        IntFunction<String> outputs = Work.outputs(size);
        return this == SAME ? turn -> outputs.apply(1) : outputs;
    }

    /** The responses to so many requests. */
    Script script(int turns) {
        return switch (this) {
            case SAME -> new Script(turns, false, FIXED_TOKENS, 70 + size / 4);
            case NO_USAGE -> new Script(turns, true, 0, 0);
            case IMAGES -> new Script(turns, true, (long) images * TOKENS_OF_AN_IMAGE, 30);
            default -> new Script(turns, true, FIXED_TOKENS, 70 + size / 4);
        };
    }
}
