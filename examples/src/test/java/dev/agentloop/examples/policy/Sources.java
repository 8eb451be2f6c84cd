package dev.agentloop.examples.policy;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Every Java file of the repository, parsed by the JDK's own compiler and not compiled. */
final class Sources {
    private static final Sources ALL = parse(Repository.javaFiles());

    private final DocTrees trees;
    private final List<TreePath> types = new ArrayList<>();
    private final List<TreePath> methods = new ArrayList<>();

    private Sources(DocTrees trees) {
        this.trees = trees;
    }

    static Sources all() {
        return ALL;
    }

    DocTrees trees() {
        return trees;
    }

    /** All types that have a name, nested ones too. */
    List<TreePath> types() {
        return types;
    }

    /** All methods and constructors that somebody wrote. */
    List<TreePath> methods() {
        return methods;
    }

    /** The lines from the one with the return type (a constructor's first) to the closing brace. */
    long lines(TreePath path) {
        CompilationUnitTree unit = path.getCompilationUnit();
        MethodTree method = (MethodTree) path.getLeaf();
        Tree first = Objects.requireNonNullElse(method.getReturnType(), method);
        long start = trees.getSourcePositions().getStartPosition(unit, first);
        long end = trees.getSourcePositions().getEndPosition(unit, method);
        return unit.getLineMap().getLineNumber(end) - unit.getLineMap().getLineNumber(start) + 1;
    }

    /** The file, and the types and the method on the way down to this element. */
    static String name(TreePath path) {
        StringBuilder name = new StringBuilder();
        for (Tree tree : path) {
            if (tree instanceof ClassTree type) {
                name.insert(0, "." + type.getSimpleName());
            } else if (tree instanceof MethodTree method) {
                name.insert(0, "." + method.getName());
            }
        }
        return Repository.name(file(path)) + ": " + name.substring(1);
    }

    static Path file(TreePath path) {
        return Path.of(path.getCompilationUnit().getSourceFile().toUri());
    }

    static boolean isAnnotated(ModifiersTree modifiers, String simpleName) {
        return modifiers.getAnnotations().stream()
                .anyMatch(
                        annotation -> annotation.getAnnotationType().toString().endsWith(simpleName));
    }

    private static Sources parse(List<Path> files) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            Sources sources = new Sources(DocTrees.instance(task));
            for (CompilationUnitTree unit : task.parse()) {
                sources.new Collector().scan(unit, null);
            }
            return sources;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Collector extends TreePathScanner<Void, Void> {
        @Override
        public Void visitClass(ClassTree type, Void unused) {
            if (!type.getSimpleName().isEmpty()) {
                types.add(getCurrentPath());
            }
            return super.visitClass(type, null);
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            methods.add(getCurrentPath());
            return super.visitMethod(method, null);
        }
    }
}
