package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.tools.CommandSafety.Assessment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisabledOnOs(OS.WINDOWS)
class CommandSafetyTest {
    /**
     * One command a line; {@code ␤} is a line break, {@code ⇥} a tab, {@code @} the folder that holds the workspace.
     */
    private static final String SAFE = """
            ls
            ls -la src
            ls -lahR --color=never .
            'ls' "-l"
            l\\s
            cat README.md
            cat 'a b.txt' "README.md" a\\ b.txt
            cat @/ws/README.md
            cat src/../README.md
            cat ./src/./Main.java
            cat src-link/Main.java
            cat not-there.txt
            cat 'not $expanded' '`nor this`' '*' '~/x' '{a,b}'
            cat "a\\$b" "back\\`tick" "q\\"uote"
            head -n 5 README.md
            head -20 README.md && tail -c100 README.md
            head -n5 -- README.md
            tail -n +3 -f README.md
            cat README.md | head -5 | wc -l
            ls;pwd||true
            ls; pwd;
            ls ␤pwd␤␤# a comment ; rm -rf x␤whoami
            ls &&␤  pwd
            ls # rm -rf x
            ls \\␤  -l
            ls⇥-l⇥src
            echo a#b rm -rf .
            echo ">" '|' "&&" ';'
            echo /etc/passwd
            grep -rn "TODO" src
            grep -n '/api/v1' README.md
            grep -e '/api' -e '../x' README.md
            grep -A 3 -B3 --include='*.java' -r main .
            grep --color=always -c main src/Main.java
            grep -f README.md src/Main.java
            rg -n main src
            rg --files
            rg --files --hidden -g '!target/**' src
            rg -t java -e /usr/bin .
            find . -name '*.java' -not -path './target/*'
            find src README.md -maxdepth 2 -type f -print0
            find . \\( -name a -o -name b \\) -prune
            find . -newer README.md ! -empty
            sed -n 5p README.md
            sed -n '1,200p' README.md
            cat README.md | sed -n 10,20p
            wc -l README.md src/Main.java
            cut -d: -f1 README.md
            cut -d/ -f1 README.md
            uniq -c README.md
            cat README.md | uniq
            base64 -d README.md
            base64 --wrap=0 README.md
            nl -ba README.md
            paste -d, README.md README.md
            rev README.md
            tac README.md
            stat -c %s README.md
            tr a-z A-Z
            seq 1 10
            expr 1 + 2
            which ls git
            uname -a
            id
            numfmt --to=iec 2048
            cd src && ls
            cat src-link/../../README.md
            cd @/ws/src && pwd
            cd src || cd src/deep
            true
            false || true
            pwd -P
            """;

    private static final String UNKNOWN = """
            git status
            git log --oneline
            make
            python3 -c 'print(1)'
            touch x
            mkdir x
            tee x
            sort -o x README.md
            awk 1 README.md
            ./ls
            /bin/ls
            src/ls
            ls > x
            ls >> x
            ls 2>/dev/null
            ls 2>&1
            cat < README.md
            cat <<EOF␤x␤EOF
            cat <(ls)
            ls >| x
            ls &> x
            ls &
            ls & pwd
            ls |& cat
            ls ;; pwd
            ls && && pwd
            ls &&
            | ls
            ls || | pwd
            $(ls)
            `ls`
            ls $HOME
            ls "$HOME"
            ls "${x}"
            ls "`pwd`"
            ls $'a'
            cat *.md
            cat README.?d
            cat [R]EADME.md
            cat {README.md,x}
            cat ~/x
            cat ~
            echo a=~
            (ls)
            { ls; }
            ! ls
            if true; then ls; fi
            for i in a; do ls; done
            PATH=. ls
            'PATH=.' ls
            a=b
            ls () { pwd; }; ls
            function ls { pwd; }
            time ls
            command ls
            env ls
            xargs cat
            exec ls
            eval ls
            . README.md
            source README.md
            ls 'unclosed
            ls "unclosed
            ls \\
            cat é
            cat \\é
            cat a\u00A0b
            cat ../README.md
            cat ../ws-other/x
            cat src/../../x
            cat /etc/passwd
            cat @/secret
            cat out-link/secret
            cat secret-link
            cat loop-link
            cat src-link/../../../x
            cd src && cat ../README.md
            cd src; cd ..; cat README.md
            cat src/up-link/../secret
            ls ..
            ls -L .
            ls --dereference
            ls --color --unknown-option
            cat --nonsense README.md
            head -c 5 /etc/passwd
            head -n/etc/passwd README.md /etc/passwd
            grep x /etc/passwd
            grep -f /etc/passwd README.md
            grep -f/etc/passwd README.md
            grep -rnf/etc/passwd README.md
            grep --file=/etc/passwd README.md
            grep --fil=/etc/passwd README.md
            grep -e x /etc/passwd
            grep -ex /etc/passwd
            grep --regexp=x /etc/passwd
            grep README.md -e x /etc/passwd
            grep -R x .
            grep -rR x .
            grep --dereference-recursive x .
            grep -C /etc/passwd x
            rg --pre cat x
            rg --pre=./x x
            rg --search-zip x
            rg -z x
            rg -iz x
            rg --hostname-bin=./x x
            rg -L x
            rg --follow x
            rg --files /etc
            rg x /etc
            rg --ignore-file=/etc/passwd x
            find . -exec cat x ;
            find . -execdir ls ;
            find . -ok ls ;
            find . -okdir ls ;
            find . -fls x
            find . -fprint x
            find . -fprint0 x
            find . -fprintf x %p
            find . -files0-from README.md
            find -L .
            find . -follow
            find /etc -name passwd
            find .. -name x
            find . -newer /etc/passwd
            find . -name x /etc
            find . -name
            sed -n 5p /etc/passwd
            sed -i s/a/b/ README.md
            sed -n 'w x' README.md
            sed -n '5p;w x' README.md
            sed -n 5p -i README.md
            sed -n 5p README.md README.md
            sed 5p README.md
            sed -n -e 5p README.md
            uniq README.md x
            uniq README.md -c
            uniq -- README.md x
            base64 -o x README.md
            base64 --output=x README.md
            base64 -i README.md
            base64 /etc/passwd
            wc --files0-from=README.md
            wc -l /etc/passwd
            stat /etc/passwd
            cut -d / /etc/passwd
            cd
            cd -
            cd ~
            cd ..
            cd /
            cd .. && cat ws/README.md
            cd src; cat ../../secret
            cd src-link && ls
            cd src || cat up-link/secret
            cd not-there/.. ; cat src/up-link/secret
            cd src && cat up-link/secret
            cd src | cat up-link/x && cat ../../x
            pushd src
            hijacked README.md
            ls; hijacked
            """;

    private static final String DANGEROUS = """
            rm -rf x
            rm -fr .
            rm -f x
            rm -r x
            rm --force x
            rm x -rf
            rm -rf "$HOME"
            rm -rf ~/*
            /bin/rm -rf /
            ls; rm -rf x
            ls && sudo rm x
            sudo ls
            doas ls
            su -c ls
            (rm -rf x)
            echo $(rm -rf x)
            echo `rm -rf x`
            if true; then rm -rf x; fi
            for i in *; do rm -f $i; done
            ! rm -rf x
            { rm -rf x; }
            FOO=1 rm -rf x
            env FOO=1 rm -rf x
            nohup rm -rf x &
            timeout 5 rm -rf x
            find . -name x | xargs rm -f
            find . -delete
            find . -exec rm -rf {} ;
            bash -c 'rm -rf x'
            sh -ec "ls; rm -rf x"
            bash -c "bash -c 'rm -rf x'"
            eval 'rm -rf x'
            ls > x; rm -rf y
            dd if=/dev/zero of=/dev/sda
            mkfs.ext4 /dev/sda1
            shutdown now
            reboot
            shred x
            kill -9 -1
            git reset --hard HEAD~1
            git clean -fd
            git push --force origin main
            git push -f
            """;

    @TempDir
    private Path base;

    private Path workspace;

    @BeforeEach
    void fillWorkspace() throws IOException {
        base = base.toRealPath();
        workspace = Files.createDirectories(base.resolve("ws"));
        Files.createDirectories(workspace.resolve("src/deep"));
        Files.createDirectories(workspace.resolve("bin"));
        Files.createDirectories(base.resolve("ws-other"));
        Files.writeString(base.resolve("secret"), "secret\n");
        Files.writeString(workspace.resolve("README.md"), "# Read me\n");
        Files.writeString(workspace.resolve("a b.txt"), "a b\n");
        Files.writeString(workspace.resolve("src/Main.java"), "class Main {}\n");
        Files.createSymbolicLink(workspace.resolve("src-link"), Path.of("src/deep"));
        Files.createSymbolicLink(workspace.resolve("out-link"), Path.of(".."));
        Files.createSymbolicLink(workspace.resolve("src/up-link"), base);
        Files.createSymbolicLink(workspace.resolve("secret-link"), base.resolve("secret"));
        Files.createSymbolicLink(workspace.resolve("loop-link"), Path.of("loop-link"));
        Path program = Files.writeString(workspace.resolve("bin/hijacked"), "#!/bin/sh\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("table")
    void assess_ofEachLineOfTheTable(Assessment expected, String line) {
        String command = line.replace('␤', '\n').replace('⇥', '\t').replace("@", base.toString());

        assertThat(assess(command, workspace)).isEqualTo(expected);
    }

    private static Stream<Arguments> table() {
        return Stream.of(
                        Map.entry(Assessment.SAFE, SAFE),
                        Map.entry(Assessment.UNKNOWN, UNKNOWN),
                        Map.entry(Assessment.DANGEROUS, DANGEROUS))
                .flatMap(part -> part.getValue().lines().map(line -> Arguments.of(part.getKey(), line)));
    }

    @Test
    void assess_outsideOfTheWorkspace_isNotSafe() {
        assertThat(assess("ls", base)).isEqualTo(Assessment.UNKNOWN);
        assertThat(assess("pwd", workspace.resolve("not-there"))).isEqualTo(Assessment.UNKNOWN);
    }

    @Test
    void assess_inADirectoryReachedByALink_followsTheLink() {
        assertThat(assess("cat ../Main.java", workspace.resolve("src-link"))).isEqualTo(Assessment.SAFE);
        assertThat(assess("cat README.md", workspace.resolve("out-link"))).isEqualTo(Assessment.UNKNOWN);
    }

    @Test
    void assess_withTextThatHasNoBytes_isNotSafe() {
        assertThat(assess("cat '\uD800'", workspace)).isEqualTo(Assessment.UNKNOWN);
        assertThat(assess("cat 'a\0b'", workspace)).isEqualTo(Assessment.UNKNOWN);
        // Where the locale has none of it, no such file can be looked at.
        assertThat(assess("cat 'é€😀'", workspace))
                .isEqualTo(Trees.localeHas("é€😀") ? Assessment.SAFE : Assessment.UNKNOWN);
    }

    @Test
    void assess_ofAProgramInTheWorkspace_isNotSafe() throws IOException {
        Files.move(workspace.resolve("bin/hijacked"), workspace.resolve("bin/ls"));

        assertThat(assess("ls", workspace)).isEqualTo(Assessment.UNKNOWN);
        assertThat(assess("cat README.md", workspace)).isEqualTo(Assessment.SAFE);
    }

    @Test
    void assess_withARelativeFolderInThePath_trustsOnlyBuiltins() {
        CommandSafety safety = new CommandSafety(workspace, ShellProgram.standard(), Map.of("PATH", ".:/usr/bin:/bin"));

        assertThat(safety.assess("ls", workspace)).isEqualTo(Assessment.UNKNOWN);
        assertThat(safety.assess("echo x", workspace)).isEqualTo(Assessment.SAFE);
    }

    @Test
    void assess_withManyMoves_givesUp() {
        assertThat(assess("cd src || cd deep || cd src || cd deep; ".repeat(20) + "ls", workspace))
                .isIn(Assessment.SAFE, Assessment.UNKNOWN);
        StringBuilder command = new StringBuilder("true");
        for (int i = 0; i < 12; i++) {
            command.append(" || cd d").append(i);
        }
        assertThat(assess(command + "; ls", workspace)).isEqualTo(Assessment.UNKNOWN);
    }

    private Assessment assess(String command, Path directory) {
        String path = workspace.resolve("bin") + ":/usr/local/bin:/usr/bin:/bin";
        return new CommandSafety(workspace, ShellProgram.standard(), Map.of("PATH", path)).assess(command, directory);
    }
}
