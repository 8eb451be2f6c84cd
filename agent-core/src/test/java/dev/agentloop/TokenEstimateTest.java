package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.prompt.TokenEstimate;
import org.junit.jupiter.api.Test;

class TokenEstimateTest {
    private static long tokens(String json) {
        return TokenEstimate.of(Item.of(json.getBytes(UTF_8)));
    }

    @Test
    void text_isAQuarterOfItsBytes_roundedUp() {
        assertThat(TokenEstimate.ofBytes(0)).isZero();
        assertThat(TokenEstimate.ofBytes(4)).isEqualTo(1);
        assertThat(TokenEstimate.ofBytes(5)).isEqualTo(2);
        Item call = Item.functionCall("c", "n", "x".repeat(400));
        assertThat(TokenEstimate.of(call))
                .isEqualTo(TokenEstimate.ofBytes(call.bytes().remaining()));
    }

    @Test
    void encryptedReasoning_isItsTextWithoutTheEnvelope() {
        String plain = "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"\"}";
        long rest = TokenEstimate.ofBytes(plain.length());
        assertThat(tokens(plain.replace("\"\"}", "\"" + "A".repeat(400) + "\"}")))
                .isEqualTo(rest);
        assertThat(tokens(plain.replace("\"\"}", "\"" + "A".repeat(4_000) + "\"}")))
                .isEqualTo(TokenEstimate.ofBytes(plain.length() + 4_000 * 3 / 4 - 650));
    }

    @Test
    void image_countsByItsSize_notByItsBytes() {
        String image = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":"
                + "\"data:image/png;base64," + "A".repeat(1_000_000) + "\",\"detail\":\"%s\"}]}";
        assertThat(tokens(image.replace("%s", "auto"))).isBetween(1_844L, 1_900L);
        assertThat(tokens(image.replace("%s", "original"))).isBetween(10_000L, 10_060L);
    }
}
