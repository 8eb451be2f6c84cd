package dev.agentloop.pg;

/** What a store does about its tables when it is opened. */
public enum SchemaMode {
    /** Makes and changes them as this version of the library needs them; the user must be allowed to. */
    MIGRATE,
    /** Refuses to open if they are older than this version of the library needs, or too new for it. */
    CHECK,
    /** Does not look. */
    NONE
}
