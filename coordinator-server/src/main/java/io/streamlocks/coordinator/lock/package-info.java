/**
 * The lease protocol: who may process a stream, until when, and how everybody else finds out.
 *
 * <h2>The promise</h2>
 *
 * <p>At most one lease of a stream is live at a time, by the clock of the storage. A lease is <em>live</em> from its
 * grant until it expires, or until it is released or broken, whichever comes first. Every grant gets a fencing token
 * above the tokens of all earlier grants of its stream. With the PostgreSQL backend, every outcome is durable before it
 * is returned.
 *
 * <p>No lock service can promise more. A holder that was suspended may wake up after its lease has ended and still
 * write, because it believes that it is the holder. No clock prevents that. The resource that it writes to must reject
 * a fencing token that is lower than one it has seen.
 *
 * <h2>One clock</h2>
 *
 * <p>Only the clock of the storage decides whether a lease is live. That is PostgreSQL's {@code clock_timestamp()}, or
 * the monotonic clock of the process that runs the memory backend. It is never compared with the clock of a server or a
 * worker. A holder gets its remaining time as a duration ({@link Lock#expiresIn()}) and counts it from the moment at
 * which it <em>sent</em> the request. It therefore always believes its lease to be shorter than it is.
 *
 * <h2>Tokens that rise</h2>
 *
 * <p>A token must be above all earlier tokens of its stream, also above those of grants that the storage has lost: in
 * a fail-over to a standby that lagged, by a restore, or in a copy. A token is therefore the highest of three numbers,
 * and is made while the stream is locked:
 *
 * <ul>
 *   <li><em>The token of the last grant of the stream, and one.</em> It keeps the tokens of a stream rising if the
 *       clock is set back.
 *   <li><em>The next value of a sequence.</em> It keeps them rising if the clock is set back and the stream was
 *       purged: the purge raises the sequence above the tokens that it deletes.
 *   <li><em>The microseconds since 1970</em>, by the clock of the storage. They are above all tokens that came
 *       earlier, on any branch of the history, if the clocks of its servers agree.
 * </ul>
 *
 * <p>Clocks do not agree, and a sequence can be ahead of the clock. An <em>epoch</em> is one unbroken history of the
 * storage. PostgreSQL stores which one it is in: the cluster, its timeline, the database, the table, and the start of
 * the server. A session compares that before its first grant. If anything differs, grants may be lost. The session
 * then raises the sequence ahead of the clock, under the lock of the row, and commits that with its grant. Other
 * sessions wait for the lock, so nobody grants before the sequence is raised. A session cannot outlive its epoch: it
 * ends with its server, and if that was a standby at first, the session has granted nothing.
 *
 * <p>It raises the sequence to 120 s ahead of the clock. The distance is the same for a promotion, a restore into another
 * database, a copy, and the start of a server, because a restored snapshot of the file system shows itself in nothing
 * else. The storage may have lost earlier raises. If these were at an earlier time, all tokens that followed them are
 * below the new ones. A raise that the storage knows of may have been by a clock that is ahead of this one. The sequence
 * therefore also rises by a million, for the grants that were lost after that.
 *
 * <p>A token can therefore repeat only if grants were lost, and
 *
 * <ul>
 *   <li>the clock is over 120 s behind that of the server that made them; or
 *   <li>the clock is behind that clock by any time, and over a million of them were lost; or
 *   <li>the last raise by any server is lost as well, and by this clock less than 10 s have passed since then. A raise
 *       that follows another one at once is a second further ahead, so the 10 s allow for a few of these; or
 *   <li>they were made in another database, whose sequence was a day ahead after its migration.
 * </ul>
 *
 * <p>Nothing that is left in the storage could tell how far the sequence had been raised.
 *
 * <p>The holders of lost leases continue until they notice the loss, for a ttl at most. A server can therefore keep an
 * epoch <em>closed</em> for a while: its sessions grant no lease then, neither to an acquire nor by a hand-over. A
 * session looks whether the epoch is open, until it is.
 *
 * <p>The memory backend counts from the microseconds at its start.
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
 * <p>A lease that has ended is never live again. Renewing it fails even if no other worker wanted the stream, because
 * another worker may have held it in between. The worker acquires again with a new lease id and gets a new token.
 *
 * <p>An operator can {@linkplain LockCalls#breakLeases break} the lease of a worker. The holder learns of it at its
 * next renewal, as of any other loss, and may work until then. The break can therefore close the stream for some time,
 * to protect a resource that checks no token.
 *
 * <p>Each grant and its end are recorded in <em>history</em>. The end of a lease and its record are written together,
 * so history contains every end and no others.
 *
 * <h2>The lease id</h2>
 *
 * <p>The client chooses a lease id for one grant. The lease id is the only proof that its bearer has the lease. No
 * read, no log line and no refusal contains it ({@link Lock} is a lease without it).
 *
 * <p>The lease id makes every call safe to repeat:
 *
 * <ul>
 *   <li>An acquire with the id of a live lease returns the same lease with the same token. A client whose response was
 *       lost sends the acquire again.
 *   <li>An acquire with the id of a lease that has ended grants nothing: the id is {@linkplain
 *       AcquireOutcome.LeaseIdUsed used}.
 *   <li>A release that is sent twice succeeds twice.
 * </ul>
 *
 * <p>To recognise used ids, the row of a stream outlives its lease as a <em>tombstone</em>. It remembers its latest
 * lease and the {@value io.streamlocks.coordinator.lock.Limits#SUPERSEDED_REMEMBERED} leases before it. A tombstone is
 * {@linkplain Upkeep#purge purged} only after it was idle for far longer than any call can take, so that a late
 * duplicate of a call finds its id remembered. The exception is a duplicate that arrives after more grants of its
 * stream than are remembered. It is granted again, as another lease with a token of its own. If no worker waits for
 * that call any more, the stream stays closed until the lease expires. A worker that repeats its acquire holds this
 * lease, and its earlier grant has ended long before.
 *
 * <h2>Outcomes</h2>
 *
 * <p>Outcomes are values: {@link AcquireOutcome}, {@link RenewOutcome}, {@link ReleaseOutcome}, {@link BreakOutcome}.
 * <em>Held</em> and <em>lost</em> are certain. If the storage does not respond, the outcome is <em>unknown</em>: the
 * change may or may not have happened. {@link StorageUnavailableException} reports this. Unknown is not lost. The
 * holder continues until the time that it can rely on, and asks again.
 *
 * <h2>Queues</h2>
 *
 * <p>A call may wait for a stream that it cannot have yet. It then has a <em>place</em> in the <em>queue</em> of the
 * stream, which the storage keeps. All servers share the queue. Its order is first come, first served, and nobody
 * overtakes: a stream that can be granted is granted to its first living place, and to nobody else. The lease id
 * identifies the place, so a call that is repeated with it, at any server, continues in its place. A place lives while
 * its call waits, and for {@link Limits#PLACE_KEPT} after that.
 *
 * <p><em>One rule hands streams over.</em> It runs with the stream locked. If no lease is live and the stream is open,
 * it skips the dead places and looks at the first living one. If the call of that place waits, it is granted the lease,
 * and the place is gone. If that call has ended and the place still lives, nobody is granted the stream until the call
 * comes again or the place dies. The rule runs in each transaction that may make it applicable: one that releases or
 * breaks a lease, takes a place, or gives a place up. A release and the next grant are therefore one change, and there
 * is no moment at which another caller could find the stream free. A lease that expires ends without a transaction. A
 * server whose callers wait for the stream {@linkplain LockCalls#advance runs the rule} at that time.
 *
 * <p>The following are the moments at which this could go wrong:
 *
 * <ul>
 *   <li><em>Tickets and commits.</em> A ticket gives a place its order. It is drawn while the stream is locked, and the
 *       lock is held until the commit. The order of the tickets of a stream is therefore the order of the commits, and
 *       no place appears before one that was visible.
 *   <li><em>A place that is taken while the stream is released.</em> One of the two has the stream locked, and the other
 *       one comes after it. If the place is first, the release hands the stream over to it. If the release is first, the
 *       place finds a free stream, and the rule runs for it.
 *   <li><em>An acquire that has not seen a place.</em> An acquire reads the queue before it locks the stream. Each
 *       statement that takes a place also changes the row of the stream. The acquire is carried out only on the version
 *       of the row that it has read, so it comes before the place, or is blocked and reads again.
 *   <li><em>A report that is lost.</em> {@linkplain HandOvers Reports} only wake a server up. A server looks at all
 *       streams that its callers wait for once per second, or four times per second if no reports arrive. A release looks
 *       at its streams in its own transaction if callers of its server wait for them, so only other servers are
 *       notified.
 *   <li><em>A first place that is dead.</em> The rule skips it. If the stream is free, no transaction may come, so the
 *       server that looks at the stream runs the rule.
 *   <li><em>Two servers that run the rule for the same stream.</em> One of them has the stream locked, and the other one
 *       skips it. The rule names no server: it grants the stream to the first place, wherever its call waits.
 *   <li><em>A call that ends while it is granted the stream.</em> The end of a call also locks the stream. If it comes
 *       first, the place does not wait any more. If the grant comes first, the end finds the lease, and the call returns
 *       it.
 *   <li><em>A call that ends after the same client has called again.</em> Each request for a place names its call, and
 *       the end of a call changes only a place of the same call.
 *   <li><em>A server or a client that dies.</em> Their places may be granted until the time of their calls is up. If
 *       only the server died, the client calls again with its lease id and gets its lease. If the client died as well,
 *       the lease ends with its ttl. A server that notices that a client has gone gives its place up.
 *   <li><em>A place that is lost</em>, because a fail-over of the storage lost its commit. The server finds that a call
 *       has no place, and ends the call. Its client calls again and takes another place, behind those that came in the
 *       meantime.
 * </ul>
 *
 * <h2>Certainty</h2>
 *
 * <p>An outcome that says that a lease has ended is never followed by a success of the same lease. These outcomes are:
 * lost, for any reason except {@link LossReason#UNKNOWN}; a used lease id; a stream that is not locked; a break of an
 * owner that ended nothing; and a grant that history shows as expired.
 *
 * <p>The committed state alone does not prove that a lease has ended. A renewal is judged and written at one moment and
 * becomes visible when it is committed. The commit may come after the old end of the lease, because it waits for a disk
 * or a synchronous standby. In between, the committed state shows an expired lease that is live. Two rules follow:
 *
 * <ul>
 *   <li>A change locks its stream, judges it while it is locked, and holds the lock until it is committed or rolled
 *       back.
 *   <li>An outcome that says that a lease has ended is judged while the stream is locked. No change of the stream is
 *       under way at that moment. Every later change judges at a later time, at which the lease has ended as well. The
 *       outcome is returned after the commit of the lock itself, so a synchronous standby has everything that the
 *       outcome relies on.
 * </ul>
 *
 * <p>A request never waits for a locked stream. It is <em>blocked</em> instead: it has changed nothing, and nothing is
 * certain. {@link io.streamlocks.coordinator.lock.group} tries it again for a short time; after that, the outcome is
 * unknown to the caller. A stream that stays locked therefore delays only its own requests. There are two
 * exceptions. An acquire waits for another transaction that inserts the first row of the same stream. The first grants of
 * an epoch wait for the one that begins it.
 *
 * <p>Some outcomes need no lock:
 *
 * <ul>
 *   <li>A success. It held the lock.
 *   <li>Held by another lease. That lease was live when it was read, whatever was under way.
 *   <li>Reads: the list of locks, a count of leases, a lock that was found, and history except for the end of an
 *       expired grant. They show the committed state of the server that was asked. A lock whose renewal is being
 *       committed may be missing, and a fail-over may lose what was shown.
 *   <li>{@link LossReason#UNKNOWN}. It does not say that the lease has ended, because an acquire of it may still
 *       arrive.
 * </ul>
 *
 * <h2>Batches</h2>
 *
 * <p>The methods of {@link LockCalls} that change leases take a list of requests and return one outcome per request, in
 * order. A single call is a batch of one. A batch is not a transaction: each request succeeds or fails by itself. The
 * calls of many clients can therefore share a batch, and {@link io.streamlocks.coordinator.lock.group} combines them.
 * If too many calls wait, some are rejected ({@link OverloadedException}), and their outcomes are unknown as well.
 *
 * <p>One batch makes one decision of each stream. The requests of a batch for the same stream are decided in their
 * order. An acquire, renewal or release that equals the previous request for its stream has the same outcome: both were
 * waiting when it was decided, and carrying it out twice at the same moment would change nothing. A request that needs
 * a decision of its own after another one changed the stream is <em>undecided</em>: it has changed nothing. {@link
 * io.streamlocks.coordinator.lock.group} sends it again with the next batch, before everything that its caller asked
 * for later. If no time is left for that, the outcome is unknown to the caller. No caller can therefore prolong a
 * batch, which contains the requests of others, by naming one stream a thousand times.
 *
 * <h2>Backends</h2>
 *
 * <p>Two backends implement {@link LockManager} and pass the same contract tests: {@link
 * io.streamlocks.coordinator.lock.memory} for a single server without durability, and {@link
 * io.streamlocks.coordinator.lock.postgres} for any number of servers on one database. This package uses neither HTTP
 * nor SQL.
 */
@NullMarked
package io.streamlocks.coordinator.lock;

import org.jspecify.annotations.NullMarked;
