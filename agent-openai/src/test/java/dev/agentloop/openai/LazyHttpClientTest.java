package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LazyHttpClientTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    @Test
    void get_twice_isTheSameClient() {
        LazyHttpClient lazy = new LazyHttpClient(true, Version.HTTP_1_1, TIMEOUT);

        HttpClient client = lazy.get();

        assertThat(lazy.get()).isSameAs(client);
        assertThat(client.version()).isEqualTo(Version.HTTP_1_1);
        assertThat(client.followRedirects()).isEqualTo(HttpClient.Redirect.NEVER);
        assertThat(client.connectTimeout()).contains(TIMEOUT);
        assertThat(client.sslContext().getProtocol()).isEqualTo("Default");
    }

    @Test
    void get_plainHttp_hasNoTls() {
        HttpClient client = new LazyHttpClient(false, Version.HTTP_1_1, TIMEOUT).get();

        assertThat(client.sslContext().getProtocol()).isEqualTo("none");
        assertThat(client.sslParameters().getProtocols()).isEmpty();
        assertThatThrownBy(() -> client.sslContext().createSSLEngine())
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("this client was built for plain HTTP only");
    }
}
