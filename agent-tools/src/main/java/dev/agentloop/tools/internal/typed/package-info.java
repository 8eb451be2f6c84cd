/** Java records as JSON: their schema, the reading of what a model wrote, the writing of results. */
@NullMarked
package dev.agentloop.tools.internal.typed;

import org.jspecify.annotations.NullMarked;
