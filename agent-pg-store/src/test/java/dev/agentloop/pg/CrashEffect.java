package dev.agentloop.pg;

/**
 * Something that a tool of a test has done, for good.
 *
 * @param token the fencing token that it was done with
 * @param key the idempotency key of the call
 */
record CrashEffect(String callId, long token, String key) {

    static CrashEffect read(String line) {
        String[] fields = line.split(" ");
        return new CrashEffect(fields[0], Long.parseLong(fields[1]), fields[2]);
    }

    @Override
    public String toString() {
        return callId + " " + token + " " + key;
    }
}
