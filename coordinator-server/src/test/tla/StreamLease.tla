---------------------------- MODULE StreamLease ----------------------------
(***************************************************************************)
(* The lease protocol: clients acquire, renew and release leases of        *)
(* streams over a network that delays, reorders, loses and repeats, from   *)
(* a storage whose clock alone decides, and write to a resource under      *)
(* their leases, late if it so happens.                                    *)
(*                                                                         *)
(* A request that was sent can be carried out at any time from then on,    *)
(* any number of times, or never: so which requests are under way need not *)
(* be remembered, only which were ever sent.  Of the answers a client      *)
(* reads one to its latest request at most, at any time after it was made; *)
(* it has given up on the earlier ones.                                    *)
(*                                                                         *)
(* One clock stands for all: that clocks run at unlike speed is what the   *)
(* client's margin is for, which is left out here.  That a client stands   *)
(* still for any length of time is not: see Write and Arrive.              *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC

CONSTANTS
    Clients, Streams,
    Ttl,              \* the length of a lease
    MaxTime,          \* when the clock stops
    MaxLeases,        \* how many leases are ever asked for
    \* What can be left out, to see what it is for:
    Fenced,           \* the resource refuses a token lower than one it has seen
    CountedFromSend,  \* a client counts its time from when it sent the request
    GuardedRenew,     \* a lease that is over is not renewed
    Remembered        \* an acquire that comes again finds its lease

Leases == 1 .. MaxLeases
Nothing == [kind |-> "nothing"]

VARIABLES
    now,       \* the storage's clock
    \* The storage:
    latest,    \* of each stream the lease granted last, 0 before the first
    until,     \* of each lease when it ends, 0 before its grant
    token,     \* of each lease its fencing token, 0 before its grant
    drawn,     \* the last token drawn
    \* The clients:
    asked,     \* how many leases were asked for; their ids are 1 .. asked
    lease,     \* of each lease what its client knows of it
    \* The resource:
    writes,    \* those that were sent, each under a lease
    highest,   \* of each stream the highest token accepted
    late       \* the streams for which it took a write after one of a later grant

storage == <<latest, until, token, drawn>>
resource == <<writes, highest, late>>
vars == <<now, storage, asked, lease, resource>>

(* phase: "asking", "held", "over".  sent: when its latest request was.    *)
(* answer: what was answered to that.  safe: until when it is safe.        *)
(* renewed, released: whether such a request was ever sent.  What a client *)
(* knows of a lease that is over for it does not matter any more.          *)
Asking(c, s) ==
    [client |-> c, stream |-> s, phase |-> "asking", sent |-> now, answer |-> Nothing,
     token |-> 0, safe |-> 0, renewed |-> FALSE, released |-> FALSE]

Init ==
    /\ now = 0
    /\ latest = [s \in Streams |-> 0]
    /\ until = [l \in Leases |-> 0]
    /\ token = [l \in Leases |-> 0]
    /\ drawn = 0
    /\ asked = 0
    /\ lease = <<>>
    /\ writes = {}
    /\ highest = [s \in Streams |-> 0]
    /\ late = {}

Asked == 1 .. asked
Stream(l) == lease[l].stream
Live(l) == token[l] # 0 /\ now < until[l]
Safe(l) == lease[l].phase = "held" /\ now < lease[l].safe
LiveOf(s) == latest[s] # 0 /\ Live(latest[s])

Tick ==
    /\ now < MaxTime
    /\ now' = now + 1
    /\ UNCHANGED <<storage, asked, lease, resource>>

-----------------------------------------------------------------------------
(* The storage carries out a request.  Whether the answer gets through is  *)
(* open: Answered is taken or not.                                         *)

Answered(l, answer) ==
    \/ lease' = [lease EXCEPT ![l].answer = answer]
    \/ UNCHANGED lease

Acquire(l) ==
    LET s == Stream(l)
        known == Remembered /\ token[l] # 0
    IN  /\ IF known \/ LiveOf(s)
           THEN UNCHANGED storage
           ELSE /\ latest' = [latest EXCEPT ![s] = l]
                /\ until' = [until EXCEPT ![l] = now + Ttl]
                /\ token' = [token EXCEPT ![l] = drawn + 1]
                /\ drawn' = drawn + 1
        /\ IF lease[l].phase # "asking"
           THEN UNCHANGED lease
           ELSE Answered(l,
                CASE known /\ Live(l) -> [kind |-> "granted", token |-> token[l], left |-> until[l] - now]
                  [] known /\ ~Live(l) -> [kind |-> "used"]
                  [] ~known /\ LiveOf(s) -> [kind |-> "held"]
                  [] OTHER -> [kind |-> "granted", token |-> drawn + 1, left |-> Ttl])
        /\ UNCHANGED <<now, asked, resource>>

Renew(l) ==
    LET renewable == latest[Stream(l)] = l /\ (Live(l) \/ ~GuardedRenew)
    IN  /\ lease[l].renewed
        /\ until' = IF renewable THEN [until EXCEPT ![l] = now + Ttl] ELSE until
        /\ IF lease[l].phase = "held"
           THEN Answered(l, IF renewable THEN [kind |-> "renewed", left |-> Ttl] ELSE [kind |-> "lost"])
           ELSE UNCHANGED lease
        /\ UNCHANGED <<now, latest, token, drawn, asked, resource>>

Release(l) ==
    /\ lease[l].released
    /\ Live(l)
    /\ until' = [until EXCEPT ![l] = now]
    /\ UNCHANGED <<now, latest, token, drawn, asked, lease, resource>>

-----------------------------------------------------------------------------
(* A client.                                                               *)

Ask(c, s) ==
    /\ asked < MaxLeases
    \* One at a time of a stream, as the session registry sees to.
    /\ \A l \in Asked: lease[l].client = c /\ Stream(l) = s => lease[l].phase = "over"
    /\ asked' = asked + 1
    /\ lease' = lease @@ (asked + 1 :> Asking(c, s))
    /\ UNCHANGED <<now, storage, resource>>

AskAgain(l) ==
    /\ lease[l].phase = "asking"
    /\ lease[l].sent < now
    /\ lease' = [lease EXCEPT ![l].sent = now, ![l].answer = Nothing]
    /\ UNCHANGED <<now, storage, asked, resource>>

AskToRenew(l) ==
    /\ Safe(l)
    /\ lease[l].sent < now
    /\ lease' = [lease EXCEPT ![l].sent = now, ![l].answer = Nothing, ![l].renewed = TRUE]
    /\ UNCHANGED <<now, storage, asked, resource>>

Over(l, release) ==
    lease' = [lease EXCEPT ![l].phase = "over", ![l].answer = Nothing, ![l].sent = 0, ![l].token = 0,
                           ![l].safe = 0, ![l].released = release]

SafeUntil(l) == (IF CountedFromSend THEN lease[l].sent ELSE now) + lease[l].answer.left

Hear(l) ==
    /\ lease[l].answer # Nothing
    /\ CASE lease[l].answer.kind = "granted" ->
              IF now < SafeUntil(l)
              THEN lease' = [lease EXCEPT ![l].phase = "held", ![l].token = lease[l].answer.token,
                                          ![l].safe = SafeUntil(l), ![l].answer = Nothing]
              ELSE Over(l, TRUE)
         [] lease[l].answer.kind = "renewed" ->
              IF ~Safe(l)
              THEN Over(l, FALSE)
              ELSE lease' = [lease EXCEPT ![l].safe = IF SafeUntil(l) > @ THEN SafeUntil(l) ELSE @,
                                          ![l].answer = Nothing]
         [] OTHER -> Over(l, FALSE)
    /\ UNCHANGED <<now, storage, asked, resource>>

(* It is killed, gives up asking, finds its safe time over, or wants no more. *)
End(l) ==
    /\ lease[l].phase # "over"
    /\ \E release \in BOOLEAN: Over(l, release)
    /\ UNCHANGED <<now, storage, asked, resource>>

(* It looks at its lease and finds it safe.  Then it may stand still: the  *)
(* write arrives at any time from now on, once or more, or never.          *)
Write(l) ==
    /\ Safe(l)
    /\ l \notin writes
    /\ writes' = writes \union {l}
    /\ UNCHANGED <<now, storage, asked, lease, highest, late>>

Arrive(l) ==
    LET s == Stream(l)
    IN  /\ l \in writes
        /\ ~Fenced \/ token[l] >= highest[s]
        /\ highest' = [highest EXCEPT ![s] = IF token[l] > @ THEN token[l] ELSE @]
        /\ late' = IF token[l] < highest[s] THEN late \union {s} ELSE late
        /\ UNCHANGED <<now, storage, asked, lease, writes>>

Next ==
    \/ Tick
    \/ \E c \in Clients, s \in Streams: Ask(c, s)
    \/ \E l \in Asked:
        \/ Acquire(l) \/ Renew(l) \/ Release(l)
        \/ AskAgain(l) \/ AskToRenew(l) \/ Hear(l) \/ End(l)
        \/ Write(l) \/ Arrive(l)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* The promises.                                                           *)

LeasesNeverOverlap ==
    \A k, l \in Asked: k # l /\ Stream(k) = Stream(l) => ~(Live(k) /\ Live(l))

TheLatestTokenIsTheHighest ==
    \A l \in Asked: latest[Stream(l)] # 0 => token[l] <= token[latest[Stream(l)]]

OneTokenForALease ==
    \A l \in Asked: lease[l].phase = "held" => lease[l].token = token[l]

(* Whoever believes that it holds a stream, holds it.                      *)
TheSafeHold ==
    \A l \in Asked: Safe(l) => latest[Stream(l)] = l /\ Live(l)

(* After a write under a later grant none under an earlier one is taken.   *)
WritesComeInTheOrderOfGrants == late = {}

(* A lease that is over stays so, and its token is its own for ever.       *)
OverIsOver ==
    [][\A l \in Asked: token[l] # 0 =>
        /\ token'[l] = token[l]
        /\ until[l] <= now => until'[l] = until[l]]_vars

Symmetry == Permutations(Clients) \union Permutations(Streams)
=============================================================================
