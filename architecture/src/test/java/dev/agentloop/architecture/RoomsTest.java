package dev.agentloop.architecture;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoomsTest {
    private static final String EXPORTS = "module lib { exports lib; }";
    private static final String HIDES = "module lib { exports lib to java.logging; }";
    private static final String NAME =
            "package lib.a; public record Name(String text) { public record Part(int at) {} }";

    @TempDir
    private Path folder;

    @Nested
    class Names {
        @Test
        void everyPackage_namedOnce_passes() throws Exception {
            passes(EXPORTS, rooms -> rooms.inOrder("a", ""), NAME, "package lib; public class Api { lib.a.Name n; }");
        }

        @Test
        void packageWithoutAPlace_fails() throws Exception {
            fails("The package \"a\" has types and no place in the order.", NAME, "package lib; public class Api {}");
        }

        @Test
        void packageOutsideOfTheRoot_failsByItsFullName() throws Exception {
            fails(
                    "The package \"library\" has types and no place in the order.",
                    "package library; class Other {}",
                    "package lib; public class Api {}");
        }

        @Test
        void placeWithoutTypes_fails() throws Exception {
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("gone", ""),
                    "The package \"gone\" is named in the order and has no types.",
                    "package lib; public class Api {}");
        }

        @Test
        void packageWithTwoPlaces_fails() throws Exception {
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("", ""),
                    "The package \"\" is named twice in the order.",
                    "package lib; public class Api {}");
        }

        @Test
        void typeThatIsGone_fails() throws Exception {
            String api = "package lib; public class Api {}";
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("").top("Gone"),
                    "The type \"Gone\" is named in the rule and is not there.",
                    api);
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("").ownType("Gone"),
                    "The type \"Gone\" is named in the rule and is not there.",
                    api);
        }
    }

    @Nested
    class Order {
        @Test
        void useOfALaterPackage_fails() throws Exception {
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("", "a"),
                    "A later room is used by an earlier one:\n  Api -> a.Name (",
                    NAME,
                    "package lib; public class Api { lib.a.Name n; }");
        }

        @Test
        void useOfALaterPackage_inANestedTypeOrAnArray_fails() throws Exception {
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("", "a"),
                    "Api -> a.Name (",
                    NAME,
                    "package lib; public class Api { static class In { void m(lib.a.Name.Part[] parts) {} } }");
        }

        @Test
        void typeOnTop_mayUseAllPackages_andNoneUsesIt() throws Exception {
            String top = "package lib; public class Top { lib.a.Name n; }";
            passes(EXPORTS, rooms -> rooms.inOrder("", "a").top("Top"), NAME, top);
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("", "a").top("Top"),
                    "Low -> Top (",
                    NAME,
                    top,
                    "package lib; class Low { Top t; }");
        }

        @Test
        void publicType_mayKnowTheHiddenOnesThatItPermitsAndMakes() throws Exception {
            passes(
                    EXPORTS,
                    rooms -> rooms.inOrder("", "b"),
                    "package lib; public sealed interface Api permits lib.b.Impl { static Api of() { return lib.b.Impl.of(); } default boolean is() { return this instanceof lib.b.Impl i && i.yes(); } }",
                    "package lib.b; public final class Impl implements lib.Api { public static lib.Api of() { return new Impl(); } public boolean yes() { return true; } }");
        }

        @Test
        void typeThatOnlyThisBuildSees_mayNot() throws Exception {
            fails(
                    HIDES,
                    rooms -> rooms.inOrder("", "b"),
                    "Api -> b.Impl (",
                    "package lib; public interface Api { static Api of() { return new lib.b.Impl(); } }",
                    "package lib.b; public final class Impl implements lib.Api {}");
        }

        @Test
        void hiddenTypeOfAPublicPackage_mayNot() throws Exception {
            fails(
                    EXPORTS,
                    rooms -> rooms.inOrder("", "b"),
                    "Maker -> b.Impl (",
                    "package lib; public interface Api {}",
                    "package lib; class Maker { Api of() { return new lib.b.Impl(); } }",
                    "package lib.b; public final class Impl implements lib.Api {}");
        }
    }

    @Nested
    class Circle {
        @Test
        void throughANestedType_fails() throws Exception {
            fails(
                    "A circle of 2 types:\n  A -> B (Field <A.b> has type <B> in (A.java:0))\n  B -> A (Field <B$In.a> has type <A> in (B.java:0))",
                    "package lib; class A { B b; }",
                    "package lib; class B { class In { A a; } }");
        }

        @Test
        void ofThreeTypes_isListedWithoutThoseThatOnlyHangOnIt() throws Exception {
            fails(
                    "1 faults in the order of the module's types\n\nA circle of 3 types:\n  A -> B (",
                    "package lib; class A { B b; }",
                    "package lib; class B { C c; D d; }",
                    "package lib; class C { A a; D d; }",
                    "package lib; class D {}",
                    "package lib; class E { A a; }");
        }

        @Test
        void twoCircles_areTwoFaults() throws Exception {
            fails(
                    "2 faults in the order of the module's types\n\nA circle of 2 types:",
                    "package lib; class A { B b; }",
                    "package lib; class B { A a; }",
                    "package lib; class C { D d; }",
                    "package lib; class D { C c; C[] more; }");
        }

        @Test
        void manyUses_areCounted_andTheFewestComeFirst() throws Exception {
            fails(
                    "A circle of 2 types:\n  B -> A (",
                    "package lib; class A { B b; B c; B d; B e; }",
                    "package lib; class B { A a; }");
            fails("; and 2 more)", "package lib; class A { B b; B c; B d; B e; }", "package lib; class B { A a; }");
        }

        @Test
        void nestedTypesOfOneFile_areNone() throws Exception {
            passes("package lib; class A { In in; class In { A a; Runnable r = () -> a.in = this; } }");
        }

        @Test
        void ofAPublicTypeAndWhatItPermits_isFree() throws Exception {
            String permitted =
                    "package lib; final class Impl implements Api { Api a; static int number() { return 0; } }";
            passes(
                    "package lib; public sealed interface Api permits Impl { default int count() { return Impl.number(); } }",
                    permitted);
            fails(
                    "A circle of 2 types:",
                    "package lib; public interface Api { default int count() { return Impl.number(); } }",
                    permitted);
        }

        @Test
        void ofAPublicTypeAndWhatItMakes_isFree() throws Exception {
            String made =
                    "package lib; final class Impl implements Api { static Api of() { return new Impl(); } Api more(Api a) { return a; } }";
            for (String maker : new String[] {
                "Api X = new Impl();",
                "Api X = Impl.of();",
                "java.util.function.Supplier<Api> X = Impl::new;",
                "java.util.function.Supplier<Api> X = Impl::of;",
                "class In { Object x = new Impl().more(X); } Api X = null;"
            }) {
                passes("package lib; public interface Api { " + maker + " }", made);
            }
            passes(
                    "package lib; public interface Api { Api NONE = None.IT; }",
                    "package lib; enum None implements Api { IT }");
        }

        @Test
        void ofAPublicTypeAndWhatItOnlyCalls_fails() throws Exception {
            fails(
                    "A circle of 2 types:",
                    "package lib; public class Api { int n = Helper.count(this); }",
                    "package lib; final class Helper { static int count(Api a) { return 0; } }");
            fails(
                    "A circle of 2 types:",
                    "package lib; public class Api { Object n = Kind.ONE; }",
                    "package lib; enum Kind { ONE; Api api; }");
        }

        @Test
        void ofAPublicTypeAndItsSuperclass_fails() throws Exception {
            fails(
                    "A circle of 2 types:",
                    "package lib; public class Api extends Parent {}",
                    "package lib; class Parent { Api a; }");
        }

        @Test
        void ofHiddenTypes_isNotFree() throws Exception {
            fails(
                    "A circle of 2 types:",
                    "package lib; interface Port { static Port of() { return new Impl(); } }",
                    "package lib; final class Impl implements Port {}");
        }

        @Test
        void ofTwoPublicTypes_isNotFree() throws Exception {
            fails(
                    "A circle of 2 types:",
                    "package lib; public interface Port { static Port of() { return new Impl(); } }",
                    "package lib; public final class Impl implements Port {}");
        }
    }

    @Nested
    class OwnType {
        private static final String RUN = "package lib.run; public class Run { public void go(Run other) {} }";

        @Test
        void inItsOwnPackage_isHandedAround() throws Exception {
            passes(
                    EXPORTS,
                    rooms -> own(rooms),
                    RUN,
                    "package lib.run; record Pair(Run a, Run b) { Pair(Run a) { this(a, a); } }",
                    "package lib; public class Api {}");
        }

        @Test
        void elsewhere_isMadeAndKept() throws Exception {
            passes(
                    EXPORTS,
                    rooms -> own(rooms),
                    RUN,
                    "package lib; public class Api { lib.run.Run now = new lib.run.Run(); Object go() { lib.run.Run run = now; Runnable r = () -> run.go(run); return new Object() { public String toString() { return run + \"\" + r; } }; } }");
        }

        @Test
        void elsewhereInAParameterOrARecord_fails() throws Exception {
            String where = "A parameter of Api.go(lib.run.Run) is a run.Run, which stays in its own package.";
            fails(
                    EXPORTS,
                    rooms -> own(rooms),
                    where.replace("lib.", ""),
                    RUN,
                    "package lib; public class Api { private void go(lib.run.Run run) {} }");
            fails(
                    EXPORTS,
                    rooms -> own(rooms),
                    "A parameter of Api.go(java.util.List) is a run.Run",
                    RUN,
                    "package lib; public class Api { void go(java.util.List<lib.run.Run[]> runs) {} }");
            fails(
                    EXPORTS,
                    rooms -> own(rooms),
                    "A parameter of Api$In.<init>(run.Run) is a run.Run",
                    RUN,
                    "package lib; public class Api { static class In { In(lib.run.Run run) {} } }");
            fails(
                    EXPORTS,
                    rooms -> own(rooms),
                    "The component Api.run is a run.Run",
                    RUN,
                    "package lib; public record Api(lib.run.Run run) {}");
        }

        private Rooms own(Rooms rooms) {
            return rooms.inOrder("run", "").ownType("run.Run");
        }
    }

    /** In one package. */
    private void passes(String... sources) throws Exception {
        passes(EXPORTS, rooms -> rooms.inOrder(""), sources);
    }

    /** In one package. */
    private void fails(String message, String... sources) throws Exception {
        fails(EXPORTS, rooms -> rooms.inOrder(""), message, sources);
    }

    private void passes(String descriptor, UnaryOperator<Rooms> rule, String... sources) throws Exception {
        assertThatCode(rule.apply(rooms(descriptor, sources))::check).doesNotThrowAnyException();
    }

    private void fails(String descriptor, UnaryOperator<Rooms> rule, String message, String... sources)
            throws Exception {
        assertThatThrownBy(rule.apply(rooms(descriptor, sources))::check)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(message);
    }

    private Rooms rooms(String descriptor, String... sources) throws Exception {
        return new Rooms(CompiledModule.in(Files.createTempDirectory(folder, "lib"), descriptor, sources));
    }
}
