/**
 * For tests of agents, and of what agents are made of.
 *
 * <p>{@link dev.agentloop.testkit.ScriptedModel} answers in process, {@link dev.agentloop.testkit.ScriptedServer} over HTTP;
 * the classes named {@code …Contract} are suites that an implementation of a port extends;
 * {@link dev.agentloop.testkit.PromptSnapshot} shows a prompt to a person;
 * {@link dev.agentloop.testkit.CrashHarness} kills a process at a chosen moment;
 * {@link dev.agentloop.testkit.CacheSimulator} says what a run costs with a prompt cache;
 * {@link dev.agentloop.testkit.PrefixLinter} finds what changes in a prompt from one process to another.
 */
@NullMarked
package dev.agentloop.testkit;

import org.jspecify.annotations.NullMarked;
