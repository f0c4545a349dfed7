---------------------------- MODULE FencingToken ----------------------------
(***************************************************************************)
(* The fencing tokens of one stream, in a storage that loses grants. A     *)
(* standby that lagged is promoted, or a snapshot is restored, and the     *)
(* clock of the new server is behind. Each token must be above all that    *)
(* the stream has had, also above those that the storage has lost.         *)
(*                                                                         *)
(* A copy is what a standby has received, or a snapshot. It may be used    *)
(* again and again. A promotion changes the timeline. A restored snapshot  *)
(* has the timeline of before, so only the start of the server differs.    *)
(*                                                                         *)
(* A grant takes a unit of time at least, in which the clock passes more   *)
(* tokens than the model ever draws: a server grants far less often than   *)
(* once per microsecond. No session grants before it has compared the      *)
(* epoch. The model begins with the latest server, and lets one session    *)
(* stand for all: sessions of the same server enter an epoch one after the *)
(* other, and the others then find it begun.                               *)
(*                                                                         *)
(* Nothing that is left in the storage shows what was lost. The rules are  *)
(* therefore enough only under a condition, IsLateEnough, and if no clock  *)
(* is further behind than a raise is ahead. The documentation gives both   *)
(* in seconds.                                                             *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    MaxTime,            \* the time at which the model ends
    MaxStarts,          \* the number of servers, one after the other
    Skew,               \* how far a clock is behind at most
    Ahead,              \* how far ahead of the clock a session raises the sequence
    \* Rules that a variant can leave out, to show that they are necessary:
    StartsCount,        \* a start raises the sequence although the timeline is the same
    TimeCounts,         \* a raise is above the clock
    SequenceCounts,     \* a raise is above what the sequence has
    RowCounts,          \* a token is above that of the row
    PurgeRaises         \* a purge raises the sequence above the token that it deletes

VARIABLES
    time,
    db,         \* what the storage knows: the token of the row, 0 without one; the
                \* sequence; the latest raise, the timeline and the start
    server,     \* the timeline, the start, and how far the clock is behind
    entered,    \* whether the session has compared the epoch
    copy,       \* a set with a copy of the storage, and the timeline that it has
    issued,     \* the highest token that was ever issued
    fell,       \* whether a token was not above it
    raises,     \* how often the sequence was raised
    raisedAt    \* the latest time by a clock at which it was raised

vars == <<time, db, server, entered, copy, issued, fell, raises, raisedAt>>

Max(a, b) == IF a > b THEN a ELSE b
Margin == MaxTime + 1                   \* more than the grants that can be lost
Unit == 2 * Margin * (MaxStarts + 1)    \* the tokens that the clock passes in a unit of time
Clock == Unit * (time - server.behind)

Init ==
    /\ time = Skew
    /\ db = [row |-> 0, sequence |-> 0, raise |-> 0, timeline |-> 1, start |-> 0]
    /\ server = [timeline |-> 1, start |-> 1, behind |-> 0]
    /\ entered = FALSE
    /\ copy = {}
    /\ issued = 0
    /\ fell = FALSE
    /\ raises = 0
    /\ raisedAt = 0

IsNew ==
    /\ ~entered
    /\ db.timeline # server.timeline \/ (StartsCount /\ db.start # server.start)

(***************************************************************************)
(* The storage after a session has compared the epoch.                     *)
(***************************************************************************)
Entered ==
    IF ~IsNew THEN db
    ELSE [db EXCEPT
        !.sequence = Max(IF SequenceCounts THEN db.sequence + 1 + Margin ELSE 0,
            IF TimeCounts THEN Clock + Unit * Ahead ELSE 0),
        !.raise = raises + 1,
        !.timeline = server.timeline,
        !.start = server.start]

(***************************************************************************)
(* The storage knows the latest raise, or that was earlier by the clock.   *)
(***************************************************************************)
IsLateEnough == entered \/ db.raise = raises \/ Clock >= raisedAt + Unit

Grant ==
    /\ time < MaxTime
    /\ IsLateEnough
    /\ LET now == Entered
           drawn == now.sequence + 1
           token == Max(IF RowCounts THEN Max(drawn, now.row + 1) ELSE drawn, Clock)
       IN /\ db' = [now EXCEPT !.row = token, !.sequence = drawn]
          /\ fell' = (token <= issued)
          /\ issued' = Max(issued, token)
    /\ time' = time + 1
    /\ entered' = TRUE
    /\ raises' = IF IsNew THEN raises + 1 ELSE raises
    /\ raisedAt' = IF IsNew THEN Max(raisedAt, Clock) ELSE raisedAt
    /\ UNCHANGED <<server, copy>>

Tick ==
    /\ time < MaxTime
    /\ time' = time + 1
    /\ UNCHANGED <<db, server, entered, copy, issued, fell, raises, raisedAt>>

(***************************************************************************)
(* The clock is set. It stays no further behind than the skew.             *)
(***************************************************************************)
SetClock ==
    /\ \E behind \in 0 .. Skew : server' = [server EXCEPT !.behind = behind]
    /\ UNCHANGED <<time, db, entered, copy, issued, fell, raises, raisedAt>>

(***************************************************************************)
(* The stream has been idle, and its row is deleted.                       *)
(***************************************************************************)
Purge ==
    /\ db.row > 0
    /\ db' = [db EXCEPT
        !.row = 0,
        !.sequence = IF PurgeRaises /\ db.sequence + 1 <= db.row THEN db.row ELSE db.sequence]
    /\ UNCHANGED <<time, server, entered, copy, issued, fell, raises, raisedAt>>

Copy ==
    /\ copy' = {[db |-> db, timeline |-> server.timeline]}
    /\ UNCHANGED <<time, db, server, entered, issued, fell, raises, raisedAt>>

Starts(timeline) ==
    /\ server.start < MaxStarts
    /\ \E behind \in 0 .. Skew :
        server' = [timeline |-> timeline, start |-> server.start + 1, behind |-> behind]
    /\ entered' = FALSE
    /\ UNCHANGED <<time, copy, issued, fell, raises, raisedAt>>

Restart ==
    /\ Starts(server.timeline)
    /\ UNCHANGED db

Restore ==
    \E one \in copy :
        /\ Starts(one.timeline)
        /\ db' = one.db

Promote ==
    \E one \in copy :
        /\ Starts(server.start + 1)
        /\ db' = one.db

Next == Grant \/ Tick \/ SetClock \/ Purge \/ Copy \/ Restart \/ Restore \/ Promote

Spec == Init /\ [][Next]_vars

TokensRise == ~fell
=============================================================================
