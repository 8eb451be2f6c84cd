/** Random talk in the stores of agent-core. */
package dev.agentloop.testkit.talk;
