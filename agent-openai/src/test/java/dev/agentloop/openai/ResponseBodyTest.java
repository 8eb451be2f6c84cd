package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseBodyTest {
    private static final String TEXT = "{\"type\":\"response.output_text.delta\",\"delta\":\"%s\"}";

    /** The deltas of all events in a text that comes in pieces of {@code size} bytes. */
    private static List<String> deltas(byte[] stream, int size) {
        return read(stream, size, body -> body.kind() + " " + body.delta());
    }

    private static List<String> read(byte[] stream, int size, Function<ResponseBody, String> reading) {
        List<String> found = new ArrayList<>();
        try (ResponseBody body = new ResponseBody()) {
            for (int at = 0; at < stream.length; at += size) {
                body.add(List.of(ByteBuffer.wrap(stream, at, Math.min(size, stream.length - at))));
                while (body.next(false)) {
                    found.add(reading.apply(body));
                }
            }
            while (body.next(true)) {
                found.add(reading.apply(body));
            }
        }
        return found;
    }

    private static List<String> deltas(String stream) {
        return deltas(stream.getBytes(StandardCharsets.UTF_8), 7);
    }

    private static String data(String text) {
        return "data: " + TEXT.replace("%s", text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n"})
    void next_anyLineEnd_separatesEvents(String end) {
        String stream = data("a") + end + end + data("b") + end + end;

        for (int size = 1; size < 20; size++) {
            assertThat(deltas(stream.getBytes(StandardCharsets.UTF_8), size)).containsExactly("TEXT a", "TEXT b");
        }
    }

    @Test
    void next_carriageReturnAtTheEndOfAPiece_doesNotWaitForMore() {
        try (ResponseBody body = new ResponseBody()) {
            body.add(List.of(ByteBuffer.wrap((data("a") + "\r\r").getBytes(StandardCharsets.UTF_8))));
            assertThat(body.next(false)).isTrue();

            body.add(List.of(ByteBuffer.wrap(("\n" + data("b") + "\r\n\r\n").getBytes(StandardCharsets.UTF_8))));
            assertThat(body.next(false)).isTrue();
            assertThat(body.delta()).isEqualTo("b");
            assertThat(body.next(true)).isFalse();
        }
    }

    @Test
    void next_dataOnSeveralLines_isJoinedByLineFeeds() {
        String stream =
                "data: {\"type\":\"response.output_text.delta\",\r\nevent: x\r\ndata:  \"delta\":\r\n: between\r\n"
                        + "data:\"ab\"}\r\n\r\n";

        assertThat(deltas(stream)).containsExactly("TEXT ab");
    }

    @Test
    void next_byteOrderMarkCommentsAndOtherFields_arePassedOver() {
        String stream =
                "\ufeff" + data("a") + "\n\n: comment\n\n:\n:\nid: 7\nretry: 100\nunknown\n\n" + data("b") + "\n\n";

        assertThat(deltas(stream)).containsExactly("TEXT a", "TEXT b");
    }

    @Test
    void next_noBlankLineAtTheEnd_givesTheLastEvent() {
        assertThat(deltas(data("a") + "\n\n" + data("b") + "\n")).containsExactly("TEXT a", "TEXT b");
        assertThat(deltas(data("a") + "\n\n" + data("b"))).containsExactly("TEXT a", "TEXT b");
    }

    @Test
    void next_emptyStreamOrNoData_givesNothing() {
        assertThat(deltas("")).isEmpty();
        assertThat(deltas("event: response.completed\n\n: x\n\n")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "TEXT | {\"type\":\"response.output_text.delta\",\"delta\":\"d\"} | ",
                "TEXT | { \"type\" : \"response.output_text.delta\",\"delta\":\"d\"} | other",
                "TEXT | {\"delta\":\"d\",\"type\":\"response.output_text.delta\"} | ",
                "TEXT | {\"delta\":\"d\",\"type\":\"response.output_text.delta\"} | message",
                "TEXT | {\"delta\":\"d\"} | response.output_text.delta",
                "ERROR | {\"delta\":\"d\",\"error\":{\"message\":\"m\"}} | ",
                "OTHER | {\"delta\":\"d\"} | ",
                "OTHER | {\"delta\":\"d\",\"type\":null} | ",
                "OTHER | {\"type\":\"acme:thing\",\"delta\":\"d\"} | response.output_text.delta",
            })
    void kind_typeWhereverItStands_isFound(ResponseBody.Event kind, String json, String event) {
        String stream = (event == null ? "" : "event: " + event + "\n") + "data: " + json + "\n\n";

        assertThat(deltas(stream)).containsExactly(kind + " d");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ping", "[]", "[DONE].", "\"\"", "", "{"})
    void kind_noObject_isOther(String data) {
        try (ResponseBody body = new ResponseBody()) {
            body.add(List.of(ByteBuffer.wrap(("data:" + data + "\n\n").getBytes(StandardCharsets.UTF_8))));

            assertThat(body.next(false)).isTrue();
            assertThat(body.kind()).isEqualTo(ResponseBody.Event.OTHER);
        }
    }

    @Test
    void delta_escapesNestingAndOtherTypes_areRead() {
        assertThat(
                        deltas(
                                "data: {\"type\":\"response.output_text.delta\",\"x\":{\"delta\":\"no\"},\"delta\":\"\\u00e9\\n\\\"\"}\n\n"))
                .containsExactly("TEXT é\n\"");
        assertThat(deltas("data: {\"type\":\"response.output_text.delta\",\"delta\":{\"a\":1}}\n\n"))
                .containsExactly("TEXT ");
        assertThat(deltas("data: {\"type\":\"response.output_text.delta\"}\n\n"))
                .containsExactly("TEXT ");
    }

    @Test
    void midway_onlyDataOfAnEvent_counts() {
        try (ResponseBody body = new ResponseBody()) {
            feed(body, ": keep-alive\n\n: and");
            assertThat(body.midway()).isFalse();
            feed(body, " more\n\nda");
            assertThat(body.midway()).isTrue();
            feed(body, "ta: {}\n");
            assertThat(body.midway()).isTrue();
            feed(body, "\n");
            assertThat(body.midway()).isFalse();
        }
    }

    private static void feed(ResponseBody body, String text) {
        body.add(List.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
        while (body.next(false)) {
            assertThat(body.kind()).isNotNull();
        }
    }

    @Test
    void next_commentsWithoutEnd_areNotKept() {
        byte[] comments = ": keep-alive\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        try (ResponseBody body = new ResponseBody()) {
            for (int i = 0; i < 20; i++) {
                body.add(List.of(ByteBuffer.wrap(comments)));
                assertThat(body.next(false)).isFalse();
                assertThat(body.size()).isZero();
            }
        }
    }

    @Test
    void next_randomStreamsInRandomPieces_giveWhatASimpleParserGives() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 400; round++) {
            String stream = randomStream(random);
            List<String> expected = simpleParse(stream);
            byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
            int size = 1 + random.nextInt(bytes.length + 1);
            assertThat(read(bytes, size, ResponseBody::excerpt))
                    .as("seed %d round %d size %d", seed, round, size)
                    .isEqualTo(expected);
        }
    }

    private static String randomStream(Random random) {
        String[] parts = {
            data("a"),
            data("é漢😀"),
            data("line"),
            "data: {\"type\":\"response.output_text.delta\",",
            "data:\"delta\":\"z\"}",
            ": c",
            "event: e",
            "id",
            "data",
            "nonsense: x"
        };
        String[] ends = {"\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r"};
        StringBuilder stream = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
            stream.append(parts[random.nextInt(parts.length)]).append(ends[random.nextInt(ends.length)]);
        }
        return stream.toString();
    }

    /** The standard's algorithm on the whole text, without regard to cost. */
    private static List<String> simpleParse(String stream) {
        List<String> found = new ArrayList<>();
        StringBuilder data = new StringBuilder();
        boolean has = false;
        for (String line :
                (stream + "\n\n").replace("\r\n", "\n").replace('\r', '\n').split("\n", -1)) {
            if (line.isEmpty()) {
                if (has) {
                    found.add(ApiError.shortened(data.toString()));
                }
                data.setLength(0);
                has = false;
            } else if (line.equals("data") || line.startsWith("data:")) {
                String value = line.length() == 4 ? "" : line.substring(5);
                data.append(has ? "\n" : "").append(value.startsWith(" ") ? value.substring(1) : value);
                has = true;
            }
        }
        return found;
    }
}
