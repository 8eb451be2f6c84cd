package dev.agentloop.testkit.internal.response;

import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The items of a scripted response in order, how it ends, and what HTTP does to it. Immutable and thread-safe; methods with a
 * parameter give changed copies.
 */
public final class ResponseScript {
    public static final ResponseScript EMPTY = new ResponseScript();

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

    /** How a response ends. */
    public enum Ending {
        COMPLETED,
        INCOMPLETE,
        FAILED,
        ERROR,
        BROKEN,
        SILENT
    }

    private final List<Step> steps = new ArrayList<>();
    private Ending ending = Ending.COMPLETED;
    private String reason = "";
    private String message = "";
    private @Nullable Usage usage;
    private boolean endTurn = true;
    private int cutAfter = -1;
    private int pieceBytes;
    private boolean closes;

    private ResponseScript() {}

    private ResponseScript with(Consumer<ResponseScript> change) {
        ResponseScript copy = new ResponseScript();
        copy.steps.addAll(steps);
        copy.ending = ending;
        copy.reason = reason;
        copy.message = message;
        copy.usage = usage;
        copy.endTurn = endTurn;
        copy.cutAfter = cutAfter;
        copy.pieceBytes = pieceBytes;
        copy.closes = closes;
        change.accept(copy);
        return copy;
    }

    public ResponseScript then(Step step) {
        return with(copy -> copy.steps.add(step));
    }

    /**
     * @param code of a failure, or why the response is incomplete; empty for none
     * @param text of a failure; empty for none
     */
    public ResponseScript ends(Ending how, String code, String text) {
        return with(copy -> {
            copy.ending = how;
            copy.reason = code;
            copy.message = text;
        });
    }

    public ResponseScript goesOn() {
        return with(copy -> copy.endTurn = false);
    }

    public ResponseScript using(Usage reported) {
        return with(copy -> copy.usage = reported);
    }

    public ResponseScript cutAfter(int bytes) {
        return with(copy -> copy.cutAfter = bytes);
    }

    public ResponseScript inPiecesOf(int bytes) {
        return with(copy -> copy.pieceBytes = bytes);
    }

    public ResponseScript thenCloses() {
        return with(copy -> copy.closes = true);
    }

    public List<Step> steps() {
        return steps;
    }

    public Ending ending() {
        return ending;
    }

    /** The code of a failure, or why the response is incomplete. */
    public String reason() {
        return reason;
    }

    public String message() {
        return message;
    }

    public @Nullable Usage usage() {
        return usage;
    }

    public boolean endTurn() {
        return endTurn;
    }

    public int cutAfter() {
        return cutAfter;
    }

    public int pieceBytes() {
        return pieceBytes;
    }

    public boolean closes() {
        return closes;
    }

    /** The exception that a client makes of the code of a failure. */
    public ModelException failure() {
        return ModelException.of(kind(reason), message).code(reason).build();
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
