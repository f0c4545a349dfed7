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
(* still for any length of time is not: see Arrive.                        *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC

CONSTANTS
    Clients, Streams,
    Nobody,           \* none of these
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
    until,     \* of each lease when it ends, 0 before its grant and after its end
    token,     \* of each lease its fencing token, 0 before its grant
    drawn,     \* the last token drawn
    \* The clients:
    asked,     \* how many leases were asked for; their ids are 1 .. asked
    lease,     \* of each lease what its client knows of it
    \* The resource:
    highest,   \* of each stream the highest token accepted
    late       \* the streams for which it took a write after one of a later grant

storage == <<latest, until, token, drawn>>
resource == <<highest, late>>
vars == <<now, storage, asked, lease, resource>>

(* phase: "new", "asking", "held", "over".  sent: when its latest request was.    *)
(* answer: what was answered to that, as far as it is good news.  safe:    *)
(* until when it is safe.  renewed: whether a renewal was ever sent.       *)
(* worked: whether it was ever held, so that a write may be under way.     *)
(* What a client knows of a lease that is over for it does not matter any  *)
(* more.                                                                   *)
New ==
    [client |-> Nobody, stream |-> Nobody, phase |-> "new", sent |-> 0, answer |-> Nothing,
     token |-> 0, safe |-> 0, renewed |-> FALSE, worked |-> FALSE]

Init ==
    /\ now = 0
    /\ latest = [s \in Streams |-> 0]
    /\ until = [l \in Leases |-> 0]
    /\ token = [l \in Leases |-> 0]
    /\ drawn = 0
    /\ asked = 0
    /\ lease = [l \in Leases |-> New]
    /\ highest = [s \in Streams |-> 0]
    /\ late = {}

Asked == 1 .. asked
Stream(l) == lease[l].stream
Live(l) == token[l] # 0 /\ now < until[l]
Safe(l) == lease[l].phase = "held" /\ now < lease[l].safe
LiveOf(s) == latest[s] # 0 /\ Live(latest[s])

(* What a client need not know any more, once a lease is over for it.      *)
Ended(known) ==
    [known EXCEPT !.client = Nobody, !.phase = "over", !.answer = Nothing, !.sent = 0, !.token = 0, !.safe = 0]

(* Of a lease that is over for the storage a renewal does nothing.         *)
RunOut(known) == [known EXCEPT !.renewed = @ /\ ~GuardedRenew]

(* A lease that runs out is over, and a client whose safe time runs out    *)
(* notices, at the latest when it wants to do anything.                    *)
Tick ==
    LET lapses(l) == until[l] # 0 /\ until[l] <= now + 1
        heard(l) == IF lease[l].phase = "held" /\ lease[l].safe <= now + 1 THEN Ended(lease[l]) ELSE lease[l]
    IN  /\ now < MaxTime
        /\ now' = now + 1
        /\ until' = [l \in Leases |-> IF lapses(l) THEN 0 ELSE until[l]]
        /\ lease' = [l \in Leases |-> IF lapses(l) THEN RunOut(heard(l)) ELSE heard(l)]
        /\ UNCHANGED <<latest, token, drawn, asked, resource>>

-----------------------------------------------------------------------------
(* The storage carries out a request.  Whether the answer gets through is  *)
(* open: Answered is taken or not.                                         *)

Answered(l, answer) ==
    \/ lease' = [lease EXCEPT ![l].answer = answer]
    \/ UNCHANGED lease

Acquire(l) ==
    LET s == Stream(l)
        known == Remembered /\ token[l] # 0
    IN  /\ lease[l].phase # "new"
        /\ IF known \/ LiveOf(s)
           THEN UNCHANGED storage
           ELSE /\ latest' = [latest EXCEPT ![s] = l]
                /\ until' = [until EXCEPT ![l] = now + Ttl]
                /\ token' = [token EXCEPT ![l] = drawn + 1]
                /\ drawn' = drawn + 1
        /\ CASE lease[l].phase = "asking" /\ known /\ Live(l) ->
                  Answered(l, [kind |-> "granted", token |-> token[l], left |-> until[l] - now])
             [] lease[l].phase = "asking" /\ ~known /\ ~LiveOf(s) ->
                  Answered(l, [kind |-> "granted", token |-> drawn + 1, left |-> Ttl])
             [] OTHER -> UNCHANGED lease
        /\ UNCHANGED <<now, asked, resource>>

Renew(l) ==
    /\ lease[l].renewed
    /\ latest[Stream(l)] = l
    /\ Live(l) \/ ~GuardedRenew
    /\ until' = [until EXCEPT ![l] = now + Ttl]
    /\ IF lease[l].phase = "held"
       THEN Answered(l, [kind |-> "renewed", left |-> Ttl])
       ELSE UNCHANGED lease
    /\ UNCHANGED <<now, latest, token, drawn, asked, resource>>

(* Sent when the lease was over for its client, or lost as it may be. *)
Release(l) ==
    /\ lease[l].phase = "over"
    /\ Live(l)
    /\ until' = [until EXCEPT ![l] = 0]
    /\ lease' = [lease EXCEPT ![l] = RunOut(@)]
    /\ UNCHANGED <<now, latest, token, drawn, asked, resource>>

-----------------------------------------------------------------------------
(* A client.                                                               *)

Ask(c, s) ==
    /\ asked < MaxLeases
    \* One at a time of a stream, as the session registry sees to.
    /\ \A l \in Asked: lease[l].client = c /\ Stream(l) = s => lease[l].phase = "over"
    /\ asked' = asked + 1
    /\ lease' = [lease EXCEPT ![asked + 1].client = c, ![asked + 1].stream = s,
                              ![asked + 1].phase = "asking", ![asked + 1].sent = now]
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

Over(l) == lease' = [lease EXCEPT ![l] = Ended(@)]

(* It wants no more, is killed, gives up asking, finds its safe time over, *)
(* or hears that the stream is held, its lease id used, or its lease lost. *)
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

(* It has looked at its lease, found it safe, and sent a write; or it has  *)
(* stood still between the two.  The write arrives at any time from then   *)
(* on, once or more, or never.                                             *)
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
        \/ Acquire(l) \/ Renew(l) \/ Release(l)
        \/ AskAgain(l) \/ AskToRenew(l) \/ Hear(l) \/ End(l)
        \/ Arrive(l)

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
    [][\A l \in Leases: token[l] # 0 => token'[l] = token[l] /\ (~Live(l) => ~Live(l)')]_vars

Symmetry == Permutations(Clients) \union Permutations(Streams)
=============================================================================
