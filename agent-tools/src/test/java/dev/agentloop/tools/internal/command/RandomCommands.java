package dev.agentloop.tools.internal.command;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes up command lines of words that a judge of commands may take for others than they are. */
final class RandomCommands {
    // In these lists ␣ is a space, ␤ a line break, ⇥ a tab, ␍ a carriage return, ⍽ a space that is none to shells.

    /** Programs that open files, and what they are called with most. */
    private static final Map<String, List<String>> READERS = """
            base64 -d -i -o -w --output=made --wrap=0 --dec
            cat -n -A - --
            cd - -P -- .. src in -L in/..
            cut -c1- -d: -f1 -d -f --bytes=1- --fiel=1
            find -delete -exec -ok cat {} ; -fls -fprint made -fprintf -L -follow -name * -type f -print ! -o -newer \
                -files0-from -samefile -ls -execdir ./tool + -printf %p -H -P -regex .* -lname
            grep -r -R -n a -rn -f -e -ra -Ra --file=list --regexp=a -flist --dereference-recursive --include=* -A -C \
                1 -d recurse -5 --fil=list --directories=recurse -drecurse -Dread -ea -A1 --exclude-from=list
            head -n -c 5 -5 -c5 --lines=3 -v --lin=2 -n5
            ls -l -la -R -L -RL -H --color=auto -I -d --deref --recursive -lR --dereference-command-line
            nl -b a -ba -p --body=a
            paste -s -d , -d, --serial
            rev --
            rg a -n -L --follow -z -iz --pre --pre=./tool ./tool --files -f -e --hidden --hostname-bin=./tool \
                --search-zip -g * --pre-glob=* -uuu -flist --fil --ignore-file=list --no-ignore -ea
            sed -n 5p 1,3p -i -e w␣made 5w␣made -i.bak 1e␣./tool -s -z --in-pl -n5p --expression=w␣made --file=list
            stat -c %n -f -L --printf=%n -c%n --form=%n
            tac -b -r -s a --sep=a
            tail -n -c +2 -5 --lines=3 -q +2 -n2
            uniq -c -d -u -f 1 --count made - --all-repeated -f1
            wc -l -c --files0-from=list -L --files0=list
            """.lines()
            .map(RandomCommands::words)
            .collect(Collectors.toMap(words -> words.get(0), words -> words.subList(1, words.size())));

    /** The names of the programs that open files. */
    static final List<String> READER_NAMES = READERS.keySet().stream().sorted().toList();

    /** The names of others, of all kinds. */
    static final List<String> PROGRAMS = words("""
            echo expr false id numfmt pwd seq tr true uname which whoami sort tee touch cp mv ln mkdir rm truncate sh
            bash env xargs awk git ./tool dd split install printf test . eval exec command time ! busybox␣cat
            busybox␣sh␣-c coreutils␣ls coreutils␣touch builtin source set export alias trap read /bin/touch bin/cat
            ../traps/tool nohup timeout␣5 nice if␣true;then while␣false;do { ( function A=b PATH=. BASH_ENV=./tool
            LD_PRELOAD=./tool A+=b A[0]=b
            """);

    /** Commands that walk through folders, which chance alone seldom makes whole. */
    private static final List<String> WALKS = words("""
            grep␣-r␣a grep␣-rn␣-e␣a grep␣-ra␣a grep␣-d␣recurse␣a ls␣-R ls␣-lR find rg␣a rg␣--hidden␣-n␣a rg␣--files
            grep␣--recursive␣a grep␣-hrc␣a ls␣--recursive␣-a find␣-P find␣-type␣f grep␣-drecurse␣a
            """);

    private static final List<String> OPTIONS = words("""
            -n -l -a -R -r -L -o -i -c -f -e -w -z -d -s -H -P -C -A -m -5 -rn -c5 -fx -ox -- - -D --output=made
            --output --color --in-place --file=list --help --version -omade --output␣made --fil --pre -iz -0
            """);

    private static final List<String> TEXTS = words("""
            a made 1 5p 1,3p w␣made 5w␣made s/a/b/w␣made 1e␣touch␣made + ; {} f ./tool *.txt x␣y a|b a>made
            $(touch␣made) `touch␣made` $HOME &&␣touch␣made ␤␣touch␣made \\ ' " # a=b PATH=. ~ é {a,made} -o $ ⇥ ! ( )
            ␍ ␍touch␣made a⍽made ⍽ $((1)) ${HOME} ${x:-made} !! a#b #␣touch␣made ␤touch␣made␤ made␤ ~+ ~- [a]* ?.txt
            """);

    private static final List<String> GLUE = words("""
            ␣|␣ ␣&&␣ ␣||␣ ;␣ ␤ ; | && ␣&␣ ␣|&␣ ␣;;␣ \\␤ ␣# ␣( )␣ ⍽ ␍␤ ␤#␣x␤ ␣;␤ ␣\\␤␣ &␤ ;;& ␣)␣;␣
            """);

    private static final List<String> REDIRECTIONS = words("""
            >␣made >made >>␣a.txt 2>made &>made >|made <a.txt <<<x <<E␤x␤E␤ 2>&1 3<>made >$(echo␣made) >␣'made'
            <(touch␣made) >(cat) <<'E'␤$(touch␣made)␤E␤ <<-E␤x␤⇥E␤touch␣made <../outside/secret.txt &>>made {fd}>made
            """);

    private static final List<String> PATHS = words("""
            a.txt src src/Main.java in in/Main.java x␣y list . made src/deep ./a.txt out out/secret.txt
            src/out.txt .. ../outside ../outside/secret.txt in/../a.txt src/../.. in/out.txt ~/secret.txt
            deep/../out.txt out.txt clean ../clean clean/in /proc/self/cwd/a.txt
            /proc/self/root/BASE/outside/secret.txt /proc/self/cwd/../outside/secret.txt /dev/stdin /dev/fd/1 /dev/null
            BASE/outside/secret.txt BASE/ws/a.txt tool -o src/made hop hop2 in2 in2/.. in2/../../a.txt up up/ws/a.txt
            up/outside/secret.txt src/deep/far src/deep/far/secret.txt -n ./-n -r --pre=tool ./--pre=tool src/ src//deep
            ./././a.txt in/. in/./../a.txt a.txt/.. not-there/../a.txt not-there/../../outside/secret.txt out/*
            out/secre? {out,src}/secret.txt [o]ut/secret.txt $HOME/secret.txt hop/secret.txt round round/a bin bin/cat
            fifo clean/a.txt clean/src/deep /proc/self/environ //proc/self/environ BASE//outside/secret.txt ~ ~root
            """);

    private final Random random;
    private final Path base;

    RandomCommands(Random random, Path base) {
        this.random = random;
        this.base = base;
    }

    String line() {
        StringBuilder line = new StringBuilder(command());
        while (chance(30)) {
            line.append(any(GLUE)).append(command());
        }
        return line.toString();
    }

    private String command() {
        if (chance(5)) {
            return any(WALKS) + (chance(50) ? "" : " " + path());
        }
        String program = any(chance(75) ? READER_NAMES : PROGRAMS);
        StringBuilder command = new StringBuilder(chance(2) ? "A=b " : "").append(quoted(program, 3));
        List<String> own = READERS.getOrDefault(program, OPTIONS);
        if (chance(40)) {
            command.append(' ').append(quoted(path(), 30));
        }
        int words = random.nextInt(4);
        for (int i = 0; i < words; i++) {
            command.append(chance(95) ? " " : "\t").append(word(own));
        }
        if (chance(4)) {
            command.append(' ').append(any(REDIRECTIONS));
        }
        return command.toString();
    }

    private String word(List<String> options) {
        int kind = random.nextInt(100);
        if (kind < 40) {
            String option = changed(any(options));
            boolean special = option.chars().anyMatch(c -> " *;(){}".indexOf(c) >= 0);
            return quoted(option, special ? 90 : 5);
        }
        if (kind < 50) {
            return quoted(kind < 45 ? cluster() : changed(any(OPTIONS)), 10);
        }
        return kind < 90 ? quoted(path(), 30) : quoted(any(TEXTS), 80);
    }

    /** An option, now and then abbreviated or with a value glued to it. */
    private String changed(String option) {
        if (option.startsWith("--") && option.length() > 4 && chance(15)) {
            int end = option.indexOf('=') < 0 ? option.length() : option.indexOf('=');
            return option.substring(0, 3 + random.nextInt(end - 2)) + option.substring(end);
        }
        if (option.startsWith("-") && chance(8)) {
            return option + (option.startsWith("--") && option.indexOf('=') < 0 ? "=" : "") + path();
        }
        return option;
    }

    /** Short options in one word, as nobody listed them. */
    private String cluster() {
        return random.ints(1 + random.nextInt(3), '0', 'z' + 1)
                .filter(Character::isLetterOrDigit)
                .mapToObj(Character::toString)
                .collect(Collectors.joining("", "-", chance(20) ? path() : ""));
    }

    private String path() {
        return any(PATHS).replace("BASE", base.toString());
    }

    private String quoted(String word, int percent) {
        if (!chance(percent) || word.isEmpty()) {
            return word;
        }
        int cut = random.nextInt(word.length());
        String start = word.substring(0, cut);
        String end = word.substring(cut);
        return switch (random.nextInt(8)) {
            case 0 -> "'" + word + "'";
            case 1 -> "\"" + word + "\"";
            case 2 -> start + "\\" + end;
            case 3 -> start + "'" + end + "'";
            case 4 -> "\"" + start + "\"'" + end + "'";
            case 5 -> start + "\\\n" + end;
            case 6 -> "$'" + inNumbers(word) + "'";
            default -> "$'" + word + "'";
        };
    }

    private static String inNumbers(String word) {
        StringBuilder numbers = new StringBuilder();
        for (byte value : word.getBytes(StandardCharsets.UTF_8)) {
            numbers.append("\\x").append(Integer.toHexString(value & 0xFF));
        }
        return numbers.toString();
    }

    static List<String> words(String text) {
        return Stream.of(text.strip().split("\\s+"))
                .map(word -> word.replace('␣', ' ')
                        .replace('␤', '\n')
                        .replace('⇥', '\t')
                        .replace('␍', '\r')
                        .replace('⍽', '\u00A0'))
                .toList();
    }

    <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }
}
