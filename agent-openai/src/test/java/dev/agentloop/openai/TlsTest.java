package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class TlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final Pattern NAME = Pattern.compile("conversation-(\\d+)");

    @TempDir
    static Path folder;

    private static SSLContext tls;

    /** A certificate for localhost that nobody but this test trusts. */
    @BeforeAll
    static void makeCertificate() throws Exception {
        Path store = folder.resolve("localhost.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "localhost",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.txt").toFile())
                .start();
        assertThat(keytool.waitFor())
                .as(Files.readString(folder.resolve("keytool.txt")))
                .isZero();
        trust(store);
    }

    private static void trust(Path store) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, PASSWORD);
        trusted.setCertificateEntry("localhost", keys.getCertificate("localhost"));
        TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(trusted);
        tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), others.getTrustManagers(), null);
    }

    /** Answers with the conversation's own name and the number of its items. */
    private static RawServer server() throws Exception {
        ServerSocket socket = tls.getServerSocketFactory().createServerSocket(0, 600, InetAddress.getLoopbackAddress());
        return RawServer.over(socket, request -> {
            Matcher name = NAME.matcher(request.text());
            assertThat(name.find()).isTrue();
            int items = request.text().split("\"role\"", -1).length - 1;
            return Replies.stream(Events.saying(name.group() + " " + items));
        });
    }

    @Test
    void respond_fiveHundredConversationsAtOnce_useAConnectionEachAndAgain() throws Exception {
        int conversations = 500;
        int turns = 3;
        AtomicInteger answered = new AtomicInteger();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (RawServer server = server()) {
            OpenAiModel model = OpenAiModel.builder("m")
                    .baseUrl(server.baseUrl())
                    .apiKey("k")
                    .httpClient(HttpClient.newBuilder().sslContext(tls).build())
                    .retries(RetryPolicy.NEVER)
                    .build();
            CountDownLatch begin = new CountDownLatch(1);
            Thread[] threads = new Thread[conversations];
            for (int i = 0; i < conversations; i++) {
                String name = "conversation-" + i;
                threads[i] = new Thread(() -> {
                    try {
                        begin.await();
                        answered.addAndGet(converse(model, name, turns));
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                });
                threads[i].start();
            }
            begin.countDown();
            for (Thread thread : threads) {
                thread.join();
            }

            assertThat(failures).isEmpty();
            assertThat(server.failures()).isEmpty();
            assertThat(answered).hasValue(conversations * turns);
            assertThat(server.requests()).hasSize(conversations * turns);
            assertThat(server.connections()).isLessThanOrEqualTo(conversations);
        }
    }

    private static int converse(Model model, String name, int turns) throws InterruptedException {
        Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user(name)));
        for (int turn = 0; turn < turns; turn++) {
            ModelResponse response = model.respond(prompt, Model.Listener.NONE);
            assertThat(response.text()).isEqualTo(name + " " + (1 + 2 * turn));
            prompt = prompt.plus(response.items()).plus(List.of(Item.user("go on")));
        }
        return turns;
    }

    @Test
    void respond_certificateNobodyTrusts_isNotTriedAgain() throws Exception {
        try (RawServer server = server()) {
            OpenAiModel model = OpenAiModel.builder("m")
                    .baseUrl(server.baseUrl())
                    .retries(new RetryPolicy(3, 3, Duration.ofMillis(1), Duration.ofMillis(1)))
                    .build();
            Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
            Told told = new Told();

            assertThatThrownBy(() -> model.respond(prompt, told))
                    .isInstanceOfSatisfying(ModelException.class, e -> {
                        assertThat(e.kind()).isEqualTo(ModelException.Kind.TRANSPORT);
                        assertThat(e.retryable()).isFalse();
                    })
                    .hasMessageStartingWith("the certificate of " + server.baseUrl() + "/responses is not trusted (")
                    .hasMessageEndingWith("). Check the trust store, and whether a proxy replaces certificates.");
            assertThat(told.events).isEmpty();
        }
    }
}
