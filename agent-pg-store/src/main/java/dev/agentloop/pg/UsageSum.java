package dev.agentloop.pg;

import dev.agentloop.Usage;

/**
 * What conversations have used, as far as it was counted. Immutable.
 *
 * @param usage the tokens of all their responses and compactions; of a fork without those of what it was forked from
 * @param turns how many turns were begun
 * @param steps how many responses were received, broken ones included
 * @param conversations how many conversations were counted
 */
public record UsageSum(Usage usage, long turns, long steps, long conversations) {}
