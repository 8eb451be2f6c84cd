/** The rules by which the Responses API accepts a request, its items and its functions' schemas. */
@NullMarked
package dev.agentloop.testkit.internal.request;

import org.jspecify.annotations.NullMarked;
