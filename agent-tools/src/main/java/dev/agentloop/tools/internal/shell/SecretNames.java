package dev.agentloop.tools.internal.shell;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which names of variables say that a secret is in them, read word by word.
 *
 * <p>A word such as {@code TOKEN} says so, unless another one says that the variable is something about a secret:
 * {@code TOKEN_LIMIT} is a number, {@code TOKEN_FILE} a place. In doubt a name says so.
 */
final class SecretNames {
    /** A change from lower to upper case begins a word, as {@code _} does. */
    private static final Pattern WORD_BEGINS = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+");

    /** Words with a telling one in them that tell nothing. */
    private static final Pattern HARMLESS =
            Pattern.compile("(?:.*MON|DON|TUR|HOC|JOC|LAC|MIC|WHIS|HOT|LESS|VAL|PUB)KEYS?"
                    + "|(?:DE)?TOKENIZ\\w*|\\w*AUTHORIT(?:Y|IES)|\\w*AUTHOR(?:S|ED|ING|SHIP|IZED)?"
                    + "|(?:ASK|BY|COM|ENCOM|KEE|KEEP|LAST|OVER|SUR|TRES|UNDER)PASS"
                    + "|SECRETAR(?:Y|IAT|IES)|COOKIECUTTER|PASSWORDLESS");

    private static final Pattern TELLING = Pattern.compile(
            "\\w*(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIAL|BEARER|COOKIE|WEBHOOK|JWT|TOKEN|AUTH)\\w*"
                    + "|\\w*(?:KEYS?|PASS|PWD?|DSN|CREDS|PSK)|KEY(?:STORE|FILE|TAB|PASS|PAIR|DATA)\\w*"
                    + "|CRED|MNEMONICS?|PIN(?:S|CODE)?|(?:GH|GITHUB|GITLAB|ADO)?PATS?|[HT]?OTP"
                    + "|PEPPER|PRESHARED|PFX|P8|P12|PKCS12|\\w*SESS(?:ION)?ID|\\w*CONNSTR");

    /** Words that tell only in company, or at the end of a name. */
    private static final Pattern TELLING_TOGETHER =
            Pattern.compile("_CONN\\w*?_?STR(?:ING)?S?_|_(?:BW|OP|FASTLANE)_SESSION_|_PRIVATE_$|_SALT_$|._SK_$"
                    + "|_SAS_(?:UR[IL]_)?$|_SEED_PHRASE_|_(?:WALLET|[HT]?OTP|MFA|MASTER|HMAC)_SEED_|_SNMP_(?:\\w+_)?COMMUNITY_"
                    + "|_(?:RECOVERY|BACKUP|ACCESS|ACTIVATION|MFA|OTP|SECURITY|VERIFICATION)_CODES?_");

    /** Keys that anybody may know, and numbers of tokens. */
    private static final Pattern OPEN = Pattern.compile("_(?:PUBLIC|PUBLISHABLE|AUTHORIZED|PARTITION|SORT|SHARD|FOREIGN"
            + "|CACHE)_KEYS?(?=_)|_KEYS?_(?:PREFIX|REPEAT)(?=_)|(?<!ACCESS|APPLICATION)_KEY_IDS?(?=_)"
            + "|_(?:MAX|MIN|NUM)_(?:\\w+?_)?(?:TOKENS|KEYS)(?=_)|_(?:TOTAL|INPUT|OUTPUT|PROMPT|COMPLETION|THINKING|REASONING|CONTEXT"
            + "|CACHED)_TOKENS(?=_)|_(?:TOKENS|KEYS)_PER_\\w+(?=_)|^\\w*_PUBLIC_KEYS?(?=_$)");

    /** Last words of names that are about a secret: how long, where, of which kind. */
    private static final Set<String> ABOUT = words("""
            AGE ALG ALGO ALGORITHM ALGORITHMS ARN ATTEMPTS AUDIENCE BACKEND BITS BUDGET COLUMN COLUMNS COST COUNT
            CURVE DAYS DELAY DESERIALIZER DIR DIRECTORY DISABLED DOMAIN DRIVER DURATION ENABLED ENCODING ENDPOINT ENDPOINTS
            ENGINE EXPIRATION EXPIRES EXPIRY FIELD FIELDS FILE FILENAME FILES FINGERPRINT FOLDER FORMAT HELPER HOME
            HOST HOSTNAME HOURS HTTPONLY INTERVAL ISSUER KIND LEN LENGTH LIFETIME LIMIT LIMITS LOCATION MANAGER MAX
            MEMORY METHOD METHODS MIN MINUTES MODE MS NAME NAMES OPTIONAL PATH PATHS PATTERN PLUGIN POLICY PORT
            PREFIX PROVIDER PROVIDERS RATE RATIO REALM REGEX REGION RELEASE REQUIRED RETRIES ROTATION ROUNDS SAMESITE
            SCHEME SCOPE SCOPES SECONDS SECURE SERIALIZER SIZE SOCK SOCKET STRATEGY STRENGTH SUFFIX THEME THREADS
            THRESHOLD THROUGH TIMEOUT TTL TYPE TYPES VERSION
            """);

    /** More of them, after words for the way a user is known: an address there is no secret, as that of a hook is. */
    private static final Pattern ABOUT_LOGIN = Pattern.compile(
            "(?:AUTH|TOKEN|JWT|PASSWORD|KEY)\\w*_(?:\\w+_)?(?:UR[IL]|SERVER|EXPIRES_IN)_$|AUTH\\w*_(?:CLIENT_ID|USER"
                    + "|USERNAME|EMAIL)_$");

    /** What is a switch, whatever its name. */
    private static final Set<String> SWITCHES = Set.of("", "0", "1", "true", "false", "yes", "no", "on", "off");

    private SecretNames() {}

    /** Whether a variable of this name and value is taken for a secret because of its name. */
    static boolean tell(String name, String value) {
        if (SWITCHES.contains(value.toLowerCase(Locale.ROOT))) {
            return false;
        }
        String all = "_" + WORD_BEGINS.matcher(name).replaceAll("_").toUpperCase(Locale.ROOT) + "_";
        String rest = OPEN.matcher(all).replaceAll("");
        String last = rest.substring(rest.lastIndexOf('_', rest.length() - 2) + 1, rest.length() - 1);
        boolean about = ABOUT.contains(last) || ABOUT_LOGIN.matcher(rest).find();
        return !about
                && (TELLING_TOGETHER.matcher(rest).find()
                        || Stream.of(rest.split("_")).anyMatch(SecretNames::tells));
    }

    private static boolean tells(String word) {
        return TELLING.matcher(word).matches() && !HARMLESS.matcher(word).matches();
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }
}
