/** A conversation store in PostgreSQL. */
@SuppressWarnings("requires-automatic") // the driver has no module descriptor
module dev.agentloop.pg {
    requires transitive dev.agentloop.core;
    requires transitive java.sql;
    requires com.zaxxer.hikari;
    requires java.naming;
    requires org.postgresql.jdbc;
    requires static org.checkerframework.checker.qual;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.agentloop.pg;
}
