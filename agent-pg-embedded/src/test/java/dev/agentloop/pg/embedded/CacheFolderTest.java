package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFolderTest {
    @TempDir
    Path home;

    @Test
    void folder_ofAUserWithAHome_isInIt() {
        assertThat(CacheFolder.ofUser(Map.of("HOME", "/elsewhere"), home.toString()))
                .isEqualTo(home.resolve(".cache/agentloop/postgres"));
    }

    @Test
    void folder_withXdgCacheHome_isThere() {
        assertThat(CacheFolder.ofUser(Map.of("XDG_CACHE_HOME", "/caches"), home.toString()))
                .isEqualTo(Path.of("/caches/agentloop/postgres"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "/nonexistent"})
    void folder_ofAUserWithoutAHome_isWhereHomeSays(String none) {
        assertThat(CacheFolder.ofUser(Map.of("HOME", home.toString()), none))
                .isEqualTo(home.resolve(".cache/agentloop/postgres"));
        assertThat(CacheFolder.ofUser(Map.of(), none)).isEqualTo(Path.of(none, ".cache/agentloop/postgres"));
    }
}
