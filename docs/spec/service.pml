/* ------------------------------------------------------------------ the service */

#ifndef NO_HOLD_AFTER_RESTORE
#define may_dispatch (!db.hold)
#else
#define may_dispatch 1
#endif
#define nobody_holds (memory[1].kind == NOTHING && memory[2].kind == NOTHING)
#define in_flight (db.intent == PAY && payInFlight[ofSend(db.generation, db.wallet)] || \
                   db.intent == VOID && voidInFlight[db.generation])
#define nothing_moves (db.answered && !in_flight && nobody_holds && db.cursor == logs)

/* The two instances are alike, so S2 takes something only while S1 has something: the mirrored states add nothing. */
#define is_free(i, has) (memory[i].has == NOTHING && (i == 1 || memory[1].has != NOTHING))
#define row(g) (db.outcome[g] != NOTHING && !db.published[g])

inline accept_record() {
  if
  :: kafkaOffset > DUPLICATES -> printf("> another task is accepted\n")
#ifndef NO_UNIQUE_TASK
  :: kafkaOffset <= DUPLICATES && db.state != NOTHING -> printf("> the task is read again: a repeat\n")
#endif
  :: else -> accept_task()
  fi;
  kafkaOffset++; db.offset = kafkaOffset
}
inline accept_task() {
  for (n : 1 .. GENERATIONS) { if :: db.outcome[n] == FAILED && db.published[n] -> found = n :: else fi };
  n = 0;
  if
  :: found > 0 && db.restored ->
     printf("> the task is accepted; our own topic said failed(%d)\n", found); end_as(FAILED, found); found = 0;
     consult_stored()
  :: else ->
     found = 0;
     if
     :: !ineligible ->
        plan(1); printf("> the task is accepted: planned(1), from wallet %c\n", 65 + wallet); consult_stored()
#ifndef NO_FAIL_BY_VOID_AFTER_RESTORE
     :: ineligible && db.restored ->
        plan(1); db.state = VOIDING; db.intent = VOID; consult_stored();
        printf("> the task is accepted, no longer eligible, and older than the restore: voiding(1)\n")
#endif
     :: else -> printf("> the task is accepted, not eligible, nothing was sent: failed(1)\n"); end_as(FAILED, 1)
     fi
  fi
}

inline follow_log() {
  printf("> the follower reads %e(%d)\n", log[db.cursor].kind, log[db.cursor].generation);
  db.stored[db.cursor] = 1;
  judge(db.cursor);
  printf(">> the payment is %e(%d)\n", db.state, db.generation)
}

inline confirm_restore() {
  printf("> gigpay restored: confirmed\n"); db.hold = 0;
#ifndef NO_STOP_OLD_PROCESSES
  forget(1); forget(2);
#endif
#ifndef NO_ADOPT_OUTCOMES
  d_step {
  for (n : 1 .. GENERATIONS) {
    if
    :: topicCompleted[n] -> db.outcome[n] = COMPLETED; db.published[n] = 1
    :: topicFailed[n] ->
       db.outcome[n] = FAILED; db.published[n] = 1;
       if
       :: db.state != NOTHING && db.state != COMPLETED && n >= db.generation ->
          db.state = FAILED; db.generation = n; db.intent = NOTHING; free_to_travel()
       :: else
       fi
    :: else
    fi
  };
  n = 0
  }
#endif
}

inline forget(i) {
  memory[i].kind = NOTHING; memory[i].generation = 0; memory[i].wallet = 0;
  memory[i].event = NOTHING; memory[i].eventOf = 0; memory[i].eventId = 0
}

inline post(i) {
  printf("> S%d POSTs %e(%d) from wallet %c\n", i, memory[i].kind, memory[i].generation, 65 + memory[i].wallet);
  if
  :: reach_provider(i); if :: carries(memory[i]) -> db.answered = 1 :: else fi
  :: lost > 0 -> lost--; reach_provider(i); printf(">> the answer is lost\n")
  :: lies > 0 ->
     lies--; printf(">> the provider answers: refused\n");
     if :: reach_provider(i); printf(">> and executes it all the same\n") :: skip fi;
     if
     :: carries(memory[i]) ->
        free_to_travel();
#ifdef NO_VOID_BEFORE_FAILED
        printf(">> every send was answered, none paid: failed(%d)\n", db.generation); end_as(FAILED, db.generation)
#endif
     :: else
     fi
  fi;
  memory[i].kind = NOTHING; memory[i].generation = 0; memory[i].wallet = 0
}
inline reach_provider(i) {
  if
  :: memory[i].kind == PAY -> payInFlight[ofSend(memory[i].generation, memory[i].wallet)] = 1
  :: else -> voidInFlight[memory[i].generation] = 1
  fi
}

inline take_row(i) {                 /* a payment's older event first */
  found = (row(1) -> 1 : (row(2) -> 2 : 3));
  memory[i].event = db.outcome[found]; memory[i].eventOf = found; memory[i].eventId = db.id[found];
  printf("> S%d reads %e(%d) from the outbox\n", i, memory[i].event, found);
#ifdef NO_MARK_AFTER_ACKNOWLEDGEMENT
  db.published[found] = 1;
#endif
  found = 0
}
inline publish(i) {
  printf("> S%d publishes %e(%d)\n", i, memory[i].event, memory[i].eventOf);
  if
  :: memory[i].event == COMPLETED -> topicCompleted[memory[i].eventOf] = 1
  :: else -> topicFailed[memory[i].eventOf] = 1
  fi;
  check_published(memory[i].event, memory[i].eventOf, memory[i].eventId);
  if
  :: if :: db.outcome[memory[i].eventOf] == memory[i].event -> db.published[memory[i].eventOf] = 1 :: else fi
  :: crashes > 0 -> crashes--; printf(">> and dies before it marks the row\n")
  fi;
  memory[i].event = NOTHING; memory[i].eventOf = 0; memory[i].eventId = 0
}

/* What is one commit: it does not matter which instance makes it, and no instance remembers anything of it. */
proctype Commits() {
end:
  do
  /* Commit 1. intake/, acceptance/: the record's effect and its offset together. */
#ifndef NO_OFFSETS_BY_COMPARE_AND_SET
  :: atomic { kafkaOffset < RECORDS && kafkaOffset == db.offset -> accept_record() }
  :: atomic { kafkaOffset != db.offset ->
       printf("> the consumer stands at %d, the database at %d: it seeks there\n", kafkaOffset, db.offset);
       kafkaOffset = db.offset }
#else
  :: atomic { kafkaOffset < RECORDS -> accept_record() }
#endif

  /* Commit 2. dispatch/form-send.ts: the send is stored before anything leaves. */
  :: atomic { may_dispatch && unresolved && db.intent != NOTHING && !db.sent ->
       db.sent = 1; printf("> a send of %e(%d) is stored\n", db.intent, db.generation) }

  /* dispatch/raise-doubt.ts: no evidence within the deadline. */
  :: atomic { unresolved && db.sent && (doubts > 0 || (nothing_moves && patience > 0)) ->
       if :: nothing_moves && patience > 0 -> patience-- :: else -> doubts-- fi;
       printf("> no evidence of %e(%d) in time: review\n", db.intent, db.generation);
       db.state = REVIEW; free_to_travel();
#ifdef NO_DOUBT_RESENDS
       db.intent = NOTHING
#endif
     }

  /* Commit 3. follow/, settlement/: a log's effect, its row in chain_events and the cursor together. */
  :: atomic { db.cursor < logs && !aborted -> follow_log(); if :: !aborted -> db.cursor++ :: else fi }
#ifdef NO_CURSOR_WITH_SETTLEMENT
  :: atomic { db.cursor < logs && crashes > 0 -> crashes--; db.cursor++;
       printf("> the cursor is moved past log %d, then the process dies\n", db.cursor) }
#endif

  /* gigpay restored: the cursor is at the head, our topics are read to their end, old processes are stopped. */
  :: atomic { db.hold && db.cursor == logs -> confirm_restore() }
  od
}

/* What an instance remembers while it acts. It may stop for any time between two steps and be a zombie when it wakes. */
proctype Instance(byte i) {
end:
  do
  /* circle/lane.ts, arc/lane.ts: any instance may send a stored send, again and again until the provider took it. */
  :: atomic { may_dispatch && unresolved && db.sent && !db.answered && is_free(i, kind) ->
       memory[i].kind = db.intent; memory[i].generation = db.generation; memory[i].wallet = db.wallet;
       printf("> S%d is about to POST %e(%d) from wallet %c\n", i, db.intent, db.generation, 65 + db.wallet) }
  :: atomic { memory[i].kind != NOTHING -> post(i) }

  /* relay/: reads an unpublished row, publishes it, marks it. */
  :: atomic { is_free(i, event) && (row(1) || row(2) || row(3)) -> take_row(i) }
  :: atomic { memory[i].event != NOTHING -> publish(i) }

  /* kill -9 */
  :: atomic { crashes > 0 && (memory[i].kind != NOTHING || memory[i].event != NOTHING) ->
       crashes--; forget(i); printf("> S%d dies\n", i) }
  od
}
