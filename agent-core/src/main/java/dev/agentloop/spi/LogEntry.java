package dev.agentloop.spi;

import dev.agentloop.internal.RandomBytes;
import dev.agentloop.internal.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a conversation's log.
 *
 * <p>The chain hash covers everything but the time of writing; the payload goes in by a salted digest, so that erasing
 * payload and salt leaves a chain that can be verified and a text that cannot be guessed. The salt is random, so a chain
 * hash also says who wrote the entry: an append that is sent again is known by it. Immutable by agreement: nobody writes
 * to the arrays.
 *
 * @param version counts from 1 in each conversation, without gaps
 * @param kind what the entry is; a store keeps kinds that it does not know
 * @param turn the version of the entry that began the turn this one belongs to; 0 outside of a turn
 * @param base the version of the newest entry that restates the whole prompt, from which on a reader can start
 * @param salt 16 random bytes, or null where what was written was erased
 * @param digest the SHA-256 digest of salt and payload
 * @param hash the chain hash: SHA-256 over the hash before and all of the above but the salt, in hexadecimal digits
 * @param payload one line of JSON in UTF-8, which comes back byte for byte; without a salt the mark that stands for what was
 *     erased, which no hash covers. Null where it was left out though there is a salt, and in an old file where it was erased
 *     without a mark
 */
public record LogEntry(
        long version,
        String kind,
        long turn,
        long base,
        byte @Nullable [] salt,
        byte[] digest,
        String hash,
        byte @Nullable [] payload) {
    /** The kind of an entry that ends a log for good: a store appends nothing behind it. */
    public static final String SEALED = "sealed";
    /** How the kinds begin whose payloads are kept beside the log: no fold needs them, and each is read by itself. */
    public static final String ASIDE = "aside.";

    private static final int SALT_BYTES = 16;

    /**
     * The entry that follows {@code before}.
     *
     * @param payload one line of JSON in UTF-8; not copied
     */
    public static LogEntry after(LogPosition before, String kind, long turn, long base, byte[] payload) {
        byte[] salt = RandomBytes.next(SALT_BYTES);
        long version = before.version() + 1;
        LogEntry unchained = new LogEntry(version, kind, turn, base, salt, digest(salt, payload), "", payload);
        return new LogEntry(version, kind, turn, base, salt, unchained.digest, unchained.chain(before), payload);
    }

    /** Where the log stands behind this entry. */
    public LogPosition position() {
        return new LogPosition(version, hash);
    }

    /** Whether this entry follows {@code before}, and its payload, where it is still there, is the one it was written with. */
    public boolean follows(LogPosition before) {
        boolean intact = salt == null || payload == null || Arrays.equals(digest, digest(salt, payload));
        return intact && version == before.version() + 1 && hash.equals(chain(before));
    }

    /**
     * The payload; of an erased entry its mark.
     *
     * @throws IllegalStateException if it was left out when the log was loaded
     * @throws StoreException {@code ERASED} if an old file has nothing in its place
     */
    public byte[] content() {
        byte[] bytes = payload;
        if (bytes == null && salt != null) {
            throw new IllegalStateException("the payload of entry " + version + " (" + kind
                    + ") was left out when the log was loaded; read the entry by itself");
        }
        if (bytes == null) {
            throw new StoreException(
                    StoreException.Kind.ERASED,
                    "the payload of entry " + version + " (" + kind + ") was erased, and nothing stands in its place");
        }
        return bytes;
    }

    /** The same entry without its payload, which the store still has. */
    public LogEntry withoutPayload() {
        return new LogEntry(version, kind, turn, base, salt, digest, hash, null);
    }

    /** The entry as a fold needs it: without the payload where the kind begins with {@link #ASIDE}. */
    public LogEntry forFold() {
        return kind.startsWith(ASIDE) ? withoutPayload() : this;
    }

    /**
     * The same entry with salt and payload erased, and a mark in the payload's place. The chain is verified as before; the
     * mark is not covered by its hash.
     *
     * @param mark one line of JSON in UTF-8; not copied
     */
    public LogEntry erased(byte[] mark) {
        return new LogEntry(version, kind, turn, base, null, digest, hash, mark);
    }

    /** Whether what was written was erased, so that the payload, if there is one, is a mark. */
    public boolean isErased() {
        return salt == null;
    }

    private static byte[] digest(byte[] salt, byte[] payload) {
        return Sha256.of(salt, payload);
    }

    private String chain(LogPosition before) {
        byte[] place = ByteBuffer.allocate(3 * Long.BYTES)
                .putLong(version)
                .putLong(turn)
                .putLong(base)
                .array();
        return HexFormat.of()
                .formatHex(Sha256.of(
                        before.hash().getBytes(StandardCharsets.US_ASCII),
                        place,
                        kind.getBytes(StandardCharsets.UTF_8),
                        digest));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LogEntry entry
                && version == entry.version
                && hash.equals(entry.hash)
                && Arrays.equals(payload, entry.payload);
    }

    @Override
    public int hashCode() {
        return hash.hashCode();
    }

    @Override
    public String toString() {
        byte[] bytes = payload;
        return version + " " + kind + " "
                + (salt == null ? "erased" : bytes == null ? "left out" : bytes.length + " bytes");
    }
}
