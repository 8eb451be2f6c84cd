package dev.agentloop.testkit.internal.response;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A scripted response as data. Immutable and thread-safe; methods with a parameter give changed copies.
 *
 * @param usage what it reports; null for a count of its bytes
 */
public record ResponseScript(
        List<Step> steps, Ending ending, @Nullable Usage usage, Delivery delivery) {
    public static final ResponseScript EMPTY =
            new ResponseScript(List.of(), new Ending(How.COMPLETED, "", "", true), null, new Delivery(-1, 0, false));

    /** An item, or a pause. */
    public sealed interface Step {}

    /**
     * An item that the model makes.
     *
     * @param deltas the text that comes in pieces before the item is done; empty for none
     * @param fields the item's fields behind {@code id} and {@code type}
     */
    public record Made(String type, String idPrefix, String deltas, Json.Body fields) implements Step {
        public byte[] json(String id) {
            return Json.object(w -> {
                w.text("id", id).text("type", type);
                fields.write(w);
            });
        }

        /** Its deltas in pieces of {@code size} characters, the last one shorter; none is cut within a character of two units. */
        public List<String> pieces(int size) {
            List<String> pieces = new ArrayList<>(deltas.length() / size + 1);
            int from = 0;
            while (from < deltas.length()) {
                int to = Math.min(deltas.length(), from + size);
                if (to < deltas.length() && Character.isSurrogatePair(deltas.charAt(to - 1), deltas.charAt(to))) {
                    to++;
                }
                pieces.add(deltas.substring(from, to));
                from = to;
            }
            return pieces;
        }
    }

    /** An item in bytes of the script's own. */
    public record Raw(String json) implements Step {}

    /** Waits for the latch before what follows. */
    public record Pause(CountDownLatch latch) implements Step {}

    public enum How {
        COMPLETED,
        INCOMPLETE,
        FAILED,
        ERROR,
        BROKEN,
        SILENT
    }

    /**
     * How and why a response ends.
     *
     * @param reason the code of a failure, or why the response is incomplete; else empty
     * @param message the text of a failure; else empty
     * @param endTurn whether no other inference is wanted
     */
    public record Ending(How how, String reason, String message, boolean endTurn) {}

    /**
     * What HTTP does to it.
     *
     * @param cutAfter the bytes of the body behind which the connection breaks; below 0 for none
     * @param pieceBytes the length of what is sent at once; 0 for all that there is
     * @param closes whether the connection is closed behind it
     */
    public record Delivery(int cutAfter, int pieceBytes, boolean closes) {}

    public ResponseScript then(Step step) {
        List<Step> more = new ArrayList<>(steps);
        more.add(step);
        return new ResponseScript(List.copyOf(more), ending, usage, delivery);
    }

    public ResponseScript ends(Ending other) {
        return new ResponseScript(steps, other, usage, delivery);
    }

    public ResponseScript using(Usage reported) {
        return new ResponseScript(steps, ending, reported, delivery);
    }

    public ResponseScript sent(Delivery other) {
        return new ResponseScript(steps, ending, usage, other);
    }

    /** The exception that a client makes of the code of a failure. */
    public ModelException failure() {
        return ModelException.of(kind(ending.reason()), ending.message())
                .code(ending.reason())
                .build();
    }

    private static Kind kind(String code) {
        return switch (code) {
            case "rate_limit_exceeded" -> Kind.RATE_LIMIT;
            case "server_is_overloaded", "slow_down" -> Kind.OVERLOADED;
            case "insufficient_quota", "credit_balance_exhausted", "usage_not_included" -> Kind.QUOTA;
            case "context_length_exceeded" -> Kind.CONTEXT_LENGTH;
            case "invalid_encrypted_content" -> Kind.INVALID_ENCRYPTED_CONTENT;
            case "invalid_prompt", "bio_policy", "cyber_policy", "misalignment_policy_violation" -> Kind.POLICY;
            case "invalid_image", "image_parse_error" -> Kind.INVALID_IMAGE;
            default -> Kind.SERVER;
        };
    }
}
