/** What a scripted response is made of, whoever hands it over. */
@NullMarked
package dev.agentloop.testkit.internal.response;

import org.jspecify.annotations.NullMarked;
