package dev.agentloop.tools;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;

/** Reaches a record by reflection, private ones too; where its module forbids that, the error says the line to add. */
final class RecordAccess {
    private RecordAccess() {}

    /** The canonical constructor. */
    static Constructor<?> constructor(Class<?> type) {
        Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return open(type, type.getDeclaredConstructor(parameters));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type + " has no canonical constructor", e);
        }
    }

    /** The accessor of a component. */
    static Method accessor(RecordComponent component) {
        return open(component.getDeclaringRecord(), component.getAccessor());
    }

    private static <T extends AccessibleObject> T open(Class<?> type, T member) {
        if (!member.trySetAccessible()) {
            Module reader = RecordAccess.class.getModule();
            throw new IllegalArgumentException(type.getName() + " cannot be reached: module "
                    + type.getModule().getName() + " does not open its package. Add this line to its module-info.java: "
                    + "opens " + type.getPackageName() + (reader.isNamed() ? " to " + reader.getName() : "") + ";");
        }
        return member;
    }
}
