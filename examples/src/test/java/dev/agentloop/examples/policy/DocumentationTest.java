package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that users can name has a comment. Doclint would ask for a tag for each parameter and result as well, which
 * mostly repeat the sentence above them.
 */
class DocumentationTest {
    private static final Set<Tree.Kind> IMPLICITLY_PUBLIC = EnumSet.of(Tree.Kind.INTERFACE, Tree.Kind.ANNOTATION_TYPE);

    static Stream<Path> libraries() {
        return Repository.libraries().stream();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void publicElement_isDocumented(Path module) {
        List<String> packages = PublicApi.of(module).packages();
        assertThat(Sources.all().types())
                .filteredOn(type -> Sources.file(type).startsWith(module.resolve("src/main/java")))
                .filteredOn(type -> packages.contains(
                        type.getCompilationUnit().getPackageName().toString()))
                .filteredOn(DocumentationTest::isPublic)
                .flatExtracting(DocumentationTest::undocumented)
                .as("public elements without Javadoc")
                .isEmpty();
    }

    private static List<String> undocumented(TreePath type) {
        ClassTree tree = (ClassTree) type.getLeaf();
        Stream<TreePath> members = tree.getMembers().stream()
                .filter(member -> !(member instanceof ClassTree) && !isRecordPart(tree, member) && !overrides(member))
                .map(member -> new TreePath(type, member))
                .filter(DocumentationTest::isPublic);
        return Stream.concat(Stream.of(type), members)
                .filter(element -> Sources.all().trees().getDocComment(element) == null)
                .map(DocumentationTest::name)
                .toList();
    }

    private static String name(TreePath path) {
        return Sources.name(path) + (path.getLeaf() instanceof VariableTree field ? "." + field.getName() : "");
    }

    private static boolean isPublic(TreePath path) {
        Tree around = path.getParentPath().getLeaf();
        if (around instanceof ClassTree && !isPublic(path.getParentPath())) {
            return false;
        }
        Set<Modifier> flags = modifiers(path.getLeaf()).getFlags();
        return flags.contains(Modifier.PUBLIC)
                || flags.contains(Modifier.PROTECTED)
                || (IMPLICITLY_PUBLIC.contains(around.getKind()) && !flags.contains(Modifier.PRIVATE));
    }

    private static boolean overrides(Tree member) {
        return Sources.isAnnotated(modifiers(member), "Override");
    }

    private static ModifiersTree modifiers(Tree tree) {
        if (tree instanceof ClassTree type) {
            return type.getModifiers();
        }
        return tree instanceof MethodTree method ? method.getModifiers() : ((VariableTree) tree).getModifiers();
    }

    /** What the comment of a record speaks of: its components and the constructor that takes them. */
    private static boolean isRecordPart(ClassTree type, Tree member) {
        if (type.getKind() != Tree.Kind.RECORD) {
            return false;
        }
        return member instanceof VariableTree field
                ? !field.getModifiers().getFlags().contains(Modifier.STATIC)
                : member instanceof MethodTree method && method.getReturnType() == null;
    }
}
