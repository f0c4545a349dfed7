# Build: docker build -t stream-lock-coordinator .    (needs BuildKit, the default since Docker 23)

# The digest decides which image it is, the tag is for people. How to raise both: docs/security.md, "Images".
FROM maven:3.9.16-eclipse-temurin-25@sha256:d67198007bb4441b07d45587320f83154de80ece3608f80408ef14c6ea847753 AS build
WORKDIR /src
COPY . .
# Format and tests are CI's matter; see .ci/run.
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -q -DskipTests -Dspotless.check.skip=true package -pl coordinator-server

FROM eclipse-temurin:25.0.4.1_1-jre@sha256:8da0490fa9a3c26867012019565948eef0ee69438f5c75ac28146967bae984b5
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
# The jar, and the list of what is in it.
COPY --from=build /src/coordinator-server/target/coordinator.jar /src/coordinator-server/target/coordinator.cdx.json /app/
COPY LICENSE coordinator.jvm /app/
# A number, so that Kubernetes can see for itself that it is not root.
USER 10001:10001
# Inside a container 127.0.0.1 can be reached by nobody else. So that others reach it, it must also be told
# who may: mount a tokens file and set COORDINATOR_TOKENS_FILE, or set AUTH=none.
ENV HTTP_HOST=0.0.0.0
EXPOSE 8080
# Liveness, not readiness: what follows from an unhealthy container is a restart, and no restart of
# this process brings a lost database back. The certificate is for another name than 127.0.0.1.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD curl -fsSk -o /dev/null "http${TLS_CERTIFICATE_FILE:+s}://127.0.0.1:${HTTP_PORT:-8080}/livez"
# Exec form: Java is process 1 and gets the SIGTERM. It is gone within SHUTDOWN_DRAIN_MS and 6 s of it.
ENTRYPOINT ["java", "@/app/coordinator.jvm", "-jar", "/app/coordinator.jar"]
