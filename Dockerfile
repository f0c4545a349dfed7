# Build: docker build -t stream-lock-coordinator .    (needs BuildKit, the default since Docker 23)

FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
# Format and tests are CI's matter; see .ci/run.
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -q -DskipTests -Dspotless.check.skip=true package -pl coordinator-server

FROM eclipse-temurin:25-jre
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/coordinator-server/target/coordinator.jar /app/coordinator.jar
COPY LICENSE /app/LICENSE
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
# Exec form: Java is process 1 and gets the SIGTERM. It is gone within 6 s of it.
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-XX:+ExitOnOutOfMemoryError", "-jar", "/app/coordinator.jar"]
