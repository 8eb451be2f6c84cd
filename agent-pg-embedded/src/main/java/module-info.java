/** A PostgreSQL server in a folder, and PgBouncer before one, with nothing to install. */
module dev.agentloop.pg.embedded {
    requires dev.agentloop.core;
    requires org.apache.commons.compress;
    requires org.slf4j;
    requires org.tukaani.xz;
    requires static transitive org.jspecify;

    exports dev.agentloop.pg.embedded;
}
