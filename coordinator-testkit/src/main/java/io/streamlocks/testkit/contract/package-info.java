/**
 * The contract of {@link io.streamlocks.coordinator.lock.LockManager}, as tests.
 *
 * <p>The author of a backend writes one test class, which JUnit runs with all tests of the contract:
 *
 * <pre>{@code
 * class RedisLockManagerTest extends LockManagerContract implements OwnerPrefixContract {
 *
 *     public LockManager locks() {
 *         return locks; // The same backend for all calls of a test.
 *     }
 *
 *     public void expire(String streamId) {
 *         // Move the end of the live lease of this stream to now.
 *     }
 *
 *     public void age(String streamId, Duration by) {
 *         // Move the end of the ended lease of this stream back by this time.
 *     }
 *
 *     public void open(String streamId) {
 *         // Let the delay after a break of this stream end now.
 *     }
 * }
 * }</pre>
 *
 * <p>No test waits for time to pass. A backend with a clock of its own takes a {@link
 * io.streamlocks.testkit.contract.TestClock}, and its test implements {@link
 * io.streamlocks.testkit.contract.TimeByTestClock} in place of the last three methods. A backend on a database changes
 * the stored times. Each test uses a stream with a random id, so one backend can serve all tests and keep its data. The
 * tests of one backend must not run in parallel.
 *
 * <p>{@link io.streamlocks.testkit.contract.ForwardingLocks} is the base of backends that observe or change calls.
 */
package io.streamlocks.testkit.contract;
