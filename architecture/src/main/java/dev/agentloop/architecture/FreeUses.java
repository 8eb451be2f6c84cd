package dev.agentloop.architecture;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.util.HashSet;
import java.util.Set;

/** What a public type may know though it comes later: the hidden types that it permits, and those that it makes. */
final class FreeUses {
    private record Pair(JavaClass from, JavaClass to) {}

    private final ModuleTypes module;
    private final Set<Pair> pairs = new HashSet<>();

    private FreeUses(ModuleTypes module) {
        this.module = module;
    }

    static FreeUses of(ModuleTypes module) {
        FreeUses free = new FreeUses(module);
        for (JavaClass type : module.all()) {
            type.getPermittedSubclasses().orElse(Set.of()).forEach(permitted -> free.add(type, permitted));
            type.getAccessesFromSelf().stream()
                    .filter(free::makes)
                    .forEach(access -> free.add(type, access.getTargetOwner()));
        }
        return free;
    }

    boolean contain(JavaClass from, JavaClass to) {
        return pairs.contains(new Pair(from, to));
    }

    private void add(JavaClass from, JavaClass to) {
        JavaClass outer = ModuleTypes.topLevel(from);
        JavaClass hidden = ModuleTypes.topLevel(to);
        if (module.isPublic(outer) && !module.isPublic(hidden)) {
            pairs.add(new Pair(outer, hidden));
        }
    }

    /** By a constructor (though not that of a superclass), a static factory, or a constant that stands for a public type. */
    private boolean makes(JavaAccess<?> access) {
        JavaClass made = access.getTargetOwner();
        if (access.getTarget() instanceof AccessTarget.ConstructorCallTarget
                || access.getTarget() instanceof AccessTarget.ConstructorReferenceTarget) {
            return !access.getOrigin().isConstructor()
                    || !access.getOriginOwner().isAssignableTo(made.getName());
        }
        boolean factory = access.getTarget() instanceof AccessTarget.MethodCallTarget
                || access.getTarget() instanceof AccessTarget.MethodReferenceTarget;
        return access.getTarget()
                .resolveMember()
                .filter(member -> member.getModifiers().contains(JavaModifier.STATIC))
                .filter(member -> gives(member, made))
                .filter(member -> factory
                        || made.isAssignableTo(
                                ModuleTypes.topLevel(access.getOriginOwner()).getName()))
                .isPresent();
    }

    private boolean gives(JavaMember member, JavaClass made) {
        JavaClass given =
                member instanceof JavaMethod method ? method.getRawReturnType() : ((JavaField) member).getRawType();
        return module.contains(given) && made.isAssignableTo(given.getName());
    }
}
