package dev.agentloop.pg;

import dev.agentloop.internal.Sha256;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of a text, as they are kept and searched: letters and digits in their compatible form and in lower case, each
 * behind a digest of its tenant, so that the index has no entry that two tenants share. Immutable.
 */
final class Words {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}\\p{M}]+");
    private static final int LONGEST = 64;
    private static final int MOST = 10_000;
    private static final int DIGEST_BYTES = 6;

    private final String scope;

    Words(String tenant) {
        byte[] digest = Sha256.of(tenant.getBytes(StandardCharsets.UTF_8));
        this.scope = Base64.getUrlEncoder().encodeToString(Arrays.copyOf(digest, DIGEST_BYTES)) + ":";
    }

    /** The different words of a text, the first 10,000 of them, each cut behind 64 characters. */
    Set<String> of(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        Set<String> words = new LinkedHashSet<>();
        Matcher matcher = WORD.matcher(plain);
        while (words.size() < MOST && matcher.find()) {
            String word = matcher.group();
            words.add(scope + word.substring(0, word.offsetByCodePoints(0, Math.min(LONGEST, length(word)))));
        }
        return words;
    }

    private static int length(String word) {
        return word.codePointCount(0, word.length());
    }
}
