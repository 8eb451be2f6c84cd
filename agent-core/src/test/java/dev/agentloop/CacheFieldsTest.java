package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFieldsTest {
    private static PromptSettings.Builder older() {
        return PromptSettings.of("m").cacheKey("k");
    }

    private static PromptSettings.Builder newer() {
        return older().cacheOptions(true);
    }

    private static String head(PromptSettings.Builder settings) {
        return settings.build().head("");
    }

    @Test
    void head_nothingSet_saysNothing() {
        String plain = "{\"model\":\"m\",\"store\":false,\"stream\":true,\"prompt_cache_key\":\"k\"}";
        assertThat(head(older())).isEqualTo(plain);
        assertThat(head(newer().cacheBreakpoints(true))).isEqualTo(plain);
    }

    @Test
    void head_options_standBehindTheKey() {
        String before = "{\"model\":\"m\",\"store\":false,\"stream\":true,\"prompt_cache_key\":\"k\",";
        assertThat(head(newer().cacheTtl("30m").cacheMode("explicit")))
                .isEqualTo(before + "\"prompt_cache_options\":{\"mode\":\"explicit\",\"ttl\":\"30m\"}}");
        assertThat(head(newer().cacheMode("implicit")))
                .isEqualTo(before + "\"prompt_cache_options\":{\"mode\":\"implicit\"}}");
        assertThat(head(older().cacheRetention("24h"))).isEqualTo(before + "\"prompt_cache_retention\":\"24h\"}");
        assertThat(head(newer().cacheTtl("30m").build().toBuilder().cacheKey("k")))
                .isEqualTo(before + "\"prompt_cache_options\":{\"ttl\":\"30m\"}}");
    }

    @Test
    void values_thatTheApiDoesNotKnow_areRefused() {
        assertThatThrownBy(() -> newer().cacheMode("off"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the API has no cache mode \"off\"; it knows implicit and explicit;"
                        + " use one of these, or leave it to the server");
        assertThatThrownBy(() -> newer().cacheTtl("1h"))
                .hasMessage("the API has no cache lifetime \"1h\"; it knows 30m;"
                        + " use one of these, or leave it to the server");
        assertThatThrownBy(() -> older().cacheRetention("1h"))
                .hasMessage("the API has no cache retention \"1h\"; it knows in_memory and 24h;"
                        + " use one of these, or leave it to the server");
    }

    @Test
    void build_fieldsThatTheModelDoesNotTake_areRefused() {
        assertThatThrownBy(() -> newer().cacheRetention("24h").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model m takes no prompt_cache_retention; use cacheTtl(...), or say"
                        + " cacheOptions(false) if it is an older one");
        assertThatThrownBy(() -> older().cacheMode("implicit").build())
                .hasMessage("the model m takes no prompt_cache_options; use cacheRetention(...), or say"
                        + " cacheOptions(true) if it does");
        assertThat(head(older().cacheTtl("30m").cacheOptions(true))).contains("\"ttl\":\"30m\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"prompt_cache_options", "prompt_cache_retention"})
    void field_ofTheCache_isReserved(String name) {
        assertThatThrownBy(() -> older().field(name, "{}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the field \"" + name + "\" is written by the loop; use the setting of that name, or leave"
                        + " it out");
    }
}
