/**
 * The lease protocol: who may process a stream, until when, and how everybody else finds out.
 *
 * <h2>The promise</h2>
 *
 * <p>At most one lease of a stream is live at a time, on the clock of the storage. A lease is <em>live</em> from its
 * grant until it expires, or until it is released, whichever comes first. Every grant gets a fencing token above those
 * of all earlier grants of its stream. What is answered is durable (PostgreSQL backend) before it is answered.
 *
 * <p>That is all that a lock service can promise by itself. A holder that was suspended may wake up after its lease
 * went to another and still write, believing itself the holder; no clock prevents that. The resource it writes to must
 * refuse a fencing token lower than one it has seen.
 *
 * <h2>One clock</h2>
 *
 * <p>Only the storage's clock decides whether a lease is live: PostgreSQL's {@code clock_timestamp()}, or the
 * monotonic clock of the one process that runs the memory backend. The clocks of servers and workers are never
 * compared with it. A holder learns its time as a duration ({@link Lock#expiresIn()}), counts it from the moment it
 * <em>sent</em> the request, and so always believes its lease to be shorter than it is.
 *
 * <h2>The life of a lease</h2>
 *
 * <pre>
 *             acquire                  release
 *   (nobody) ---------> live ------------------------> released --.
 *                       |  ^ \                                     |
 *                 renew |__|  \---- an operator ------> broken ----|  acquire, with another lease id
 *                              \                                   |
 *                               \-- time passes ------> expired ---'--> superseded (the new lease is live)
 * </pre>
 *
 * <p>A lease that is over never comes back: renewing it fails even if nobody else wants the stream, since somebody may
 * have held it in between. The holder acquires again, with a new lease id, and gets a new token.
 *
 * <p>An operator may {@linkplain LockManager#breakLeases break} a lease that is somebody else's. To its holder that is a
 * loss like any other, heard at the next renewal and not before: until then it may go on working. So the stream can be
 * kept closed for a while, for a resource that checks no token. Each grant and how it ended is <em>history</em>, which is
 * written with the end itself and so can neither lack one nor tell of one that was not.
 *
 * <h2>The lease id</h2>
 *
 * <p>A lease id is chosen by the client for one grant and is the bearer's only proof: no read shows it, no log line
 * and no refusal either ({@link Lock} is a lease without it). It makes every call safe to repeat. An acquire whose
 * reply was lost is sent again with the same id and answers the same lease with the same token; if that lease is over
 * by then, the id is {@linkplain AcquireOutcome.LeaseIdUsed used} and grants nothing. A release sent twice succeeds
 * twice. To know used ids, a stream's row outlives its lease as a <em>tombstone</em> and remembers the
 * {@value io.streamlocks.coordinator.lock.Limits#SUPERSEDED_REMEMBERED} leases before it. A tombstone is
 * {@linkplain LockManager#purge purged} only when it was idle for far longer than any call can take, so that no late
 * duplicate of a call can find its id forgotten. A duplicate that is late by more grants of its stream than are
 * remembered would be granted once more: a lease that nobody holds, which keeps the stream closed until it expires.
 *
 * <h2>What a caller hears</h2>
 *
 * <p>Outcomes are values: {@link AcquireOutcome}, {@link RenewOutcome}, {@link ReleaseOutcome}. <em>Held</em> and
 * <em>lost</em> are certain. When the storage does not answer, the outcome is <em>unknown</em>: it may or may not have
 * happened, and {@link StorageUnavailableException} says so. Unknown is not lost: the holder goes on until the time it
 * knows to be safe, and asks again.
 *
 * <h2>What is certain, and why</h2>
 *
 * <p>An answer that a lease is over is never followed by a success of the same lease. Such answers are: lost, for any
 * reason but {@link LossReason#UNKNOWN}; a used lease id; that a stream is not locked; a break of an owner that ended
 * nothing; and a grant that history shows as expired.
 *
 * <p>The committed state alone does not carry them. A renewal is judged and written at one moment, and others see it when
 * it is committed, which can be after the old end of the lease: the commit waits for a disk or for a synchronous standby.
 * In between, the committed state says that the lease has run out, and it has not. So two rules hold:
 *
 * <ul>
 *   <li>Who changes a lease locks its stream, judges then, and keeps the lock until the change is committed or rolled
 *       back.
 *   <li>Who answers that a lease is over locks its stream and judges then. No change of it is under way at that moment, and
 *       each later one judges at a later time, by which the lease is over as well. The answer is given when the lock's own
 *       commit is where PostgreSQL is to have all commits, so a synchronous standby has what the answer is based on.
 * </ul>
 *
 * <p>Nobody waits for a stream that somebody else has locked, but for an acquire whose stream another transaction inserts
 * for the first time. The outcome is then that the request is <em>blocked</em>: it has changed nothing, and nothing is
 * certain. {@link io.streamlocks.coordinator.lock.group} asks again for a short time; after that it is <em>unknown</em> to
 * the caller. So a stream that stays locked costs only its own requests.
 *
 * <p>Some answers need no lock. That a stream is held by another lease: whatever is under way, that lease was live when it
 * was read. A renewal, grant, release or break that succeeded: it held the lock. What only reads (the list of locks, a count
 * of leases, a lock that was found, history but for the end of a grant that expired) shows what is committed on the server
 * that was asked: a lock may be missing whose renewal is being committed, and a fail-over may lose what was shown. {@link
 * LossReason#UNKNOWN} is no answer that a lease is over: an acquire of it may still be on its way.
 *
 * <h2>Batches</h2>
 *
 * <p>{@link LockManager} takes lists and answers lists, one outcome per request and in order; a single call is a batch
 * of one. Requests of one batch that name the same stream are decided in their order. A batch is not a transaction
 * that succeeds or fails as one: each request stands for itself. So the calls of many clients can be put together to one
 * batch, which is what {@link io.streamlocks.coordinator.lock.group} does. When there are too many of them, some are
 * refused ({@link OverloadedException}); that is <em>unknown</em>, too.
 *
 * <p>One batch makes one decision of each stream. An acquire, renewal or release that repeats the one before it of its
 * stream, in all that it says, shares that one's outcome: both were asked for when it was decided, and to carry it out once
 * more at the same moment would change nothing. What needs a decision of its own behind another that changed the stream is
 * <em>undecided</em>: it has changed nothing, and {@link io.streamlocks.coordinator.lock.group} asks again with the next
 * batch, before what its caller asked for later. If there is no time left for that, it is <em>unknown</em> to the caller.
 * So nobody can make a batch, which has requests of others, take longer by naming one stream a thousand times.
 *
 * <h2>Backends</h2>
 *
 * <p>Two, with one contract: {@link io.streamlocks.coordinator.lock.memory} for a single server without durability,
 * {@link io.streamlocks.coordinator.lock.postgres} for any number of servers on one database. This package knows
 * neither HTTP nor SQL.
 */
package io.streamlocks.coordinator.lock;
