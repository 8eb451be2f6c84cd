package dev.agentloop.cli.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.agentloop.cli.events.JsonEvents;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes each entry of a log as one line of JSON; docs/log.md says what is in it. Payloads are copied, not written again. */
public final class LogJson implements LogView {
    private static final JsonFactory JSON = new JsonFactory();

    private final PrintStream out;

    public LogJson(PrintStream out) {
        this.out = out;
    }

    @Override
    public void show(LogEntry entry) {
        byte[] payload = entry.payload();
        JsonEvents.line(out, json -> {
            json.writeNumberField("version", entry.version());
            json.writeStringField("kind", entry.kind());
            json.writeNumberField("turn", entry.turn());
            json.writeNumberField("base", entry.base());
            json.writeStringField("hash", entry.hash());
            if (entry.isErased()) {
                json.writeBooleanField("erased", true);
            }
            if (payload == null) {
                return;
            }
            if (isLineOfJson(payload)) {
                json.writeFieldName("payload");
                json.writeRawValue(new String(payload, StandardCharsets.UTF_8));
            } else {
                json.writeStringField("text", new String(payload, StandardCharsets.UTF_8));
            }
        });
    }

    // This library writes nothing else, but another program may have.
    private static boolean isLineOfJson(byte[] payload) {
        for (byte b : payload) {
            if (b == '\n' || b == '\r') {
                return false;
            }
        }
        int values = 0;
        try (JsonParser json = JSON.createParser(payload)) {
            while (json.nextToken() != null) {
                json.skipChildren();
                values++;
            }
        } catch (IOException e) {
            return false;
        }
        return values == 1;
    }

    @Override
    public void end(List<InboxMessage> inbox) {
        out.flush();
    }
}
