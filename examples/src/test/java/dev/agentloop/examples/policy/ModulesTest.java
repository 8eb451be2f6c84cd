package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** All other tests run on the class path; here the libraries and the program are put together as modules. */
class ModulesTest {
    private static final String CORE = "dev.agentloop.core";

    private static final List<PublicApi> LIBRARIES =
            Repository.libraries().stream().map(PublicApi::of).toList();

    private static final PublicApi PROGRAM = PublicApi.of(Repository.program());

    @Test
    void modules_resolveAndLink() {
        ModuleLayer layer = layer();
        for (PublicApi library : LIBRARIES) {
            ClassLoader loader = layer.findLoader(library.module().name());
            assertThat(library.topLevelTypes()).isNotEmpty().allSatisfy(type -> {
                Class<?> initialised = Class.forName(type.getName(), true, loader);
                assertThat(initialised.getModule().getName())
                        .isEqualTo(library.module().name());
            });
        }
    }

    @Test
    void program_resolvesAndLinks() throws ClassNotFoundException {
        String name = PROGRAM.module().name();
        Class<?> main = Class.forName(name + ".Main", true, layer().findLoader(name));
        assertThat(main.getModule().getName()).isEqualTo(name);
    }

    @Test
    void adapter_requiresOnlyCore() {
        assertThat(LIBRARIES)
                .isNotEmpty()
                .allSatisfy(library -> assertThat(library.module().requires().stream()
                                .map(ModuleDescriptor.Requires::name)
                                .filter(name -> name.startsWith("dev.agentloop.")))
                        .isSubsetOf(CORE));
    }

    @Test
    void packageOfAModule_isBelowItsRoot() {
        assertThat(modules())
                .filteredOn(library -> !library.module().name().equals(CORE))
                .allSatisfy(library -> assertThat(library.module().packages())
                        .allMatch(
                                name -> (name + ".").startsWith(library.module().name() + ".")));
    }

    @Test
    void internalPackage_isHidden() {
        assertThat(LIBRARIES).flatExtracting(PublicApi::packages).noneMatch(name -> name.contains(".internal"));
    }

    private static Stream<PublicApi> modules() {
        return Stream.concat(LIBRARIES.stream(), Stream.of(PROGRAM));
    }

    private static ModuleLayer layer() {
        Path[] classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .toArray(Path[]::new);
        Configuration resolved = ModuleLayer.boot()
                .configuration()
                .resolve(
                        ModuleFinder.of(classPath),
                        ModuleFinder.of(),
                        modules().map(module -> module.module().name()).collect(Collectors.toSet()));
        return ModuleLayer.boot().defineModulesWithOneLoader(resolved, ClassLoader.getPlatformClassLoader());
    }
}
