package dev.agentloop.pg;

/**
 * What a step of a deletion has done. Immutable.
 *
 * @param deleted how many conversations were deleted
 * @param inUse how many would have been, but forks of them read their entries
 * @param next where the next step goes on; empty when there is no more
 */
public record DeletionPage(int deleted, int inUse, String next) {}
