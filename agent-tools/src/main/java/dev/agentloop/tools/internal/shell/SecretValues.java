package dev.agentloop.tools.internal.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which values look like secrets, whatever their variables are called. */
final class SecretValues {
    private static final int LONG = 32;

    // A value may have 128 KB: whatever repeats here, and may be tried from many places, is bounded.

    /** Addresses; the group is the password. */
    private static final List<Pattern> ADDRESSES = List.of(
            Pattern.compile("[A-Za-z0-9+.-]://[^/\\s@:]{0,500}:([^/\\s@]{1,500})@"),
            // A password may hold a slash, but in http://proxy:3128/a@b the first part is a port.
            Pattern.compile("(?<![A-Za-z0-9+.-])(?!(?:https?|wss?)://[^/\\s@:]{0,500}:[0-9]{1,5}/)"
                    + "[A-Za-z][A-Za-z0-9+.-]{0,50}://[^/\\s@:]{0,500}:([^\\s@]{1,500})@"),
            Pattern.compile("(?<!\\S)[^\\s:/@]{1,500}:([^\\s@]{1,500})@(?:tcp|unix)?\\("));

    private static final String SECRET = "(?:pass(?:word|wd|phrase)|pwd|secret|token"
            + "|(?:api|access|account|private|auth|client|shared)[_-]?key(?:[_-]data)?)";

    /** A secret after its name: in settings, JSON, headers, options, the query of an address, and files of logins. */
    private static final List<Pattern> NAMED = List.of(
            Pattern.compile("(?i)" + SECRET + "(?:[\"']?\\s{0,99}=|[\"']\\s{0,99}:)\\s{0,99}[^\\s;&]"),
            Pattern.compile("(?im)^[ \\t-]*+[\\w.-]{0,200}?" + SECRET + "\\s*:\\s*[^\\s/]\\S{5,}"),
            Pattern.compile("(?i)(?<!\\S)--?(?:\\w{1,50}-){0,8}" + SECRET + "\\s+[^\\s-]"),
            Pattern.compile("(?i)[?&](?:[\\w-]{0,50}signature|sig|auth|key|code|hmac|pass|pw)=[^&\\s]{8}"),
            Pattern.compile("(?i)\\bauthorization\\s*[:=]\\s*\\S|\"auth\"\\s*:\\s*\"[^\"]"),
            Pattern.compile("\\b(?:[Bb]earer|[Bb]asic)\\s+(?=\\S{0,500}[A-Z0-9])[\\w.~+/=-]{8}"),
            Pattern.compile("\\blogin\\s{1,9}\\S{1,200}\\s{1,9}password\\s{1,9}\\S"));

    /** What its maker gave a shape to be known by; some only begin so, some have a number of digits. */
    private static final List<Pattern> SHAPED = List.of(
            Pattern.compile("(?<![A-Za-z0-9])(?:sk-(?=[\\w-]{0,200}[A-Z0-9])[\\w-]{6}|[rs]k_(?:live|test)_\\w{6}"
                    + "|gh[pousr]_\\w{6}|github_pat_\\w{6}|glpat-[\\w-]{6}|xox[abeprs]-[\\w-]{6}"
                    + "|(?:AKIA|ASIA)[A-Z0-9]{12}|AIza[\\w-]{20}|ya29\\.[\\w-]{8}|eyJ[\\w-]{8}|npm_\\w{20}"
                    + "|hf_\\w{16}|SG\\.[\\w-]{16}|pypi-[\\w-]{16}|AGE-SECRET-KEY-|hv[bs]\\.[\\w-]{8}|whsec_\\S{8}"
                    + "|ATATT3x|ATCTT3x|GOCSPX-|[0-9]{8,10}:AA[\\w-]{30})"),
            Pattern.compile("(?<![A-Za-z0-9])(?:SK|dapi|sbp_|shp(?:at|ca|pa|ss)_|do[opr]_v1_|key-|PMAK-|NRAK-"
                    + "|(?:dckr|figd|pscale|lin|glsa)_(?:[a-z]{1,20}_){0,4})[A-Za-z0-9-]{20}"),
            Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTi|(?<![A-Za-z0-9])ew(?:og|0K)[\\w+/]{20}"),
            Pattern.compile("://[0-9a-f]{32}@|https?://[\\w-]{20,500}@|hooks\\.slack\\.com/"
                    + "|discord(?:app)?\\.com/api/webhooks/|\\boffice(?:365)?\\.com/webhook"));

    /** A maker's mark, and what comes after it. */
    private static final Pattern MARKED =
            Pattern.compile("(?:[A-Za-z][A-Za-z0-9]{0,11}[-_.:]){1,3}([A-Za-z0-9+/_-]{20,}={0,2})");

    private static final Pattern ONE_WORD = Pattern.compile("(?!/)[A-Za-z0-9+/_-]{" + LONG + ",}={0,2}");

    private SecretValues() {}

    /** Whether a value looks like a secret, or has one in it. */
    static boolean looksSecret(String value) {
        Matcher marked = MARKED.matcher(value);
        return !passwords(value).isEmpty()
                || NAMED.stream().anyMatch(look -> look.matcher(value).find())
                || SHAPED.stream().anyMatch(look -> look.matcher(value).find())
                || marked.matches() && isRandom(marked.group(1), 1)
                || ONE_WORD.matcher(value).matches() && isRandom(value, 2);
    }

    /** The passwords in the addresses that a value holds. */
    static List<String> passwords(String value) {
        List<String> passwords = new ArrayList<>();
        for (Pattern address : ADDRESSES) {
            Matcher matcher = address.matcher(value);
            while (matcher.find()) {
                passwords.add(matcher.group(1));
            }
        }
        return passwords;
    }

    /**
     * Whether small letters, capitals and digits take turns as only chance makes them; names in camel case change less
     * often, and hexadecimal numbers, which mostly are sums of files and no secrets, have letters of one case.
     *
     * @param groups of digits that there must be: chance leaves one out of seventy short ones without any
     */
    private static boolean isRandom(String text, int groups) {
        int changes = 0;
        int digitRuns = 0;
        int[] counts = new int[4];
        int before = 3;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int kind = Character.isDigit(c) ? 0 : Character.isUpperCase(c) ? 1 : Character.isLowerCase(c) ? 2 : 3;
            counts[kind]++;
            changes += kind == before ? 0 : 1;
            digitRuns += kind == 0 && before != 0 ? 1 : 0;
            before = kind;
        }
        return changes * 5 >= text.length() * 2 && digitRuns >= groups && counts[1] >= 3 && counts[2] >= 3;
    }
}
