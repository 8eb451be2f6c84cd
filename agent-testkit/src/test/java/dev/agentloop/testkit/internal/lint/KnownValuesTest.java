package dev.agentloop.testkit.internal.lint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class KnownValuesTest {
    @Test
    void knownValues_areFoundAsWholeWords() {
        KnownValues values = KnownValues.of(Instant.parse("2026-11-22T15:30:00Z"), "build-7", Path.of("/home/alice"));
        byte[] request = ("{\"a\":\"On November 22, 2026 at build-7\",\"b\":[\"/home/alice/x\",\"/home/alice2\"],"
                        + "\"c\":\"build-70 2026-11-221\",\"d\":1795361234567,\"e\":\"2026-11-23T05:30\"}")
                .getBytes(StandardCharsets.UTF_8);

        assertThat(values.in(request))
                .extracting(finding -> finding.section() + " " + finding.kind())
                .containsExactly(
                        "a today's date",
                        "a this host's name",
                        "b[0] the user's home folder",
                        "d the time, in seconds or milliseconds",
                        "e today's date");
        assertThat(KnownValues.of(Instant.EPOCH, "agent", Path.of("/root"))
                        .values()
                        .keySet())
                .as("a plain word would be found anywhere")
                .containsExactly("today's date", "the time, in seconds or milliseconds");
    }
}
