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
(* therefore enough only under two conditions: IsLateEnough, and           *)
(* EpochsAreKnownOrOver. The documentation gives them in seconds.          *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
    MaxTime,            \* the time at which the model ends
    MaxStarts,          \* the number of servers, one after the other
    Skew,               \* how far a clock is behind at most
    StartAhead,         \* how far ahead of the clock a start raises the sequence
    EpochAhead,         \* how much further an epoch does
    \* Rules that a variant can leave out, to show that they are necessary:
    StartsCount,        \* a start raises the sequence although the timeline is the same
    EpochsCount,        \* an epoch that follows another one begins further ahead
    RowCounts,          \* a token is above that of the row
    PurgeRaises         \* a purge raises the sequence above the token that it deletes

VARIABLES
    time,
    db,         \* what the storage knows: the token of the row, 0 without one; the
                \* sequence; what it was raised to; the level, the timeline and the start
    server,     \* the timeline, the start, and how far the clock is behind
    entered,    \* whether the session has compared the epoch
    copy,       \* a set with a copy of the storage, and the timeline that it has
    issued,     \* the highest token that was ever issued
    fell,       \* whether a token was not above it
    raised,     \* the highest value to which an epoch, or a start right after one,
                \* has raised the sequence
    restored,   \* whether a snapshot was restored, and nothing was granted since
    startedAt,  \* the latest time by its clock at which a start has raised it
    grants      \* the number of grants since then

vars == <<time, db, server, entered, copy, issued, fell, raised, restored, startedAt, grants>>

Max(a, b) == IF a > b THEN a ELSE b
Unit == 10          \* the tokens that the clock passes in a unit of time
Clock == Unit * (time - server.behind)

Init ==
    /\ time = Skew
    /\ db = [row |-> 0, sequence |-> 0, raisedTo |-> 0, level |-> 0, timeline |-> 1, start |-> 0]
    /\ server = [timeline |-> 1, start |-> 1, behind |-> 0]
    /\ entered = FALSE
    /\ copy = {}
    /\ issued = 0
    /\ fell = FALSE
    /\ raised = 0
    /\ restored = FALSE
    /\ startedAt = 0
    /\ grants = 0

IsAnother == db.timeline # server.timeline
IsNew == IsAnother \/ (StartsCount /\ db.start # server.start)

(***************************************************************************)
(* The storage after a session has compared the epoch.                     *)
(***************************************************************************)
Entered ==
    IF entered \/ ~IsNew THEN db
    ELSE
        LET level == (IF EpochsCount /\ Clock < db.raisedTo THEN db.level ELSE 0)
                + (IF IsAnother THEN 1 ELSE 0)
            byClock == Clock + Unit * (StartAhead + EpochAhead * level)
            drawn == db.sequence + 1
            ahead == Max(byClock, IF IsAnother THEN drawn + Unit * StartAhead ELSE drawn)
        IN [db EXCEPT
            !.sequence = ahead,
            !.raisedTo = ahead,
            !.level = level,
            !.timeline = server.timeline,
            !.start = server.start]

(***************************************************************************)
(* By its clock, the server of a restored snapshot grants later than the   *)
(* one before it was started, and by more than the grants have taken.      *)
(***************************************************************************)
IsLateEnough == restored => Clock > startedAt + grants

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
    /\ restored' = FALSE
    /\ raised' = IF ~entered /\ IsNew /\ Entered.level > 0
        THEN Max(raised, Entered.raisedTo) ELSE raised
    /\ startedAt' = IF ~entered /\ IsNew THEN Max(startedAt, Clock) ELSE startedAt
    /\ grants' = IF ~entered /\ IsNew THEN 1 ELSE grants + 1
    /\ UNCHANGED <<server, copy>>

Tick ==
    /\ time < MaxTime
    /\ time' = time + 1
    /\ UNCHANGED <<db, server, entered, copy, issued, fell, raised, restored, startedAt, grants>>

(***************************************************************************)
(* The clock is set. It stays no further behind than the skew.             *)
(***************************************************************************)
SetClock ==
    /\ \E behind \in 0 .. Skew : server' = [server EXCEPT !.behind = behind]
    /\ UNCHANGED <<time, db, entered, copy, issued, fell, raised, restored, startedAt, grants>>

(***************************************************************************)
(* The stream has been idle, and its row is deleted.                       *)
(***************************************************************************)
Purge ==
    /\ db.row > 0
    /\ db' = [db EXCEPT
        !.row = 0,
        !.sequence = IF PurgeRaises /\ db.sequence + 1 <= db.row THEN db.row ELSE db.sequence]
    /\ UNCHANGED <<time, server, entered, copy, issued, fell, raised, restored, startedAt, grants>>

Copy ==
    /\ copy' = {[db |-> db, timeline |-> server.timeline]}
    /\ UNCHANGED <<time, db, server, entered, issued, fell, raised, restored, startedAt, grants>>

Starts(timeline) ==
    /\ server.start < MaxStarts
    /\ \E behind \in 0 .. Skew :
        server' = [timeline |-> timeline, start |-> server.start + 1, behind |-> behind]
    /\ entered' = FALSE
    /\ UNCHANGED <<time, copy, issued, fell, raised, startedAt, grants>>

Restart ==
    /\ Starts(server.timeline)
    /\ UNCHANGED <<db, restored>>

(***************************************************************************)
(* The copy knows how far epochs have raised the sequence, or all clocks   *)
(* have passed that.                                                       *)
(***************************************************************************)
EpochsAreKnownOrOver(one) ==
    one.db.raisedTo >= raised \/ Unit * (time - Skew) > raised + grants

Restore ==
    \E one \in copy :
        /\ EpochsAreKnownOrOver(one)
        /\ Starts(one.timeline)
        /\ db' = one.db
        /\ restored' = TRUE

Promote ==
    \E one \in copy :
        /\ EpochsAreKnownOrOver(one)
        /\ Starts(server.start + 1)
        /\ db' = one.db
        /\ restored' = FALSE

Next == Grant \/ Tick \/ SetClock \/ Purge \/ Copy \/ Restart \/ Restore \/ Promote

Spec == Init /\ [][Next]_vars

TokensRise == ~fell
=============================================================================
