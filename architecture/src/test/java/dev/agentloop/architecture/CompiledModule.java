package dev.agentloop.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** A module {@code lib} of a few lines that is compiled for one test. */
final class CompiledModule {
    private static final Pattern PACKAGE = Pattern.compile("^package ([a-z.]+);");
    private static final Pattern TYPE = Pattern.compile("(?:class|interface|record|enum) ([A-Z]\\w*)");

    private CompiledModule() {}

    /** Each source is one file, and begins with its package. */
    static ModuleTypes in(Path folder, String descriptor, String... sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter output = new StringWriter();
        List<JavaFileObject> files = Stream.concat(
                        Stream.of(file("module-info", descriptor)),
                        Stream.of(sources).map(CompiledModule::file))
                .toList();
        boolean done = compiler.getTask(output, null, null, List.of("-d", folder.toString(), "-proc:none"), null, files)
                .call();
        assertThat(done).as("compiles: %s", output).isTrue();
        return ModuleTypes.in(folder, "lib");
    }

    private static JavaFileObject file(String source) {
        return file(first(PACKAGE, source).replace('.', '/') + "/" + first(TYPE, source), source);
    }

    private static JavaFileObject file(String name, String source) {
        return new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }

    private static String first(Pattern pattern, String source) {
        Matcher found = pattern.matcher(source);
        assertThat(found.find()).as("%s in %s", pattern, source).isTrue();
        return found.group(1);
    }
}
