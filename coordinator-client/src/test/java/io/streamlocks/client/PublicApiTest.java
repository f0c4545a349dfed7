package io.streamlocks.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PublicApiTest {

    private static final String OWN = "io.streamlocks.client.";
    private static final List<String> HIDDEN = List.of(OWN + "generated.", "org.apache.hc.", "com.fasterxml.jackson.");

    @Test
    void noPublicSignatureShowsAGeneratedTypeOrOneOfTheHttpClient() throws Exception {
        List<Class<?>> classes = publicClasses();
        assertThat(classes).contains(StreamLockClient.class, StreamLockClient.Builder.class, HeldLease.class);
        assertThat(classes.stream().flatMap(PublicApiTest::signatures).filter(PublicApiTest::showsHidden))
                .isEmpty();
    }

    @Test
    void everyExceptionHasTheSameUncheckedRoot() throws Exception {
        List<Class<?>> exceptions = publicClasses().stream()
                .filter(Throwable.class::isAssignableFrom)
                .toList();
        assertThat(exceptions).hasSizeGreaterThanOrEqualTo(5).allMatch(StreamLockException.class::isAssignableFrom);
        assertThat(RuntimeException.class).isAssignableFrom(StreamLockException.class);
    }

    @Test
    void noMethodMakesItsCallerHandleACheckedExceptionOfTheClient() {
        assertThat(Arrays.stream(StreamLockClient.class.getMethods())
                        .filter(method -> method.getDeclaringClass() == StreamLockClient.class)
                        .flatMap(method -> Arrays.stream(method.getGenericExceptionTypes()))
                        .map(Type::getTypeName))
                // X is the exception that the work of a caller throws.
                .containsOnly("X");
    }

    private static boolean showsHidden(String signature) {
        return HIDDEN.stream().anyMatch(signature::contains);
    }

    private static List<Class<?>> publicClasses() throws IOException, URISyntaxException, ClassNotFoundException {
        Path root = Path.of(StreamLockClient.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        List<Class<?>> classes = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file :
                    files.filter(one -> one.toString().endsWith(".class")).toList()) {
                String name = root.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
                if (name.startsWith(OWN + "generated.") || name.endsWith("-info")) {
                    continue;
                }
                Class<?> one = Class.forName(name, false, PublicApiTest.class.getClassLoader());
                if (isPublic(one)) {
                    classes.add(one);
                }
            }
        }
        return classes;
    }

    private static boolean isPublic(Class<?> one) {
        return shows(one.getModifiers()) && (one.getEnclosingClass() == null || isPublic(one.getEnclosingClass()));
    }

    private static boolean shows(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    /** Returns a member in full, with type arguments, bounds and exceptions. */
    private static Stream<String> signatures(Class<?> one) {
        Stream<String> supertypes = Stream.concat(
                        Stream.ofNullable(one.getGenericSuperclass()), Arrays.stream(one.getGenericInterfaces()))
                .map(type -> one.getName() + " is a " + type.getTypeName());
        Stream<String> members = Stream.<Member[]>of(
                        one.getDeclaredFields(), one.getDeclaredMethods(), one.getDeclaredConstructors())
                .flatMap(Arrays::stream)
                .filter(member -> shows(member.getModifiers()))
                .map(PublicApiTest::signature);
        Stream<String> components = one.isRecord()
                ? Arrays.stream(one.getRecordComponents())
                        .map(RecordComponent::getGenericSignature)
                        .map(String::valueOf)
                : Stream.empty();
        return Stream.of(supertypes, members, components).flatMap(parts -> parts);
    }

    private static String signature(Member member) {
        if (member instanceof Field field) {
            return field.toGenericString();
        }
        if (member instanceof Method method) {
            return method.toGenericString() + bounds(method);
        }
        Constructor<?> constructor = (Constructor<?>) member;
        return constructor.toGenericString() + bounds(constructor);
    }

    private static String bounds(Executable executable) {
        return Arrays.toString(executable.getGenericExceptionTypes());
    }
}
