---------------------------- MODULE StreamLease ----------------------------
(***************************************************************************)
(* The lease protocol. Clients acquire, renew and release leases of        *)
(* streams. A network delays, reorders, loses and repeats their requests.  *)
(* Only the clock of the storage decides. Clients write to a resource      *)
(* under their leases, and a write may arrive late.                        *)
(*                                                                         *)
(* A request that was sent can be carried out at any later time, any       *)
(* number of times, or never. The model therefore remembers which requests *)
(* were ever sent, and not which are under way. A client reads at most one *)
(* response to its latest request, at any time after the response was      *)
(* made. It has given up on its earlier requests.                          *)
(*                                                                         *)
(* A write and its commit are two steps. The write judges by the clock at  *)
(* that time, makes a version of the row of its stream that nobody else    *)
(* sees, and locks the row until it commits or rolls back. That may happen *)
(* at any later time, also after the end of the lease. The commit produces *)
(* the response. Until then everybody else sees the row as last committed. *)
(* No other write of the row is carried out: it does not wait for the row, *)
(* and its client asks again.                                              *)
(*                                                                         *)
(* A read that finds that a lease has ended reports it: expired,           *)
(* superseded, released, lease id used, not locked. A version that waits   *)
(* for its commit might make the same lease live, so this response needs   *)
(* the lock of the row.                                                    *)
(*                                                                         *)
(* One clock stands for all clocks. Clocks run at different speeds, and    *)
(* the margin of the client allows for that; the model omits both. It does *)
(* include clients that stand still for any length of time: see Arrive.    *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC

CONSTANTS
    Clients, Streams,
    Nobody,           \* neither a client nor a stream
    Ttl,              \* the length of a lease
    MaxTime,          \* when the clock stops
    MaxLeases,        \* the number of leases that are ever asked for
    \* Rules that a variant can leave out, to show that they are necessary:
    Fenced,           \* the resource rejects a token lower than one it has seen
    CountedFromSend,  \* a client counts its time from when it sent the request
    GuardedRenew,     \* a lease that has ended is not renewed
    Remembered,       \* an acquire that is repeated finds its lease
    LooksWithLock,    \* a lease is reported as ended only while its row is locked for that
    JudgesAfterLock   \* a renewal judges its lease while it has the row locked, not before

Leases == 1 .. MaxLeases
Nothing == [kind |-> "nothing"]

VARIABLES
    now,       \* the storage's clock
    \* The storage:
    latest,    \* for each stream, the lease granted last; 0 before the first
    until,     \* for each lease, when it ends; 0 before its grant and after its end
    token,     \* for each lease, its fencing token; 0 before its grant
    pending,   \* for each stream, the version that waits for its commit
    judged,    \* for each stream, the renewal that has judged and waits for the lock
    saidOver,  \* a lease that was reported as ended, as a set
    \* The clients:
    asked,     \* the number of leases that were asked for; their ids are 1 .. asked
    lease,     \* for each lease, the state of its client
    \* The resource:
    highest,   \* for each stream, the highest token accepted
    late       \* the streams for which it accepted a write after one of a later grant

committed == <<latest, until, token>>
waiting == <<pending, judged>>
storage == <<committed, waiting, saidOver>>
resource == <<highest, late>>
vars == <<now, storage, asked, lease, resource>>

(* phase: "new", "asking", "held", "over". sent: when its latest request   *)
(* was sent. due: whether the version that waits will produce the response *)
(* to that request. answer: the response to it, if it is a success. safe:  *)
(* until when the client is safe. renewed: whether a renewal was ever      *)
(* sent. worked: whether it was ever held, so that a write may be under    *)
(* way. The rest of the state no longer matters when the lease is over for *)
(* its client.                                                             *)
New ==
    [client |-> Nobody, stream |-> Nobody, phase |-> "new", sent |-> 0, due |-> FALSE, answer |-> Nothing,
     token |-> 0, safe |-> 0, renewed |-> FALSE, worked |-> FALSE]

Init ==
    /\ now = 0
    /\ latest = [s \in Streams |-> 0]
    /\ until = [l \in Leases |-> 0]
    /\ token = [l \in Leases |-> 0]
    /\ pending = [s \in Streams |-> Nothing]
    /\ judged = [s \in Streams |-> Nothing]
    /\ saidOver = {}
    /\ asked = 0
    /\ lease = [l \in Leases |-> New]
    /\ highest = [s \in Streams |-> 0]
    /\ late = {}

Asked == 1 .. asked
Stream(l) == lease[l].stream
Live(l) == token[l] # 0 /\ now < until[l]
Safe(l) == lease[l].phase = "held" /\ now < lease[l].safe
LiveOf(s) == latest[s] # 0 /\ Live(latest[s])
Locked(s) == pending[s] # Nothing
IsOf(version, l) == version # Nothing /\ version.lease = l

(* A version that waits may make the lease live, or keep it live.          *)
MayBecomeLive(l) ==
    \/ IsOf(pending[Stream(l)], l) /\ now < pending[Stream(l)].until
    \/ IsOf(judged[Stream(l)], l)

(* Each stream counts its own tokens, because only their order within a    *)
(* stream matters. A grant draws its token at the commit: no other grant   *)
(* of the stream can come between the write and the commit.                *)
NextToken(s) == IF latest[s] = 0 THEN 1 ELSE token[latest[s]] + 1

(* The state of a client that no longer matters when a lease is over for   *)
(* it.                                                                     *)
Ended(known) ==
    [known EXCEPT !.client = Nobody, !.phase = "over", !.due = FALSE, !.answer = Nothing,
                  !.sent = 0, !.token = 0, !.safe = 0]

(* A renewal has no effect on a lease that has ended in the storage.       *)
RunOut(known) == [known EXCEPT !.renewed = @ /\ ~GuardedRenew]

(* A lease that expires has ended. A client notices the end of its safe    *)
(* time at the latest when it acts. Two things no longer matter and are    *)
(* forgotten, to reduce the number of states: a response with which no     *)
(* client could be safe; and a renewal or a release that waits, if its     *)
(* commit would leave the lease ended.                                     *)
Tick ==
    LET lapses(end) == end # 0 /\ end <= now + 1
        left(version) ==
            CASE version = Nothing -> Nothing
              [] version.kind = "grant" /\ lapses(version.until) -> [version EXCEPT !.until = 0]
              [] version.kind = "renewal" /\ lapses(version.until) -> Nothing
              [] version.kind = "release" /\ lapses(until[version.lease]) -> Nothing
              [] OTHER -> version
        waits(l) == lease[l].stream # Nobody /\ IsOf(left(pending[Stream(l)]), l)
        tooLate(l, time) == CountedFromSend /\ lease[l].sent + time <= now + 1
        heard(l) == IF lease[l].phase = "held" /\ lease[l].safe <= now + 1
                    THEN Ended(lease[l])
                    ELSE [lease[l] EXCEPT !.due = @ /\ waits(l) /\ ~tooLate(l, Ttl),
                                          !.answer = IF @ # Nothing /\ tooLate(l, @.left) THEN Nothing ELSE @]
    IN  /\ now < MaxTime
        /\ now' = now + 1
        /\ until' = [l \in Leases |-> IF lapses(until[l]) THEN 0 ELSE until[l]]
        /\ pending' = [s \in Streams |-> left(pending[s])]
        /\ judged' = [s \in Streams |-> left(judged[s])]
        /\ lease' = [l \in Leases |-> IF lapses(until[l]) /\ ~waits(l) THEN RunOut(heard(l)) ELSE heard(l)]
        /\ UNCHANGED <<latest, token, saidOver, asked, resource>>

-----------------------------------------------------------------------------
(* The storage carries out a request. The response may or may not arrive:  *)
(* the client may never receive it, or may receive the previous one.       *)

Answered(l, known, answer) ==
    \/ lease' = [lease EXCEPT ![l] = [known EXCEPT !.answer = answer]]
    \/ known.answer # Nothing /\ lease' = [lease EXCEPT ![l] = known]

Write(kind, l, end, due) ==
    /\ ~Locked(Stream(l))
    /\ pending' = [pending EXCEPT ![Stream(l)] = [kind |-> kind, lease |-> l, until |-> end]]
    /\ lease' = [lease EXCEPT ![l].due = due]
    /\ UNCHANGED <<now, committed, judged, saidOver, asked, resource>>

(* The committed row shows that a stream is held, without its lock. This   *)
(* response changes nothing, so it is not a step.                          *)
Acquire(l) ==
    /\ lease[l].phase # "new"
    /\ ~(Remembered /\ token[l] # 0)
    /\ ~LiveOf(Stream(l))
    /\ Write("grant", l, now + Ttl, lease[l].phase = "asking")

(* An acquire is repeated and finds its lease.                             *)
Repeat(l) ==
    /\ lease[l].phase = "asking"
    /\ Remembered /\ Live(l)
    /\ ~Locked(Stream(l))
    /\ Answered(l, lease[l], [kind |-> "granted", token |-> token[l], left |-> until[l] - now])
    /\ UNCHANGED <<now, storage, asked, resource>>

(* A renewal that is repeated at the same time would change nothing, and   *)
(* matters only if it is the first to get a response.                      *)
Renew(l) ==
    /\ lease[l].renewed
    /\ latest[Stream(l)] = l
    /\ Live(l) \/ ~GuardedRenew
    /\ until[l] # now + Ttl \/ (lease[l].phase = "held" /\ lease[l].answer = Nothing)
    /\ Write("renewal", l, now + Ttl, lease[l].phase = "held")

(* It was sent when the lease was over for its client, or was perhaps      *)
(* lost.                                                                   *)
Release(l) ==
    /\ lease[l].phase = "over"
    /\ Live(l)
    /\ Write("release", l, 0, FALSE)

(* A foreign transaction has the row locked and will roll back. The        *)
(* renewal judges the row as committed, and waits for the lock. No client  *)
(* waits for its response.                                                 *)
Judge(l) ==
    /\ ~JudgesAfterLock
    /\ lease[l].renewed
    /\ latest[Stream(l)] = l
    /\ Live(l)
    /\ judged[Stream(l)] = Nothing
    /\ judged' = [judged EXCEPT ![Stream(l)] = [kind |-> "renewal", lease |-> l, until |-> now + Ttl]]
    /\ UNCHANGED <<now, committed, pending, saidOver, asked, lease, resource>>

WriteAsJudged(s) ==
    /\ judged[s] # Nothing
    /\ ~Locked(s)
    /\ pending' = [pending EXCEPT ![s] = judged[s]]
    /\ judged' = [judged EXCEPT ![s] = Nothing]
    /\ UNCHANGED <<now, committed, saidOver, asked, lease, resource>>

(* A renewal that waits for the lock would judge the new row again, so it  *)
(* is as if it had not judged.                                             *)
Commit(s) ==
    LET version == pending[s]
        l == version.lease
        known == IF version.until = 0 THEN RunOut([lease[l] EXCEPT !.due = FALSE]) ELSE [lease[l] EXCEPT !.due = FALSE]
    IN  /\ Locked(s)
        /\ pending' = [pending EXCEPT ![s] = Nothing]
        /\ judged' = [judged EXCEPT ![s] = Nothing]
        /\ until' = [until EXCEPT ![l] = version.until]
        /\ IF version.kind = "grant"
           THEN /\ latest' = [latest EXCEPT ![s] = l]
                /\ token' = [token EXCEPT ![l] = NextToken(s)]
           ELSE UNCHANGED <<latest, token>>
        /\ CASE lease[l].due /\ version.kind = "grant" ->
                  Answered(l, known, [kind |-> "granted", token |-> NextToken(s), left |-> Ttl])
             [] lease[l].due /\ version.kind = "renewal" ->
                  Answered(l, known, [kind |-> "renewed", left |-> Ttl])
             [] OTHER -> lease' = [lease EXCEPT ![l] = known]
        /\ UNCHANGED <<now, saidOver, asked, resource>>

(* The storage fails, or the server that sent the write is gone.           *)
Rollback(s) ==
    LET l == pending[s].lease
        known == [lease[l] EXCEPT !.due = FALSE]
    IN  /\ Locked(s)
        /\ pending' = [pending EXCEPT ![s] = Nothing]
        /\ lease' = [lease EXCEPT ![l] = IF token[l] # 0 /\ ~Live(l) THEN RunOut(known) ELSE known]
        /\ UNCHANGED <<now, committed, judged, saidOver, asked, resource>>

(* One such response suffices to check it against everything that follows. *)
SayOver(l) ==
    /\ saidOver = {}
    /\ token[l] # 0 /\ ~Live(l)
    /\ LooksWithLock => ~Locked(Stream(l))
    /\ saidOver' = {l}
    /\ UNCHANGED <<now, committed, waiting, asked, lease, resource>>

-----------------------------------------------------------------------------
(* A client.                                                               *)

Ask(c, s) ==
    /\ asked < MaxLeases
    \* A client has one lease of a stream at a time; the session registry ensures that.
    /\ \A l \in Asked: lease[l].client = c /\ Stream(l) = s => lease[l].phase = "over"
    /\ asked' = asked + 1
    /\ lease' = [lease EXCEPT ![asked + 1].client = c, ![asked + 1].stream = s,
                              ![asked + 1].phase = "asking", ![asked + 1].sent = now]
    /\ UNCHANGED <<now, storage, resource>>

AskAgain(l) ==
    /\ lease[l].phase = "asking"
    /\ lease[l].sent < now
    /\ lease' = [lease EXCEPT ![l].sent = now, ![l].due = FALSE, ![l].answer = Nothing]
    /\ UNCHANGED <<now, storage, asked, resource>>

AskToRenew(l) ==
    /\ Safe(l)
    /\ lease[l].sent < now
    /\ lease' = [lease EXCEPT ![l].sent = now, ![l].due = FALSE, ![l].answer = Nothing,
                              ![l].renewed = TRUE]
    /\ UNCHANGED <<now, storage, asked, resource>>

Over(l) == lease' = [lease EXCEPT ![l] = Ended(@)]

(* The client stops, is killed, gives up asking, finds that its safe time  *)
(* is over, or learns that the stream is held, that its lease id is used,  *)
(* or that its lease is lost.                                              *)
End(l) ==
    /\ lease[l].phase \in {"asking", "held"}
    /\ Over(l)
    /\ UNCHANGED <<now, storage, asked, resource>>

SafeUntil(l) == (IF CountedFromSend THEN lease[l].sent ELSE now) + lease[l].answer.left

Hear(l) ==
    /\ lease[l].answer # Nothing
    /\ CASE lease[l].answer.kind = "granted" /\ now < SafeUntil(l) ->
              lease' = [lease EXCEPT ![l].phase = "held", ![l].token = lease[l].answer.token,
                                     ![l].safe = SafeUntil(l), ![l].answer = Nothing, ![l].worked = TRUE]
         [] lease[l].answer.kind = "renewed" /\ Safe(l) ->
              lease' = [lease EXCEPT ![l].safe = IF SafeUntil(l) > @ THEN SafeUntil(l) ELSE @,
                                     ![l].answer = Nothing]
         [] OTHER -> Over(l)
    /\ UNCHANGED <<now, storage, asked, resource>>

(* The client has found its lease safe and sent a write, or it stood still *)
(* between the two. The write arrives at any later time, once or more      *)
(* often, or never.                                                        *)
Arrive(l) ==
    LET s == Stream(l)
    IN  /\ lease[l].worked
        /\ ~Fenced \/ token[l] >= highest[s]
        /\ highest' = [highest EXCEPT ![s] = IF token[l] > @ THEN token[l] ELSE @]
        /\ late' = IF token[l] < highest[s] THEN late \union {s} ELSE late
        /\ UNCHANGED <<now, storage, asked, lease>>

Next ==
    \/ Tick
    \/ \E c \in Clients, s \in Streams: Ask(c, s)
    \/ \E l \in Leases:
        \/ Acquire(l) \/ Repeat(l) \/ Renew(l) \/ Release(l) \/ Judge(l) \/ SayOver(l)
        \/ AskAgain(l) \/ AskToRenew(l) \/ Hear(l) \/ End(l)
        \/ Arrive(l)
    \/ \E s \in Streams: WriteAsJudged(s) \/ Commit(s) \/ Rollback(s)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The promises.                                                           *)

(* A lease does not overlap with one that waits for its commit either.     *)
LeasesNeverOverlap ==
    \A k, l \in Asked: k # l /\ Stream(k) = Stream(l) => ~(Live(k) /\ (Live(l) \/ MayBecomeLive(l)))

TheLatestTokenIsTheHighest ==
    \A l \in Asked: latest[Stream(l)] # 0 => token[l] <= token[latest[Stream(l)]]

OneTokenForALease ==
    \A l \in Asked: lease[l].phase = "held" => lease[l].token = token[l]

(* A client that believes that it holds a stream does hold it.             *)
TheSafeHold ==
    \A l \in Asked: Safe(l) => latest[Stream(l)] = l /\ Live(l)

(* After a write under a later grant, no write under an earlier one is     *)
(* accepted.                                                               *)
WritesComeInTheOrderOfGrants == late = {}

(* A lease that has ended stays ended, and its token never changes. A      *)
(* lease that expires while a renewal of it waits has not ended yet.       *)
IsOver(l) == token[l] # 0 /\ ~Live(l) /\ ~MayBecomeLive(l)

OverIsOver ==
    [][\A l \in Leases: token[l] # 0 => token'[l] = token[l] /\ (IsOver(l) => IsOver(l)')]_vars

(* A response that a lease has ended is never followed by a success of     *)
(* that lease.                                                             *)
WhatIsSaidToBeOverIsOver == \A l \in saidOver: ~Live(l)

Symmetry == Permutations(Clients) \union Permutations(Streams)
=============================================================================
