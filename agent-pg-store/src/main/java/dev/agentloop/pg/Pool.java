package dev.agentloop.pg;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.ds.PGSimpleDataSource;

/** The connections that a store makes itself. */
final class Pool {
    /** What a host may say otherwise in its URL. Details of the server's errors can have rows in them, so they are off. */
    private static final Map<String, String> DEFAULTS = Map.of(
            "ApplicationName", "agentloop",
            "connectTimeout", "10",
            "socketTimeout", "60",
            "tcpKeepAlive", "true",
            "logServerErrorDetail", "false");

    /** Each statement has one good plan; where conversations are of very different lengths, servers plan it again each time. */
    private static final String GENERIC_PLANS = "SET plan_cache_mode = force_generic_plan";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String READ_ONLY = "25006";

    /** A server that has become a replica keeps its connections; a pool that keeps them too would never find the primary. */
    private static final class WithoutReplicas implements SQLExceptionOverride {
        @java.lang.Override
        public Override adjudicate(SQLException e) {
            return READ_ONLY.equals(e.getSQLState()) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
        }
    }

    private Pool() {}

    /** Connections that are made one by one. */
    static DataSource unpooled(String url, @Nullable String user, @Nullable String password) {
        Properties parsed = Driver.parseURL(url, new Properties());
        if (parsed == null) {
            throw new IllegalArgumentException(
                    "this is no JDBC URL of PostgreSQL; one is jdbc:postgresql://host:5432/database"
                            + " (the text is not repeated here, since it may have a password in it)");
        }
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        try {
            for (Map.Entry<String, String> property : DEFAULTS.entrySet()) {
                if (!parsed.containsKey(property.getKey())) {
                    source.setProperty(property.getKey(), property.getValue());
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        if (user != null) {
            source.setUser(user);
        }
        if (password != null) {
            source.setPassword(password);
        }
        return source;
    }

    /**
     * At most so many of these connections at once, kept.
     *
     * @param pooler whether there is a pooler behind them, which nothing may be set on
     */
    static HikariDataSource of(DataSource unpooled, int size, boolean pooler) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("agentloop");
        config.setDataSource(unpooled);
        config.setMaximumPoolSize(size);
        config.setConnectionTimeout(PATIENCE.toMillis());
        config.setInitializationFailTimeout(-1);
        config.setExceptionOverride(new WithoutReplicas());
        if (!pooler) {
            config.setConnectionInitSql(GENERIC_PLANS);
        }
        return new HikariDataSource(config);
    }
}
