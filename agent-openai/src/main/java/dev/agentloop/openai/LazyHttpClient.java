package dev.agentloop.openai;

import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's HTTP client, built when it is first asked for, with TLS only where it is used: reading the trust store and
 * starting the TLS engine takes most of the time that building a client takes. Thread-safe.
 */
final class LazyHttpClient implements Supplier<HttpClient> {
    private final boolean tls;
    private final Version version;
    private final Duration connectTimeout;
    private @Nullable HttpClient client;

    LazyHttpClient(boolean tls, Version version, Duration connectTimeout) {
        this.tls = tls;
        this.version = version;
        this.connectTimeout = connectTimeout;
    }

    @Override
    public synchronized HttpClient get() {
        HttpClient built = client;
        if (built == null) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(version)
                    .executor(new ClientSteps(Exchange::underWay))
                    .connectTimeout(connectTimeout)
                    .followRedirects(HttpClient.Redirect.NEVER);
            built = (tls ? builder : builder.sslContext(new NoTls())).build();
            client = built;
        }
        return built;
    }

    /** Stands in for a TLS context in a client that never opens a TLS connection. */
    private static final class NoTls extends SSLContext {
        NoTls() {
            super(new Engine(), null, "none");
        }

        private static final class Engine extends SSLContextSpi {
            @Override
            protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

            @Override
            protected SSLSocketFactory engineGetSocketFactory() {
                throw noTls();
            }

            @Override
            protected SSLServerSocketFactory engineGetServerSocketFactory() {
                throw noTls();
            }

            @Override
            protected SSLEngine engineCreateSSLEngine() {
                throw noTls();
            }

            @Override
            protected SSLEngine engineCreateSSLEngine(String host, int port) {
                throw noTls();
            }

            @Override
            protected SSLSessionContext engineGetServerSessionContext() {
                throw noTls();
            }

            @Override
            protected SSLSessionContext engineGetClientSessionContext() {
                throw noTls();
            }

            @Override
            protected SSLParameters engineGetDefaultSSLParameters() {
                return new SSLParameters(new String[0], new String[0]);
            }

            @Override
            protected SSLParameters engineGetSupportedSSLParameters() {
                return engineGetDefaultSSLParameters();
            }

            private static UnsupportedOperationException noTls() {
                return new UnsupportedOperationException("this client was built for plain HTTP only");
            }
        }
    }
}
