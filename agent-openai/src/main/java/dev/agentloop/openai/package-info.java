/**
 * Models behind a Responses API: OpenAI, Azure, or any Open Responses server by its base URL.
 *
 * <p>Start at {@link dev.agentloop.openai.OpenAiModel}.
 */
@NullMarked
package dev.agentloop.openai;

import org.jspecify.annotations.NullMarked;
