package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreePath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import org.junit.jupiter.api.Test;

/** Rules of size and naming that no formatter or linter knows. */
class SourceStyleTest {
    private static final int FILE_LINES = 500;
    private static final int METHOD_LINES = 40;
    private static final int PARAMETERS = 5;
    private static final List<String> EMPTY_NAMES = List.of("Manager", "Helper", "Util", "Utils", "Impl", "Base");

    /** In two parts each, so that this file does not hold what it forbids. */
    private static final List<String> REGISTRY_HOSTS = Stream.of(
                    List.of("repo", "maven.apache"),
                    List.of("repo1", "maven"),
                    List.of("oss", "sonatype"),
                    List.of("central", "sonatype"),
                    List.of("registry", "npmjs"),
                    List.of("deb", "debian"),
                    List.of("plugins", "gradle"))
            .map(parts -> String.join(".", parts))
            .toList();

    @Test
    void file_fitsItsBound() {
        assertThat(Repository.javaFiles())
                .filteredOn(file -> lines(file) > FILE_LINES)
                .as("Java files of more than %d lines", FILE_LINES)
                .extracting(file -> Repository.name(file) + " has " + lines(file))
                .isEmpty();
    }

    @Test
    void method_fitsOneScreen() {
        assertThat(Sources.all().methods())
                .filteredOn(method -> Sources.all().lines(method) > METHOD_LINES)
                .filteredOn(method -> !isTable(method))
                .as("methods of more than %d lines", METHOD_LINES)
                .extracting(
                        method -> Sources.name(method) + " has " + Sources.all().lines(method))
                .isEmpty();
    }

    /** Whether a test's method only lists the rows of a table: it is data, and is read row by row. */
    private static boolean isTable(TreePath method) {
        MethodTree tree = (MethodTree) method.getLeaf();
        String rows = tree.getParameters().isEmpty()
                ? String.valueOf(tree.getReturnType())
                : tree.getParameters().get(0).getType().toString();
        return Sources.name(method).contains("src/test/")
                && tree.getModifiers().getFlags().contains(Modifier.STATIC)
                && tree.getParameters().size() <= 1
                && (rows.equals("Stream<Row>") || rows.equals("List<Row>"));
    }

    @Test
    void loop_fitsOneScreen() {
        assertThat(Sources.all().methods())
                .filteredOn(method -> Sources.name(method).endsWith("dev/agentloop/internal/run/Loop.java: Loop.run"))
                .as("the loop: dev.agentloop.internal.run.Loop.run, at most %d lines", METHOD_LINES)
                .isNotEmpty()
                .allMatch(method -> Sources.all().lines(method) <= METHOD_LINES);
    }

    @Test
    void parameterList_isShort() {
        assertThat(Sources.all().methods())
                .filteredOn(method ->
                        ((MethodTree) method.getLeaf()).getParameters().size() > PARAMETERS)
                .filteredOn(method -> !isRecordConstructor(method))
                .as("methods of more than %d parameters", PARAMETERS)
                .extracting(Sources::name)
                .isEmpty();
    }

    @Test
    void typeName_saysSomething() {
        assertThat(Sources.all().types())
                .filteredOn(path -> {
                    String name = ((ClassTree) path.getLeaf()).getSimpleName().toString();
                    return EMPTY_NAMES.stream().anyMatch(name::endsWith);
                })
                .as("types named like %s", EMPTY_NAMES)
                .extracting(Sources::name)
                .isEmpty();
    }

    /** Surefire would not run it otherwise, and nobody would notice. */
    @Test
    void classWithTests_isNamedTest() {
        assertThat(Sources.all().methods())
                .filteredOn(SourceStyleTest::isTestOfAConcreteFile)
                .filteredOn(method -> !Sources.file(method).toString().endsWith("Test.java"))
                .as("tests in files that are not named …Test")
                .extracting(Sources::name)
                .isEmpty();
    }

    @Test
    void package_isNullMarked() {
        Set<Path> packages = Repository.javaFiles().stream()
                .filter(file -> Repository.name(file).contains("/src/main/java/"))
                .filter(file -> !file.endsWith("module-info.java"))
                .map(Path::getParent)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(packages)
                .isNotEmpty()
                .allSatisfy(folder -> assertThat(folder.resolve("package-info.java"))
                        .content(StandardCharsets.UTF_8)
                        .contains("@NullMarked"));
    }

    @Test
    void file_namesNoPackageRegistry() {
        assertThat(Repository.files())
                .filteredOn(file -> REGISTRY_HOSTS.stream().anyMatch(textOrNothing(file)::contains))
                .as("files that name the host of a package registry: that is the machine's affair")
                .extracting(Repository::name)
                .isEmpty();
    }

    private static long lines(Path file) {
        return Repository.read(file).lines().count();
    }

    private static boolean isRecordConstructor(TreePath method) {
        return ((MethodTree) method.getLeaf()).getReturnType() == null
                && method.getParentPath().getLeaf().getKind() == Tree.Kind.RECORD;
    }

    private static boolean isTestOfAConcreteFile(TreePath path) {
        MethodTree method = (MethodTree) path.getLeaf();
        boolean isTest = List.of("Test", "ParameterizedTest", "TestFactory", "RepeatedTest").stream()
                .anyMatch(annotation -> Sources.isAnnotated(method.getModifiers(), annotation));
        ClassTree type = (ClassTree) path.getCompilationUnit().getTypeDecls().get(0);
        return isTest && !type.getModifiers().getFlags().contains(Modifier.ABSTRACT);
    }

    private static String textOrNothing(Path file) {
        try {
            return Files.readString(file);
        } catch (MalformedInputException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
