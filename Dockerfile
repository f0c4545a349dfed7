# Build: docker build -t stream-lock-coordinator .    (needs BuildKit, the default since Docker 23)

# The digest selects the image; the tag is for people. docs/security.md, "Images", describes how to update both.
FROM maven:3.9.16-eclipse-temurin-25@sha256:d67198007bb4441b07d45587320f83154de80ece3608f80408ef14c6ea847753 AS build
WORKDIR /src
COPY . .
# CI checks the format and runs the tests; see .ci/run.
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -q -DskipTests -Dspotless.check.skip=true package -pl coordinator-server,coordinator-bench -am

FROM eclipse-temurin:25.0.4.1_1-jre@sha256:8da0490fa9a3c26867012019565948eef0ee69438f5c75ac28146967bae984b5 AS java

# An ahead-of-time cache, with which the server is ready sooner, and faster in its first seconds. Only the JVM that has
# written it can use it. The training runs a PostgreSQL, which refuses to run as root.
FROM java AS train
COPY --from=build --chown=nobody /src/coordinator-server/target/coordinator.jar /app/
COPY --from=build --chown=nobody /src/coordinator-bench/target/bench.jar /bench/
COPY --from=build --chown=nobody /src/coordinator-bench/target/lib /bench/lib/
RUN chown nobody /app /bench
USER nobody
RUN BENCH_COORDINATOR_JAR=/app/coordinator.jar java -jar /bench/bench.jar train \
    || { cat /bench/bench/*.log; exit 1; }

FROM java
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
# The jar, and the list of its libraries.
COPY --from=build /src/coordinator-server/target/coordinator.jar /src/coordinator-server/target/coordinator.cdx.json /app/
COPY --from=train /app/coordinator.aot /app/
COPY LICENSE coordinator.jvm /app/
# The user is a number, so that Kubernetes can check that it is not root.
USER 10001:10001
# No other container can reach 127.0.0.1 of this one. A server on all interfaces also needs a decision who may call
# it: mount a tokens file and set COORDINATOR_TOKENS_FILE, or set AUTH=none.
ENV HTTP_HOST=0.0.0.0
EXPOSE 8080
# This checks liveness, not readiness: an unhealthy container is restarted, and a restart of this process does not
# bring back a lost database. curl uses -k, because the certificate is not for the name 127.0.0.1.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD curl -fsSk -o /dev/null "http${TLS_CERTIFICATE_FILE:+s}://127.0.0.1:${HTTP_PORT:-8080}/livez"
# In this form Java is process 1 and gets the SIGTERM. It exits within SHUTDOWN_DRAIN_MS and 6 s after that.
ENTRYPOINT ["java", "@/app/coordinator.jvm", "-XX:AOTCache=/app/coordinator.aot", "-jar", "/app/coordinator.jar"]
