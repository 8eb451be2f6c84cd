package dev.agentloop.testkit.internal.request;

import com.fasterxml.jackson.core.JsonParser;
import dev.agentloop.internal.Json;
import java.io.IOException;

/** Steps over the items of a request's input, in the bytes of its body. Not thread-safe. */
public final class ItemScan {
    private final byte[] body;
    private int start;
    private int end;

    /** A scan that begins at {@code at}: behind the bracket that opens the input, or behind an item of it. */
    public ItemScan(byte[] body, int at) {
        this.body = body;
        this.end = at;
    }

    /** Steps over the next item; false if there is none. */
    public boolean next() throws IOException {
        int at = afterSpace(body, end);
        if (at >= body.length || body[at] == ']') {
            return false;
        }
        start = body[at] == ',' ? afterSpace(body, at + 1) : at;
        end = endOfValue();
        return true;
    }

    private int endOfValue() throws IOException {
        try (JsonParser parser = Json.FACTORY.createParser(body, start, body.length - start)) {
            parser.nextToken();
            parser.skipChildren();
            parser.finishToken();
            return start + (int) parser.currentLocation().getByteOffset();
        }
    }

    /** Where the item begins that was stepped over last. */
    public int start() {
        return start;
    }

    /** The place behind what was stepped over last. */
    public int end() {
        return end;
    }

    /** The first place from {@code start} on that is no white space. */
    static int afterSpace(byte[] body, int start) {
        int at = start;
        while (at < body.length && (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t')) {
            at++;
        }
        return at;
    }
}
