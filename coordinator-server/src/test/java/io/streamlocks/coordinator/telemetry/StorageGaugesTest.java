package io.streamlocks.coordinator.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.streamlocks.coordinator.lock.StorageCondition;
import io.streamlocks.coordinator.lock.StorageUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The gauges of the storage are correct or not a number. */
class StorageGaugesTest {

    private StorageCondition condition;

    private final Telemetry telemetry = Telemetry.untraced();
    private final Runnable look = telemetry.storage(() -> {
        if (condition == null) {
            throw new StorageUnavailableException("away");
        }
        return condition;
    });

    @Test
    void theGaugesShowTheConditionOfTheStorage() {
        condition = new StorageCondition(
                Optional.of(Duration.ofMillis(90_500)), 7, OptionalLong.of(1000), OptionalLong.of(180_000), 3);
        look.run();
        assertThat(value("streamlocks_database_oldest_transaction_seconds")).isEqualTo(90.5);
        assertThat(value("streamlocks_database_held_transactions")).isEqualTo(7);
        assertThat(value("streamlocks_database_epoch")).isEqualTo(3);
        assertThat(rows("live")).isEqualTo(1000);
        assertThat(rows("dead")).isEqualTo(180_000);
    }

    @Test
    void aValueThatCannotBeReadIsNotANumber() {
        condition = new StorageCondition(Optional.empty(), 7, OptionalLong.empty(), OptionalLong.empty(), 3);
        look.run();
        assertThat(value("streamlocks_database_oldest_transaction_seconds")).isNaN();
        assertThat(rows("dead")).isNaN();
    }

    @Test
    void beforeTheFirstReadAndWhileTheStorageIsDownTheGaugesAreNotANumber() {
        assertThat(value("streamlocks_database_held_transactions")).isNaN();
        condition = new StorageCondition(Optional.empty(), 7, OptionalLong.empty(), OptionalLong.empty(), 3);
        look.run();
        condition = null;
        assertThatThrownBy(look::run).isInstanceOf(StorageUnavailableException.class);
        assertThat(value("streamlocks_database_held_transactions")).isNaN();
    }

    private double rows(String state) {
        return scrape().value("streamlocks_table_rows", Map.of("state", state));
    }

    private double value(String name) {
        return scrape().value(name, Map.of());
    }

    private Scrape scrape() {
        return Scrape.of(new String(telemetry.scrape(), StandardCharsets.UTF_8));
    }
}
