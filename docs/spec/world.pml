/* ------------------------------------------------------------------ the provider and the chain */

#define a_pay_is_in_flight (payInFlight[2] || payInFlight[3] || payInFlight[4] || payInFlight[5] || payInFlight[6] || payInFlight[7])
#define a_void_is_in_flight (voidInFlight[1] || voidInFlight[2] || voidInFlight[3])

inline pick_pay() {                  /* any of them */
  if
  :: payInFlight[2] -> k = 2 :: payInFlight[3] -> k = 3 :: payInFlight[4] -> k = 4
  :: payInFlight[5] -> k = 5 :: payInFlight[6] -> k = 6 :: payInFlight[7] -> k = 7
  fi
}
inline pick_void() { if :: voidInFlight[1] -> k = 1 :: voidInFlight[2] -> k = 2 :: voidInFlight[3] -> k = 3 fi }
inline keep_or_forget(request) {
  if :: request = 0 :: repeats > 0 -> repeats--; printf(">> and keeps it, to execute it again\n") fi
}

/* contracts/PayOnce.sol: one slot per payment, whoever pays and in whatever generation. */
#if defined NO_SLOT_PER_PAYMENT
#define slot_paid(g, w) paidFrom[w]
#elif defined NO_ONE_SLOT_FOR_ALL_GENERATIONS
#define slot_paid(g, w) paidIn[g]
#else
#define slot_paid(g, w) (paid > 0)
#endif
#ifndef NO_FLOOR
#define slot_closed(g) (g < closedBelow)
#else
#define slot_closed(g) 0
#endif

inline execute_pay(g, w) {
  printf("> the chain executes PAY(%d) from wallet %c\n", g, 65 + w);
  if
  :: slot_paid(g, w) -> emit_once(SKIPPED_PAID, g, w)
  :: else -> if
     :: slot_closed(g) -> emit_once(SKIPPED_CLOSED, closedBelow - 1, 0)
     :: else -> if
        :: emit(PAID, g, w); paid++; paidIn[g] = 1; paidFrom[w] = 1; check_paid(g)
        :: refusals > 0 -> refusals--; emit(REFUSED, g, 0)
        fi
     fi
  fi
}
inline execute_void(g) {
  printf("> the chain executes VOID(%d)\n", g);
  if
  :: paid > 0 -> emit_once(SKIPPED_PAID, g, 0)
  :: else -> if
     :: slot_closed(g) -> emit_once(SKIPPED_CLOSED, closedBelow - 1, 0)
     :: else -> closedBelow = g + 1; emit(VOIDED, g, 0)
     fi
  fi
}
inline emit(what, g, w) {
  log[logs].kind = what; log[logs].generation = g; log[logs].wallet = w; logs++; printf(">> %e(%d)\n", what, g)
}
inline emit_once(what, g, w) {       /* the same words twice in a row say nothing new */
  if
  :: logs > 0 && log[logs - 1].kind == what && log[logs - 1].generation == g -> skip
  :: else -> emit(what, g, w)
  fi
}

/* ------------------------------------------------------------------ people, and the faults */

inline retry_payment() {
  found = db.generation + 1;
  for (k : 0 .. LOGS - 1) {
    if
    :: db.stored[k] && closes(k) && log[k].generation >= found ->
       found = log[k].generation + 1
    :: else
    fi
  };
  k = 0;
  if
  :: found <= GENERATIONS ->
     plan(found); found = 0; printf("> an operator retries: planned(%d), from wallet %c\n", db.generation, 65 + wallet);
     consult_stored()
  :: else -> found = 0
  fi
}

inline no_more_faults() {
  crashes = 0; lost = 0; lies = 0; repeats = 0; drops = 0; refusals = 0; doubts = 0; cancels = 0; staleRetries = 0;
  changes = 0; rewinds = 0; strangers = 0; restores = 0; retries = 0; forget_backup()
}
inline forget_backup() { copy(backup, blank) }   /* so that states differ only in what still matters */

/* Once nothing can happen any more, every payment must have ended, and its event must be out. */
proctype Watch() {
end:
  timeout -> check_end()
}

/* It executes what it took: late, never, several times, and also what it called refused. */
proctype Provider() {
end:
  do
  :: atomic { logs < LOGS && a_pay_is_in_flight ->
       pick_pay(); execute_pay(k / 2, k % 2); keep_or_forget(payInFlight[k]); k = 0 }
  :: atomic { logs < LOGS && a_void_is_in_flight ->
       pick_void(); execute_void(k); keep_or_forget(voidInFlight[k]); k = 0 }
  :: atomic { drops > 0 && a_pay_is_in_flight -> drops--;
       pick_pay(); payInFlight[k] = 0; printf("> the provider never executes PAY(%d)\n", k / 2); k = 0 }
  :: atomic { drops > 0 && a_void_is_in_flight -> drops--;
       pick_void(); voidInFlight[k] = 0; printf("> the provider never executes VOID(%d)\n", k); k = 0 }
  od
}

proctype Operator() {
end:
  do
  /* dispatch/request-void.ts */
  :: atomic { cancels > 0 && db.intent == PAY && unresolved -> cancels--;
       printf("> an operator cancels %d\n", db.generation);
       db.intent = VOID; free_to_travel();
       if :: db.state == PLANNED -> db.state = VOIDING :: else fi }

  /* acceptance/retry-payment.ts: the next generation, above all that the chain has closed. */
  :: atomic { retries > 0 && db.state == FAILED && !ineligible && db.generation < GENERATIONS -> retries--; retry_payment() }

  /* The same click on a page that shows generation 1 as failed; without the rule nobody asks what it is now. */
#ifdef NO_EXPECTED_STATE_AND_GENERATION
  :: atomic { staleRetries > 0 && db.generation > 1 && db.generation < GENERATIONS -> staleRetries--;
       plan(db.generation + 1); printf("> the operator's second click retries again: planned(%d)\n", db.generation) }
#endif

  :: atomic { changes > 0 -> changes--;
       if
       :: ineligible = !ineligible; 
          if :: ineligible -> printf("> the task is no longer eligible\n") :: else -> printf("> the task is eligible again\n") fi
       :: wallet = !wallet; printf("> the platform's wallet is now %c\n", 65 + wallet)
       fi }
  od
}

proctype Faults() {
end:
  do
  :: atomic { rewinds > 0 && kafkaOffset > 0 -> rewinds--; kafkaOffset = 0; printf("> the consumer is set back to 0\n") }
  :: atomic { strangers > 0 && logs < LOGS -> strangers--; printf("> a stranger voids our id under a contract of his own\n");
       emit(STRANGERS_VOIDED, 1, 0) }
  :: atomic { restores > 0 -> printf("> a backup is taken\n"); copy(backup, db) }
  :: atomic { restores > 0 -> restores--; restoresDone++; copy(db, backup);
       printf("> Postgres is restored: %e(%d), offset %d, cursor %d\n", db.state, db.generation, db.offset, db.cursor);
       db.restored = 1;
#ifndef NO_HOLD_AFTER_RESTORE
       db.hold = 1;
#endif
       if :: restores == 0 -> forget_backup() :: else fi }
  :: atomic { !calm -> calm = 1; no_more_faults(); printf("> the faults stop\n") }
  od
}

init {
  atomic {
    db.state = NOTHING; db.intent = NOTHING; blank.state = NOTHING; blank.intent = NOTHING;
    for (n : 1 .. 3) { db.outcome[n] = NOTHING; blank.outcome[n] = NOTHING };
    for (n : 1 .. 2) { memory[n].kind = NOTHING; memory[n].event = NOTHING };
    n = 0; forget_backup();
    run Commits(); run Instance(1); run Instance(2); run Provider(); run Operator(); run Faults(); run Watch()
  }
}
