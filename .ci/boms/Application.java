package boms;

import io.streamlocks.client.HeldLease;
import io.streamlocks.client.StreamLockClient;
import io.streamlocks.client.StreamLockListener;
import java.net.URI;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Holds a stream until its lease is renewed, holds another one for some work, and ends. */
@SpringBootApplication
public class Application {

    private final CountDownLatch renewed = new CountDownLatch(1);

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args).close();
    }

    /** Returns the client. Spring closes it at the end, which releases all leases. */
    @Bean(destroyMethod = "close")
    StreamLockClient client(@Value("${coordinator.url:http://127.0.0.1:8080}") URI coordinator)
            throws NoSuchAlgorithmException {
        return StreamLockClient.builder(coordinator)
                // The ttl is long for a busy machine, and the renewal is early so that this ends soon.
                .ttl(Duration.ofSeconds(60))
                .heartbeatInterval(Duration.ofSeconds(1))
                .acquireTimeout(Duration.ofSeconds(30))
                // Use this to trust your own certificates.
                .sslContext(SSLContext.getDefault())
                .listener(new StreamLockListener() {
                    @Override
                    public void renewed(int leases, Duration took) {
                        if (leases > 0) {
                            renewed.countDown();
                        }
                    }
                })
                .build();
    }

    @Bean
    CommandLineRunner work(StreamLockClient client) {
        return args -> {
            HeldLease lease = client.tryAcquire("boot/one").orElseThrow();
            if (!renewed.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("The lease was not renewed");
            }
            lease.requireSafe();
            lease.close();
            long token = client.runWithLease("boot/two", HeldLease::fencingToken).orElseThrow();
            System.out.println("Worked with tokens " + lease.fencingToken() + " and " + token);
            // This lease is held until the client is closed.
            client.tryAcquire("boot/three").orElseThrow();
        };
    }
}
