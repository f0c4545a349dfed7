---------------------------- MODULE StreamQueue ----------------------------
(***************************************************************************)
(* The queue of one stream. Clients call several servers and wait for the  *)
(* stream. Each client asks for one lease, with as many calls as it needs: *)
(* it repeats a call whose response was lost, and a call whose server has  *)
(* died. A request can arrive late, after the client has repeated it.      *)
(*                                                                         *)
(* A place in the queue survives its call for some time. While its call    *)
(* waits, it is "calling". After that it keeps its position, and is not    *)
(* granted, until the client calls again or the place dies. The model      *)
(* removes a place when it dies: every statement ignores dead places.      *)
(*                                                                         *)
(* The row of the stream is locked from the moment at which a statement    *)
(* judges the queue until its commit or rollback. Either may come at any   *)
(* later time. Meanwhile everybody else sees the stream as last committed, *)
(* and no other statement of the stream is carried out: it skips the row   *)
(* and is tried again.                                                     *)
(*                                                                         *)
(* A stream that an operator keeps closed counts as leased.                *)
(*                                                                         *)
(* The model has no clock. A lease may end, and the time of a call or of a *)
(* place may be up, at any moment, also between a judgement and its        *)
(* commit. This covers all lengths of leases, calls and pauses.            *)
(*                                                                         *)
(* The model has no notifications either. A notification makes a server    *)
(* look at its streams sooner, and a server may look at any moment. The    *)
(* fairness conditions cover a look without a notification, so they allow  *)
(* for the loss of all notifications.                                      *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
    Clients, Servers,
    Nobody,             \* neither a client nor a server
    MaxCalls,           \* the number of calls that are ever made
    MaxDeaths,          \* the number of servers that die
    MayLapse,           \* whether a lease can end without a release
    RollsBackOnce,      \* whether at most one statement rolls back; any of them may otherwise
    \* Rules that a variant can leave out, to show that they are necessary:
    InTurn,             \* an acquire that does not wait is granted only if nobody comes first
    DrawsAfterLock,     \* a place gets its ticket while the row is locked
    OnlyToCallers,      \* a place is granted only while its call waits
    JudgesAfterLock,    \* a hand-over judges the stream while the row is locked
    OfItsCall,          \* a call that ends gives up a place only if no later call has it
    HandsOver,          \* a release grants the stream to the next place
    Looks               \* a server looks at its streams without a notification

Calls == 1 .. MaxCalls
Nothing == [kind |-> "nothing"]

VARIABLES
    \* The storage. A version of the stream contains its queue, the live lease
    \* as a set, and the leases that were ever granted. A client stands for
    \* its lease. A place has a client and its latest call. The order of the
    \* queue is the order of the tickets.
    committed,
    pending,    \* the statement that waits for its commit, and its version
    rolledBack, \* whether a statement has rolled back, if that is counted
    \* The servers:
    up,         \* the servers that run
    asked,      \* the number of calls that were made; they are 1 .. asked
    call,       \* for each call, what its server knows
    stopped,    \* the clients that gave up
    \* Only for variants:
    drawn,      \* for each client with a ticket and no place yet, the clients with lower tickets
    judged,     \* the client to which a server will hand over the stream
    notified    \* the servers with a notification

storage == <<committed, pending, rolledBack>>
calls == <<asked, call, stopped>>
variant == <<drawn, judged, notified>>
vars == <<storage, up, calls, variant>>

(* phase: "new"; "asked": the request is under way; "waiting": the server  *)
(* knows of its place; "keep" and "remove": it has ended, and the server   *)
(* will leave its place or remove it; "over". late: its time is up, even   *)
(* if its server has not noticed.                                          *)
New == [client |-> Nobody, server |-> Nobody, phase |-> "new", late |-> FALSE]
Over == [New EXCEPT !.phase = "over"]

Init ==
    /\ committed = [queue |-> <<>>, live |-> {}, used |-> {}]
    /\ pending = Nothing
    /\ rolledBack = FALSE
    /\ up = Servers
    /\ asked = 0
    /\ stopped = {}
    /\ call = [k \in Calls |-> New]
    /\ drawn = [c \in Clients |-> {}]
    /\ judged = Nobody
    /\ notified = {}

Locked == pending # Nothing
Has(queue, c) == \E i \in DOMAIN queue: queue[i].client = c
At(queue, c) == CHOOSE i \in DOMAIN queue: queue[i].client = c
Without(queue, c) == SelectSeq(queue, LAMBDA place: place.client # c)
IsFree(version) == version.live = {}
IsFirst(queue, c) == queue # <<>> /\ Head(queue).client = c

Grant(version, c) ==
    [queue |-> Without(version.queue, c),
     live |-> version.live \union {c},
     used |-> version.used \union {c}]

(* The rule of all grants to places.                                       *)
HandOver(version) ==
    IF IsFree(version) /\ version.queue # <<>> /\ (Head(version.queue).calling \/ ~OnlyToCallers)
    THEN Grant(version, Head(version.queue).client)
    ELSE version

(* A ticket that was drawn while the row was locked is the highest.        *)
Joined(queue, place) ==
    LET lower == drawn[place.client] \ {Nobody}
        behind == {i \in DOMAIN queue: queue[i].client \notin lower}
        first == CHOOSE i \in behind: \A j \in behind: i <= j
        at == IF DrawsAfterLock \/ behind = {} THEN Len(queue) + 1 ELSE first
    IN  SubSeq(queue, 1, at - 1) \o <<place>> \o SubSeq(queue, at, Len(queue))

-----------------------------------------------------------------------------
(* Statements. Each one locks the row, judges and makes a version.         *)

Write(kind, c, k, version) ==
    /\ ~Locked
    /\ pending' = [kind |-> kind, client |-> c, call |-> k, version |-> version]

(* A server takes a place for a call, or continues the place of an earlier *)
(* call. It does so again if the place of a waiting call is gone.          *)
Queue(k) ==
    LET c == call[k].client
        place == [client |-> c, call |-> k, calling |-> TRUE]
        queue == IF Has(committed.queue, c)
                 THEN [committed.queue EXCEPT ![At(committed.queue, c)] = place]
                 ELSE Joined(committed.queue, place)
        version == [committed EXCEPT !.queue = queue]
    IN  /\ \/ call[k].phase = "asked"
           \/ call[k].phase = "waiting" /\ ~call[k].late /\ ~Has(committed.queue, c)
        /\ c \notin committed.used
        /\ DrawsAfterLock \/ Has(committed.queue, c) \/ drawn[c] # {}
        /\ Write("queue", c, k, IF IsFree(version) /\ IsFirst(queue, c) THEN Grant(version, c) ELSE version)
        /\ drawn' = [drawn EXCEPT ![c] = {}]
        /\ UNCHANGED <<committed, rolledBack, up, calls, judged, notified>>

Draw(k) ==
    LET c == call[k].client
    IN  /\ ~DrawsAfterLock
        /\ call[k].phase = "asked"
        /\ ~Has(committed.queue, c) /\ drawn[c] = {}
        /\ drawn' = [drawn EXCEPT ![c] = {d \in Clients: Has(committed.queue, d) \/ drawn[d] # {}} \union {Nobody}]
        /\ UNCHANGED <<storage, up, calls, judged, notified>>

(* An acquire that does not wait. Its client may wait as well.             *)
Acquire(c) ==
    /\ c \notin committed.used
    /\ IsFree(committed)
    /\ InTurn => committed.queue = <<>> \/ IsFirst(committed.queue, c)
    /\ Write("acquire", c, 0, Grant(committed, c))
    /\ UNCHANGED <<committed, rolledBack, up, calls, variant>>

(* A call has ended. If its lease was granted meanwhile, or a later call   *)
(* has its place, nothing changes.                                         *)
Leave(k) ==
    LET c == call[k].client
        queue == committed.queue
        mine == Has(queue, c) /\ (queue[At(queue, c)].call = k \/ ~OfItsCall)
    IN  /\ call[k].phase \in {"keep", "remove"}
        /\ IF mine
           THEN /\ Write("leave", c, k,
                         IF call[k].phase = "keep"
                         THEN [committed EXCEPT !.queue[At(queue, c)].calling = FALSE]
                         ELSE HandOver([committed EXCEPT !.queue = Without(queue, c)]))
                /\ UNCHANGED call
           ELSE /\ ~Locked
                /\ call' = [call EXCEPT ![k] = Over]
                /\ UNCHANGED pending
        /\ UNCHANGED <<committed, rolledBack, up, asked, stopped, variant>>

(* A client releases its lease, or stops and gives up its place, although  *)
(* a server that has not noticed may still wait for it.                    *)
Release(c) ==
    LET version == [committed EXCEPT !.queue = Without(@, c), !.live = @ \ {c}]
    IN  /\ c \in committed.live \/ (Has(committed.queue, c) /\ c \notin stopped)
        /\ Write("release", c, 0, IF HandsOver THEN HandOver(version) ELSE version)
        /\ stopped' = IF c \in committed.live THEN stopped ELSE stopped \union {c}
        /\ UNCHANGED <<committed, rolledBack, up, asked, call, variant>>

(* A server that has waiting calls hands over a stream that is free.       *)
MayAdvance(s) ==
    /\ s \in up
    /\ \E k \in Calls: call[k].server = s
    /\ Looks \/ s \in notified
    /\ HandOver(committed) # committed

Advance(s) ==
    /\ JudgesAfterLock
    /\ MayAdvance(s)
    /\ Write("advance", Nobody, 0, HandOver(committed))
    /\ notified' = notified \ {s}
    /\ UNCHANGED <<committed, rolledBack, up, calls, drawn, judged>>

Judge(s) ==
    /\ ~JudgesAfterLock
    /\ MayAdvance(s)
    /\ judged = Nobody
    /\ judged' = Head(committed.queue).client
    /\ UNCHANGED <<storage, up, calls, drawn, notified>>

WriteAsJudged ==
    /\ judged # Nobody
    /\ Write("advance", Nobody, 0, Grant(committed, judged))
    /\ judged' = Nobody
    /\ UNCHANGED <<committed, rolledBack, up, calls, drawn, notified>>

(* The server that sent the statement may have died, and the call may have *)
(* ended. The notification of a grant may be lost.                         *)
Commit ==
    LET k == pending.call
        granted == pending.version.used \ committed.used
        whose == {call[place.call].server:
                  place \in {committed.queue[i]: i \in {j \in DOMAIN committed.queue:
                                                        committed.queue[j].client \in granted}}}
    IN  /\ Locked
        /\ committed' = pending.version
        /\ pending' = Nothing
        /\ CASE pending.kind = "queue" /\ call[k].phase = "asked" ->
                  call' = [call EXCEPT ![k].phase = "waiting"]
             [] pending.kind = "leave" -> call' = [call EXCEPT ![k] = Over]
             [] OTHER -> UNCHANGED call
        /\ \/ UNCHANGED notified
           \/ ~Looks /\ notified' = notified \union (whose \ {Nobody})
        /\ UNCHANGED <<rolledBack, up, asked, stopped, drawn, judged>>

Rollback ==
    /\ Locked
    /\ RollsBackOnce => ~rolledBack
    /\ rolledBack' = RollsBackOnce
    /\ pending' = Nothing
    /\ UNCHANGED <<committed, up, calls, variant>>

-----------------------------------------------------------------------------
(* Time passes. It passes for the committed version and for the one that   *)
(* waits for its commit.                                                   *)

Places(version) == {version.queue[i]: i \in DOMAIN version.queue}
Seen == IF Locked THEN {committed, pending.version} ELSE {committed}
Passes(change(_)) ==
    /\ committed' = change(committed)
    /\ pending' = IF Locked THEN [pending EXCEPT !.version = change(@)] ELSE Nothing
    /\ UNCHANGED <<rolledBack, up, asked, stopped, variant>>

Lapse(c) ==
    /\ MayLapse
    /\ \E version \in Seen: c \in version.live
    /\ Passes(LAMBDA version: [version EXCEPT !.live = @ \ {c}])
    /\ UNCHANGED call

(* The call may wait at most until this moment. It may have ended before.  *)
TimeIsUp(k) ==
    /\ \E version \in Seen: \E place \in Places(version): place.call = k /\ place.calling
    /\ Passes(LAMBDA version:
           [version EXCEPT !.queue = [i \in DOMAIN @ |-> IF @[i].call = k THEN [@[i] EXCEPT !.calling = FALSE]
                                                         ELSE @[i]]])
    /\ call' = [call EXCEPT ![k].late = call[k].phase \in {"asked", "waiting"}]

(* A place whose continuation waits for its commit dies after a rollback.  *)
Dies(k) ==
    /\ \E version \in Seen: \E place \in Places(version): place.call = k
    /\ \A version \in Seen: \A place \in Places(version): place.call = k => ~place.calling
    /\ \A place \in Places(committed): place.call = k =>
           ~\E other \in Places(CHOOSE version \in Seen: Locked => version = pending.version):
               other.client = place.client /\ other.call # k
    /\ Passes(LAMBDA version: [version EXCEPT !.queue = SelectSeq(@, LAMBDA place: place.call # k)])
    /\ UNCHANGED call

-----------------------------------------------------------------------------
(* Clients and servers.                                                    *)

(* A client calls for the first time, or has given up its previous call.   *)
Call(c, s) ==
    /\ asked < MaxCalls
    /\ s \in up
    /\ c \notin committed.used \union stopped
    /\ asked' = asked + 1
    /\ call' = [call EXCEPT ![asked + 1] = [New EXCEPT !.client = c, !.server = s, !.phase = "asked"]]
    /\ UNCHANGED <<storage, up, stopped, variant>>

(* The time of the call is up or the server drains, so it keeps the place. *)
(* Or the client has closed the connection, so it removes the place.       *)
EndCall(k) ==
    /\ call[k].phase = "waiting"
    /\ \E end \in {"keep", "remove"}: call' = [call EXCEPT ![k].phase = end, ![k].late = FALSE]
    /\ UNCHANGED <<storage, up, asked, stopped, variant>>

(* The server finds that the lease of a call was granted. This is the      *)
(* response: the lease, or that it has ended.                              *)
Answer(k) ==
    /\ call[k].phase \in {"asked", "waiting", "keep"}
    /\ call[k].client \in committed.used
    /\ call' = [call EXCEPT ![k] = Over]
    /\ UNCHANGED <<storage, up, asked, stopped, variant>>

Die(s) ==
    /\ s \in up
    /\ Cardinality(Servers \ up) < MaxDeaths
    /\ up' = up \ {s}
    /\ call' = [k \in Calls |-> IF call[k].server = s THEN Over ELSE call[k]]
    /\ notified' = notified \ {s}
    /\ UNCHANGED <<storage, asked, stopped, drawn, judged>>

Next ==
    \/ \E c \in Clients: Acquire(c) \/ Release(c) \/ Lapse(c) \/ \E s \in Servers: Call(c, s)
    \/ \E k \in Calls: Queue(k) \/ Draw(k) \/ Leave(k) \/ EndCall(k) \/ Answer(k) \/ TimeIsUp(k) \/ Dies(k)
    \/ \E s \in Servers: Advance(s) \/ Judge(s) \/ Die(s)
    \/ Commit \/ Rollback \/ WriteAsJudged

(* These steps are taken at some time. They can only be repeated a finite  *)
(* number of times, so no other condition is necessary. The end of a call  *)
(* is not one of them: a call may wait for any length of time.             *)
Progress ==
    \/ Commit
    \/ \E s \in Servers: Advance(s)
    \/ \E k \in Calls: Queue(k) \/ Answer(k) \/ Dies(k)
    \/ \E c \in Clients: Lapse(c) \/ (c \in committed.live /\ Release(c))

Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ WF_vars(Progress)

-----------------------------------------------------------------------------
(* The promises.                                                           *)

OneLeaseAtATime == \A version \in Seen: Cardinality(version.live) <= 1

NoPlaceHasALease == \A version \in Seen: \A place \in Places(version): place.client \notin version.used

EachLeaseIsGrantedOnce ==
    [][committed.used \subseteq committed'.used /\ (committed'.live \ committed.live) \cap committed.used = {}]_vars

IsBefore(queue, c, d) == c # d /\ Has(queue, c) /\ (Has(queue, d) => At(queue, c) < At(queue, d))

Begins == ~Locked /\ Locked'

(* A grant never passes over a place that was there before, unless the     *)
(* same statement gives that place up.                                     *)
NobodyOvertakes ==
    [][Begins => \A c \in Clients, d \in pending'.version.used \ committed.used:
           IsBefore(committed.queue, c, d)
           => pending'.client = c /\ pending'.kind \in {"leave", "release"}]_vars

(* A position never grows.                                                 *)
PlacesKeepTheirOrder ==
    [][\A c, d \in Clients:
           Has(committed.queue, d) /\ Has(committed'.queue, d) /\ IsBefore(committed'.queue, c, d)
           => IsBefore(committed.queue, c, d)]_vars

GrantsGoToCallers ==
    [][Begins => \A c \in pending'.version.used \ committed.used:
           \/ pending'.client = c /\ pending'.kind \in {"queue", "acquire"}
           \/ \E place \in Places(committed): place.client = c /\ place.calling]_vars

(* A call that ends has no effect on a place that a later call has.        *)
LaterCallsKeepTheirPlaces ==
    [][Begins /\ pending'.kind = "leave" =>
           \A place \in Places(committed):
               place.call # pending'.call
               => place \in Places(pending'.version) \/ place.client \in pending'.version.used]_vars

(* Every call gets its response, if its server does not die, and however   *)
(* long it takes.                                                          *)
Waits(k) == call[k].phase \in {"asked", "waiting"} /\ ~call[k].late
EveryCallIsAnswered == \A k \in Calls: []<>~Waits(k)

(* A stream is never free forever while the first place waits for it at a  *)
(* server that runs.                                                       *)
IsStalled ==
    /\ IsFree(committed)
    /\ committed.queue # <<>>
    /\ Head(committed.queue).calling
    /\ Waits(Head(committed.queue).call)
TheQueueAdvances == []<>~IsStalled

Symmetry == Permutations(Clients) \union Permutations(Servers)
=============================================================================
