/** Runs the command line, mostly as a process of its own. */
package dev.agentloop.cli;
