package dev.agentloop.testkit.internal.lint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RequestDifferenceTest {
    @Test
    void requests_thatDifferInShape_areComparedPartByPart() {
        assertThat(differences("{\"a\":1,\"t\":[{\"n\":1},{\"n\":2}]}", "{\"a\":1,\"t\":[{\"n\":2},{\"n\":1}]}"))
                .isEqualTo("t at 17, an order");
        assertThat(differences("{\"a\":1,\"t\":[1,2]}", "{\"a\":2,\"t\":[1,3]}"))
                .isEqualTo("a at 5; t[1] at 14");
        assertThat(differences("{\"a\":1,\"t\":[1]}", "{\"a\":1,\"t\":[1,2]}")).isEqualTo("t at 13");
        assertThat(differences("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1}}"))
                .isEqualTo("a at 7, an order");
        assertThat(differences("{\"a\":1}", "{\"a\":1,\"b\":2}")).isEqualTo("the fields at 6");
        assertThat(differences("{\"a\":1}", "{\"a\":1}")).isEmpty();
    }

    private static String differences(String then, String now) {
        return RequestDifference.between(then.getBytes(StandardCharsets.UTF_8), now.getBytes(StandardCharsets.UTF_8))
                .stream()
                .map(difference ->
                        difference.section() + " at " + difference.offset() + (difference.order() ? ", an order" : ""))
                .collect(Collectors.joining("; "));
    }
}
