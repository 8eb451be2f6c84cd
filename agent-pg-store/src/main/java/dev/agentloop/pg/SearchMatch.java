package dev.agentloop.pg;

/**
 * A conversation in which something was said. Immutable.
 *
 * @param conversation its id
 * @param version of the newest message that has all the words
 */
public record SearchMatch(String conversation, long version) {}
