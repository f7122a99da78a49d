/* How many of each fault one run may contain; the runner sets them per configuration. */
#ifndef GENERATIONS
#define GENERATIONS 2          /* the first, and GENERATIONS - 1 retries by an operator */
#endif
#ifndef LOGS
#define LOGS 5                 /* the most logs on chain */
#endif
#ifndef RECORDS
#define RECORDS 1              /* in task.completed: ours, then others */
#endif
#ifndef DUPLICATES
#define DUPLICATES 0           /* so many records after the first are our task again */
#endif
#ifndef CRASHES
#define CRASHES 0              /* a process dies and forgets what it held */
#endif
#ifndef LOST
#define LOST 0                 /* the provider takes a request, its answer is lost */
#endif
#ifndef LIES
#define LIES 0                 /* the provider answers "refused", and may execute all the same */
#endif
#ifndef REPEATS
#define REPEATS 0              /* the provider executes a request and keeps it, to execute it again */
#endif
#ifndef DROPS
#define DROPS 0                /* the provider never executes what it took */
#endif
#ifndef REFUSALS
#define REFUSALS 0             /* the token refuses (blocked, no funds), later it would not */
#endif
#ifndef DOUBTS
#define DOUBTS 0               /* a deadline passes although the evidence is still on its way */
#endif
#ifndef CANCELS
#define CANCELS 0              /* an operator cancels */
#endif
#ifndef STALE_RETRIES
#define STALE_RETRIES 0        /* an operator's second click, on a page that shows generation 1 as failed */
#endif
#ifndef CHANGES
#define CHANGES 0              /* the directory changes: eligibility, or the platform's wallet */
#endif
#ifndef REWINDS
#define REWINDS 0              /* the consumer group is set back to the beginning: duplicates */
#endif
#ifndef STRANGERS
#define STRANGERS 0            /* a stranger voids our id under a contract of his own */
#endif
#ifndef RESTORES
#define RESTORES 0             /* the database is restored from any backup taken earlier */
#endif
#define GENERATIONS_END 4      /* room for three */
#define NO_ID 255

byte crashes = CRASHES, lost = LOST, lies = LIES, repeats = REPEATS, drops = DROPS, refusals = REFUSALS,
  doubts = DOUBTS, cancels = CANCELS, staleRetries = STALE_RETRIES, changes = CHANGES, rewinds = REWINDS,
  strangers = STRANGERS, restores = RESTORES;
byte retries = GENERATIONS - 1;
byte restoresDone;
byte patience = DROPS + LIES + RESTORES + 2;  /* deadlines that pass when nothing else happens any more */
bit aborted;                                  /* the follower met a row count that it did not expect, and gave up */
bit calm;
