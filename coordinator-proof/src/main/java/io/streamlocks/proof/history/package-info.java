/**
 * What processes recorded of a run, as JSON lines in the files of one directory: calls and their answers, what the fenced
 * resource holds, the coordinators' own history, and the faults. Times of processes are nanoseconds of the machine's
 * monotonic clock, the same for all processes; times of the database are microseconds since 1970 on its clock.
 */
package io.streamlocks.proof.history;
