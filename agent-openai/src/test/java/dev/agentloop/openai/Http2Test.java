package dev.agentloop.openai;

import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.ok;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.Prompt;
import dev.agentloop.Toolbox;
import java.net.Socket;
import java.net.http.HttpClient;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The version of HTTP against a server that speaks both over TLS. */
class Http2Test {
    @ParameterizedTest
    @CsvSource({"false, HTTP/1.1", "true, HTTP/2.0"})
    void respond_serverWithBothVersions_isAskedInTheOneChosen(boolean http2, String protocol) throws Exception {
        WireMockServer server = new WireMockServer(options().dynamicPort().dynamicHttpsPort());
        server.start();
        try {
            server.stubFor(post(anyUrl())
                    .willReturn(ok(Events.saying("Hello")).withHeader("Content-Type", "text/event-stream")));
            SSLContext trusting = SSLContext.getInstance("TLS");
            trusting.init(null, new TrustManager[] {new TrustsAll()}, null);
            OpenAiModel.Builder builder = OpenAiModel.builder("m")
                    .baseUrl("https://localhost:" + server.httpsPort() + "/v1")
                    .httpClient(HttpClient.newBuilder().sslContext(trusting).build());
            OpenAiModel model = (http2 ? builder.http2() : builder).build();
            Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("x".repeat(200_000))));

            for (int i = 0; i < 3; i++) {
                assertThat(model.respond(prompt, Model.Listener.NONE).text()).isEqualTo("Hello");
            }

            assertThat(server.getAllServeEvents()).hasSize(3).allSatisfy(event -> {
                assertThat(event.getRequest().getProtocol()).isEqualTo(protocol);
                assertThat(event.getRequest().getBody()).hasSizeGreaterThan(200_000);
            });
        } finally {
            server.stop();
        }
    }

    /** The server's certificate is one of its own making. */
    private static final class TrustsAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
