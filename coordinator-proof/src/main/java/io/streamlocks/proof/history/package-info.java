/**
 * The record of a run, as JSON lines in the files of one directory: calls and their responses, the writes that the
 * fenced resource holds, the coordinators' own history, and the faults. Times of processes are nanoseconds of the
 * machine's monotonic clock, which all processes share. Times of the database are microseconds since 1970 on its clock.
 */
package io.streamlocks.proof.history;
