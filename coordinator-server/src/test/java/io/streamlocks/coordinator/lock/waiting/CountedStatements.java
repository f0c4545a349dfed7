package io.streamlocks.coordinator.lock.waiting;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** Counts the statements that are prepared on the connections of a data source. This class is thread-safe. */
final class CountedStatements {

    private final AtomicInteger statements = new AtomicInteger();

    /** Returns a data source with the same connections, whose statements are counted. */
    DataSource of(DataSource counted) {
        return proxy(DataSource.class, counted);
    }

    int count() {
        return statements.get();
    }

    private <T> T proxy(Class<T> type, T target) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, values) -> {
                    if (method.getName().equals("prepareStatement")) {
                        statements.incrementAndGet();
                    }
                    try {
                        Object result = method.invoke(target, values);
                        return result instanceof Connection connection ? proxy(Connection.class, connection) : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
