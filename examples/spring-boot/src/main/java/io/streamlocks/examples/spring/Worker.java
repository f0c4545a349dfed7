package io.streamlocks.examples.spring;

import io.streamlocks.client.StreamLockClient;
import java.time.Duration;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Waits for its turn, works under the lease of a stream, and ends. application.properties has the coordinator. */
@SpringBootApplication
public class Worker {

    public static void main(String[] args) {
        SpringApplication.run(Worker.class, args);
    }

    @Bean
    ApplicationRunner work(StreamLockClient client) {
        return args -> client.runWithLease("orders/eu", Duration.ofDays(1), lease -> {
            System.out.println("orders/eu: work with fencing token " + lease.fencingToken());
            return "done";
        });
    }
}
