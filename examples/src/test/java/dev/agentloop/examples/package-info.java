/** Runs every example. */
package dev.agentloop.examples;
