/** The rule that each module's packages stand in one order and that its types have no circle. */
@NullMarked
package dev.agentloop.architecture;

import org.jspecify.annotations.NullMarked;
