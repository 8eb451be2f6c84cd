package dev.agentloop.testkit.internal.compaction;

/** What holds for every compaction, and who sees to it in windows that are built and in those that a server returned. */
enum CompactionInvariant {
    NOT_EMPTY(Duty.COMPACTOR, Duty.COMPACTOR),
    SMALLER(Duty.COMPACTOR, Duty.COMPACTOR),
    PAIRED(Duty.COMPACTOR, Duty.COMPACTOR),
    REASONING(Duty.COMPACTOR, Duty.COMPACTOR),
    USER_MESSAGE(Duty.COMPACTOR, Duty.NOBODY),
    NEWEST_RESPONSE(Duty.COMPACTOR, Duty.NOBODY),
    KEPT_TOOLS(Duty.COMPACTOR, Duty.LOOP),
    PINS(Duty.COMPACTOR, Duty.LOOP),
    SERVER_ITEM(Duty.NOBODY, Duty.COMPACTOR),
    UNCHANGED(Duty.NOBODY, Duty.LOOP),
    CONTEXT(Duty.LOOP, Duty.LOOP),
    SETTINGS(Duty.LOOP, Duty.LOOP),
    LOG_STAYS(Duty.LOOP, Duty.LOOP),
    UNDO(Duty.LOOP, Duty.LOOP),
    NEXT_REQUEST(Duty.LOOP, Duty.LOOP),
    RESUMED(Duty.LOOP, Duty.LOOP);

    /** Who sees to it. */
    private enum Duty {
        COMPACTOR,
        LOOP,
        NOBODY
    }

    private final Duty built;
    private final Duty returned;

    CompactionInvariant(Duty built, Duty returned) {
        this.built = built;
        this.returned = returned;
    }

    /** Whether it holds for the prompt once the loop has taken the window. */
    boolean holdsFor(boolean isReturned) {
        return (isReturned ? returned : built) != Duty.NOBODY;
    }

    /** Whether it holds for the window as the compactor gives it. */
    boolean isTheCompactors(boolean isReturned) {
        return (isReturned ? returned : built) == Duty.COMPACTOR;
    }
}
