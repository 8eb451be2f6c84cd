package dev.agentloop.testkit;

import dev.agentloop.Item;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.http.HttpRequest;
import dev.agentloop.testkit.internal.request.RequestCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that a {@link ScriptedServer} received, byte for byte. Thread-safe.
 *
 * <p>What it has in common with the request of the same conversation before it (the one with the same
 * {@code prompt_cache_key}) is held once, so that thousands of growing requests fit in memory.
 */
public final class ScriptedRequest {
    private final int number;
    private final String path;
    private final Map<String, String> headers;
    private final @Nullable ScriptedRequest before;
    private final byte[] tail;
    private final RequestCheck.Finding finding;
    private final long arrived;
    private volatile long answered;

    ScriptedRequest(int number, HttpRequest request, @Nullable ScriptedRequest before, RequestCheck.Finding finding) {
        this.number = number;
        this.path = request.path();
        this.headers = request.headers();
        this.before = before;
        this.tail = Arrays.copyOfRange(request.body(), finding.same(), request.body().length);
        this.finding = finding;
        this.arrived = request.arrived();
    }

    /** Counts the requests of the server from 1. */
    public int number() {
        return number;
    }

    /** The path and query of the request. */
    public String path() {
        return path;
    }

    /** The value of a header, whatever its case. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(java.util.Locale.ROOT)));
    }

    /** The model's name in the request. */
    public String model() {
        return finding.model();
    }

    /** Whether the request asks for a stream of events. */
    public boolean stream() {
        return finding.stream();
    }

    /** The body, in bytes as received. A new array. */
    public byte[] body() {
        byte[] body = new byte[length()];
        int end = body.length;
        for (ScriptedRequest part = this; part != null && end > 0; part = part.before) {
            int from = part.finding.same();
            if (from < end) {
                System.arraycopy(part.tail, 0, body, from, end - from);
                end = from;
            }
        }
        return body;
    }

    /** The body as text. */
    public String json() {
        return new String(body(), StandardCharsets.UTF_8);
    }

    /** How many bytes the body has. */
    public int length() {
        return finding.same() + tail.length;
    }

    /** How many bytes the body has in common with the request before it, from the start. */
    public int prefixBytes() {
        return finding.same();
    }

    /** Whether the body begins with the whole request before it, through its last input item; true for a first request. */
    public boolean keepsPrefix() {
        return before == null || finding.grown();
    }

    /** How many input items there are. */
    public int itemCount() {
        return finding.items();
    }

    /** How many of the input items are calls. */
    public int callCount() {
        return finding.calls();
    }

    /** The input items; empty where the input is a plain text. */
    public List<Item> items() {
        JsonFields input = JsonFields.of(body()).inner("input");
        List<Item> items = new ArrayList<>();
        if (input != null) {
            for (JsonFields.Field field : input.all()) {
                JsonFields item = input.inner(field);
                if (item != null) {
                    items.add(Item.of(item.line(null)));
                }
            }
        }
        return items;
    }

    /** What a strict server would refuse in it; empty where nothing is wrong. */
    public List<String> problems() {
        return finding.problems();
    }

    /** The time from the last byte of the answer before it, in the same conversation, to its own first byte. */
    public Optional<Duration> gap() {
        ScriptedRequest last = before;
        return last == null || last.answered == 0
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(arrived - last.answered));
    }

    void answered() {
        answered = System.nanoTime();
    }

    /** Number, size, and what is shared with the request before, in a line. */
    @Override
    public String toString() {
        return "request " + number + ": " + length() + " bytes, " + itemCount() + " items, " + prefixBytes()
                + " bytes as before" + (keepsPrefix() ? "" : ", prefix broken");
    }
}
