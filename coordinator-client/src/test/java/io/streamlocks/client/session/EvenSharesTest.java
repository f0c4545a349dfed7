package io.streamlocks.client.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.client.GroupMember.Standing;
import io.streamlocks.client.session.EvenSharesModel.Settled;
import io.streamlocks.client.session.EvenSharesModel.Worker;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rule of even shares, with many workers and in simulated time. */
class EvenSharesTest {

    /** How long a model may take at most before it counts as stuck, in heartbeats. */
    private static final int STUCK = 30;

    /** After a kill, the leases have to run out first. A lease lasts for three heartbeats. */
    private static final int TTL = 3;

    /** The time that a change may take if all workers read the same source, in heartbeats, and a step of the model. */
    private static final double BEATS = 3.05;

    /** The same if each worker sees a changing half of the streams. */
    private static final double BEATS_OF_HALVES = 5;

    /** Eight workers that join two, with hundreds of streams of which each sees a changing half, miss that limit. */
    private static final double BEATS_OF_HALVES_OF_HUNDREDS = 10;

    private static final Duration FOR_EVER = Duration.ofDays(1);

    private static void assertSettled(Settled settled, double mostBeats, int fewestMoves, double ratio) {
        assertThat(settled.beats()).isLessThanOrEqualTo(mostBeats);
        // A worker that tries a stream beyond its share causes one move more.
        assertThat(settled.moves()).isBetween(fewestMoves, (int) (fewestMoves * ratio) + 1);
        assertThat(settled.movesAfter()).isZero();
    }

    /** @param ratio how many moves there may be, compared with the fewest that are possible */
    private static void assertThatWorkersComeAndGo(int streams, double seesAtLeast, long seed, double ratio) {
        EvenSharesModel model = new EvenSharesModel(streams, seesAtLeast, seed);
        double beats = seesAtLeast == 1 ? BEATS : BEATS_OF_HALVES;
        model.add();
        assertSettled(model.settle(STUCK), beats, streams, 1);
        model.add();
        assertSettled(model.settle(STUCK), beats, streams / 2, ratio);
        model.add();
        model.add();
        assertSettled(model.settle(STUCK), beats, streams / 2, ratio);
        Worker killed = model.workers().get(1);
        model.kill(killed);
        assertSettled(model.settle(STUCK), beats + TTL, killed.held.size(), ratio);
        Worker stopped = model.workers().get(0);
        int held = stopped.held.size();
        model.stop(stopped);
        assertSettled(model.settle(STUCK), beats, held, ratio);
        for (int i = 0; i < 8; i++) {
            model.add();
        }
        boolean missesLimit = seesAtLeast < 1 && streams > 60;
        double joined = missesLimit ? BEATS_OF_HALVES_OF_HUNDREDS : beats;
        assertSettled(model.settle(STUCK), joined, streams - 2 * (streams / 10), ratio);
        Worker oneOfTen = model.workers().get(5);
        model.kill(oneOfTen);
        assertSettled(model.settle(STUCK), beats + TTL, oneOfTen.held.size(), ratio);
        Worker paused = model.workers().get(5);
        model.pause(paused, FOR_EVER);
        assertSettled(model.settle(STUCK), beats + TTL, paused.held.size(), ratio);
        model.resume(paused);
        assertSettled(model.settle(STUCK), beats, streams / 9, ratio);
    }

    @Test
    void streamsMoveOnceIfAllWorkersReadTheSameSource() {
        assertThatWorkersComeAndGoWithAnySeed(60, 1, 1.05);
    }

    @Test
    void fewStreamsMoveTwiceIfEachWorkerSeesAChangingHalf() {
        assertThatWorkersComeAndGoWithAnySeed(60, 0.5, 1.25);
    }

    @Test
    @Tag("simulation")
    void hundredsOfStreamsMoveOnce() {
        assertThatWorkersComeAndGoWithAnySeed(300, 1, 1.05);
    }

    @Test
    @Tag("simulation")
    void fewOfHundredsMoveTwiceIfEachWorkerSeesAChangingHalf() {
        assertThatWorkersComeAndGoWithAnySeed(300, 0.5, 1.25);
    }

    private static void assertThatWorkersComeAndGoWithAnySeed(int streams, double seesAtLeast, double ratio) {
        for (int seed = 0; seed < 30; seed++) {
            assertThatWorkersComeAndGo(streams, seesAtLeast, seed, ratio);
        }
    }

    @Test
    @Tag("simulation")
    void thousandsOfStreamsMoveOnce() {
        assertThatWorkersComeAndGo(3000, 1, 1, 1.05);
    }

    @Test
    void aShareThatChangesWithEachReportHoldsUpNoHandOver() {
        EvenShares shares = new EvenShares(new SeenStreams(() -> 100), new Random(1));
        Map<String, Integer> waiting = new HashMap<>();
        for (int i = 0; i < 60; i++) {
            waiting.put("s-" + i, 1);
        }
        // Streams come and go all the time.
        assertThat(shares.heartbeat(new Standing(2, 60, 60, 30, 30), waiting, 0))
                .isEmpty();
        assertThat(shares.heartbeat(new Standing(2, 60, 62, 31, 31), waiting, 100))
                .hasSize(29);
    }

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    /** Workers and streams come and go by chance. In the end all streams are held, evenly, and nothing moves. */
    @ParameterizedTest
    @MethodSource("seeds")
    void anyHistoryEndsInEvenShares(long seed) {
        Random random = new Random(seed);
        EvenSharesModel model = new EvenSharesModel(20 + random.nextInt(80), seed % 2 == 0 ? 1 : 0.5, seed);
        model.add();
        for (int i = 0; i < 40; i++) {
            List<Worker> workers = model.workers();
            Worker any = workers.get(random.nextInt(workers.size()));
            switch (random.nextInt(6)) {
                case 0 -> model.add();
                case 1 -> model.pause(any, Duration.ofSeconds(1 + random.nextInt(15)));
                case 2 -> model.addStream();
                case 3 -> model.removeStream();
                default -> {
                    if (workers.size() > 1 && random.nextBoolean()) {
                        model.kill(any);
                    } else if (workers.size() > 1) {
                        model.stop(any);
                    }
                    model.add();
                }
            }
            model.pass(5 * random.nextDouble());
        }
        // The last pauses end.
        model.pass(8);
        Settled settled = model.settle(STUCK);
        assertThat(settled.beats()).isLessThan(STUCK);
        assertThat(settled.movesAfter()).isZero();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 1, 1.5, 2})
    void workersThatJoinOneAfterAnotherMoveEachStreamOnce(double withinBeats) {
        for (int seed = 0; seed < 30; seed++) {
            EvenSharesModel model = new EvenSharesModel(60, 1, seed);
            model.add();
            model.settle(STUCK);
            model.add();
            model.settle(STUCK);
            int before = model.grants();
            model.addWithin(withinBeats, 8);
            Settled settled = model.settle(STUCK);
            assertThat(settled.beats()).as("seed %d", seed).isLessThanOrEqualTo(BEATS);
            assertThat(model.grants() - before).as("seed %d", seed).isEqualTo(48);
        }
    }

    /** It computes for a minute with a processor of its own, and for several minutes beside other tests. */
    @Test
    @Tag("simulation")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void twoHundredWorkersShareTwentyThousandStreams() {
        EvenSharesModel model = new EvenSharesModel(20_000, 1, 1);
        for (int i = 0; i < 150; i++) {
            model.add();
        }
        assertThat(model.settle(STUCK, 0).beats()).isLessThan(STUCK);
        for (int i = 0; i < 50; i++) {
            model.add();
        }
        Settled settled = model.settle(STUCK, 5);
        assertThat(settled.beats()).isLessThanOrEqualTo(5);
        assertThat(settled.moves()).isBetween(5000, 5250);
        assertThat(settled.movesAfter()).isZero();
    }

    @Test
    void aPausedWorkerKeepsItsShareForTheTtlAndMovesNothingElse() {
        EvenSharesModel model = new EvenSharesModel(60, 1, 1);
        Worker paused = model.add();
        model.add();
        model.add();
        assertThat(model.settle(STUCK).movesAfter()).isZero();
        model.pause(paused, Duration.ofSeconds(20));
        // Its streams move to the others, and as many move back to it.
        Settled settled = model.settle(0);
        assertThat(settled.movesAfter()).isBetween(40, 43);
        assertThat(model.settle(0).movesAfter()).isZero();
    }
}
