package dev.agentloop.spi;

/**
 * A place in a log: a version, and the chain hash that proves which history leads to it. Immutable.
 *
 * @param version the version of the last entry; 0 before the first
 * @param hash its chain hash, 64 hexadecimal digits; empty before the first
 */
public record LogPosition(long version, String hash) {
    /** Before the first entry. */
    public static final LogPosition START = new LogPosition(0, "");
}
