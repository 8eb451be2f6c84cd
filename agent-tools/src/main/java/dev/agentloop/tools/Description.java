package dev.agentloop.tools;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Tells the model what a record, a component, an enum or a sealed interface means.
 *
 * <p>The text becomes {@code description} in the JSON Schema of a {@link TypedTool} or a {@link TypedAnswer}. Where a
 * component and its type both carry one, the component's is used. Bounds, units and defaults belong here, and a record's
 * compact constructor is the place to enforce them: the message of what it throws goes to the model.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.RECORD_COMPONENT})
public @interface Description {

    /**
     * The text for the model.
     *
     * @return what the record, component, enum or sealed interface means
     */
    String value();
}
