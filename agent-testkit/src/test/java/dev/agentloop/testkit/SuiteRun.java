package dev.agentloop.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs some tests of a suite and says which failed. */
final class SuiteRun {
    private SuiteRun() {}

    /** The names of the test methods that failed, or of which a dynamic test did. */
    static Set<String> failed(Class<?> suite, List<String> methods) {
        Set<String> failed = new ConcurrentSkipListSet<>();
        Set<String> ran = new ConcurrentSkipListSet<>();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(methods.stream()
                        .map(method -> selectMethod(suite, method))
                        .toList())
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                test.getSource().ifPresent(source -> {
                    if (source instanceof MethodSource method) {
                        ran.add(method.getMethodName());
                        if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                            failed.add(method.getMethodName());
                        }
                    }
                });
            }
        });
        if (!ran.equals(new TreeSet<>(methods))) {
            throw new AssertionError("of " + methods + " only " + ran + " were run");
        }
        return failed;
    }
}
