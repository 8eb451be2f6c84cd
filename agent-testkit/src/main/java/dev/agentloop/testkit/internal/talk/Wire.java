package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Prompt;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The bytes of requests and of entries, and their text. */
final class Wire {
    private Wire() {}

    static byte[] bytes(Prompt prompt) {
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) prompt.length());
        for (ByteBuffer buffer : prompt.wire()) {
            byte[] part = new byte[buffer.remaining()];
            buffer.get(part);
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
