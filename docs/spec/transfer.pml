/*
 * PAYMENT_METHOD=transfer: one payment by Circle's plain transfers, where no contract keeps the promise and Circle's
 * idempotency keys must. Intake, follower and relay are those of pay-once.pml and are left out: an outcome counts as
 * published in the commit that decides it, the worst moment.
 *
 * Rules are switched off by -DNO_<RULE>; what Circle and the machine promise us, by -DNOT_<PROMISE>.
 */
#ifndef GENERATIONS
#define GENERATIONS 2
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef LOST
#define LOST 0          /* answers that never come, the request taken or not */
#endif
#ifndef HOURS
#define HOURS 0         /* an hour passes, and Circle forgets its keys */
#endif
#ifndef DENIALS
#define DENIALS 0       /* a transfer ends unpaid */
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef RESTORES
#define RESTORES 0
#endif
#define TRANSFERS 4     /* the most that Circle ever creates for this payment */
#define NONE 0

mtype = { NOTHING, PLANNED, REVIEW, COMPLETED, FAILED };
mtype = { PENDING, PAID, UNPAID };

/* A send is (generation, number): its key derives from both. Written as one number, 10 * generation + number. */
typedef Database {
  mtype state; byte generation; byte sends;   /* sends of this generation so far */
  byte key; bit answered; byte transfer;      /* the open send; Circle's id for it, 1 + its place below */
  bit old;                                    /* the key was first used an hour ago or more */
  bit restored
};
Database db, backup, blank;

typedef Transfer { byte key; mtype state; bit forgotten };
Transfer circle[TRANSFERS]; byte transfers;

byte crashes = CRASHES, lost = LOST, hours = HOURS, denials = DENIALS, cancels = CANCELS, restores = RESTORES;
byte retries = GENERATIONS - 1;
byte memory[3];                               /* of S1 and S2: the key of a POST about to leave */
byte paid; bit paidIn[4]; bit failed[4]; bit completed[4];
byte n, found; bit calm;

inline broken(letter) { printf("broken %c\n", letter); assert(false) }

inline copy(to, from) {
  to.state = from.state; to.generation = from.generation; to.sends = from.sends; to.key = from.key;
  to.answered = from.answered; to.transfer = from.transfer; to.old = from.old; to.restored = from.restored
}
inline close_send() { db.key = NONE; db.answered = 0; db.transfer = 0; db.old = 0 }
inline end_as(kind, which) {
  db.state = kind; close_send();
  if :: kind == FAILED -> failed[which] = 1 :: else -> completed[which] = 1 fi;
  if :: failed[which] && paidIn[which] -> broken('b') :: else fi;
  if :: failed[which] && completed[which] -> broken('c') :: else fi
}

inline post(i) {                              /* Circle's createTransaction */
  printf("> S%d POSTs with key %d\n", i, memory[i]);
  if
  :: take_request(memory[i]); if :: db.key == memory[i] -> db.answered = 1; db.transfer = found :: else fi
  :: lost > 0 -> lost--; printf(">> no answer comes\n"); if :: take_request(memory[i]) :: skip fi
  fi;
  found = 0; memory[i] = NONE
}
inline take_request(key_) {                   /* a key that Circle remembers returns the transfer that it made */
  found = 0;
  for (n : 0 .. TRANSFERS - 1) {
#ifndef NOT_CIRCLE_REMEMBERS_KEYS
    if :: n < transfers && circle[n].key == key_ && !circle[n].forgotten -> found = n + 1 :: else fi
#else
    skip
#endif
  };
  n = 0;
  if
  :: found > 0 -> printf(">> Circle knows the key: the same transfer\n")
  :: found == 0 && transfers < TRANSFERS ->
     circle[transfers].key = key_; circle[transfers].state = PENDING; transfers++; found = transfers;
     printf(">> Circle makes transfer %d\n", transfers)
  :: else
  fi
}
inline list_transfers() {                     /* by wallet, destination and time; refId matched locally */
  found = 0;
  for (n : 0 .. TRANSFERS - 1) { if :: n < transfers && circle[n].key == db.key -> found = n + 1 :: else fi };
  n = 0;
  if
  :: found > 0 -> db.answered = 1; db.transfer = found; printf("> the list shows transfer %d\n", found)
  :: else -> db.state = REVIEW; close_send(); printf("> the list shows none: review\n")
  fi;
  found = 0
}
inline look_at_transfer() {                   /* Circle's state of the id that it returned, and its Transfer log */
  if
  :: circle[db.transfer - 1].state == PAID -> printf("> transfer %d is followed: completed\n", db.transfer);
     end_as(COMPLETED, db.generation)
  :: circle[db.transfer - 1].state == UNPAID ->
     printf("> transfer %d ended unpaid", db.transfer);
     if
     :: db.sends < 2 -> printf(": another try\n"); close_send()
     :: printf(": failed(%d)\n", db.generation); end_as(FAILED, db.generation)
     fi
  fi
}
inline execute() {
  if
  :: circle[0].state == PENDING -> n = 0
  :: circle[1].state == PENDING -> n = 1
  :: circle[2].state == PENDING -> n = 2
  :: circle[3].state == PENDING -> n = 3
#ifdef NOT_UNPAID_IS_FINAL
  :: circle[0].state == UNPAID -> n = 0
#endif
  fi;
  found = circle[n].key / 10;
  if
  :: circle[n].state = PAID; printf("> transfer %d pays\n", n + 1);
     paid++; paidIn[found] = 1;
     if :: paid > 1 -> broken('a') :: else fi;
     if :: failed[found] -> broken('b') :: else fi
  :: denials > 0 -> denials--; circle[n].state = UNPAID; printf("> transfer %d ends unpaid\n", n + 1)
  fi;
  n = 0; found = 0
}
inline review_resolve() {                     /* a person, by evidence only: a transfer of this payment that paid */
  for (n : 0 .. TRANSFERS - 1) { if :: circle[n].state == PAID -> found = n + 1 :: else fi };
  n = 0; db.generation = circle[found - 1].key / 10; found = 0;
  printf("> a person resolves the review by the transfer that paid\n"); end_as(COMPLETED, db.generation)
}

inline an_hour() {
  for (n : 0 .. TRANSFERS - 1) { if :: n < transfers -> circle[n].forgotten = 1 :: else fi };
  n = 0;
  if :: db.key != NONE -> db.old = 1 :: else fi;
  printf("> an hour passes: Circle forgets its keys\n")
}

/* The two instances are alike, so S2 takes something only while S1 has something: the mirrored states add nothing. */
#define is_free(i) (memory[i] == NONE && (i == 1 || memory[1] != NONE))
#define may_post (db.state == PLANNED && db.key != NONE && !db.answered)
#define pending(t) (circle[t].state == PENDING)
#define ended_unpaid (db.key == NONE)         /* of every send so far: an open one keeps its key */
#define nobody_holds (memory[1] == NONE && memory[2] == NONE)

/* Once nothing can happen any more, the payment has ended, or a person has to look at it. */
proctype Watch() {
end:
  timeout -> if :: paid > 0 && db.state == FAILED -> broken('f') :: else fi;
             if :: paid > 0 && db.state == REVIEW -> broken('e') :: else fi;
             if :: db.state != COMPLETED && db.state != FAILED && db.state != REVIEW -> broken('d') :: else fi
}

proctype Commits() {
end:
  do
  /* Accept. What a restore may have forgotten goes to a person. */
  :: atomic { db.state == NOTHING -> db.generation = 1;
#ifndef NO_REVIEW_AFTER_RESTORE
       if :: db.restored -> db.state = REVIEW :: else -> db.state = PLANNED fi;
#else
       db.state = PLANNED;
#endif
       printf("> the task is accepted: %e(1)\n", db.state) }

  /* The send and its key are stored before anything leaves. */
  :: atomic { db.state == PLANNED && ended_unpaid && db.sends < 2 -> db.sends++;
       db.key = 10 * db.generation + db.sends; printf("> a send with key %d is stored\n", db.key) }

  /* A time-out of the POST. */
#ifdef NO_NEW_KEY_ONLY_AFTER_UNPAID
  :: atomic { may_post && db.sends < 2 && lost == 0 -> close_send(); printf("> no answer in time: another key\n") }
#endif
#ifdef NO_FAILED_ONLY_AFTER_UNPAID
  :: atomic { may_post && lost == 0 -> printf("> no answer in time: failed(%d)\n", db.generation); end_as(FAILED, db.generation) }
#endif
  :: atomic { may_post && db.old -> list_transfers() }
  :: atomic { db.state == PLANNED && db.answered && !pending(db.transfer - 1) -> look_at_transfer() }
  od
}

proctype Instance(byte i) {
end:
  do
#ifndef NO_REPOST_WITHIN_THE_HOUR
  :: atomic { may_post && !db.old && is_free(i) -> memory[i] = db.key; printf("> S%d is about to POST\n", i) }
#else
  :: atomic { may_post && is_free(i) -> memory[i] = db.key; printf("> S%d is about to POST\n", i) }
#endif
  :: atomic { memory[i] != NONE -> post(i) }
#ifdef NO_SEND_STORED_FIRST
  :: atomic { db.state == PLANNED && db.key == NONE && is_free(i) -> memory[i] = 10 * db.generation + 1;
       printf("> S%d is about to POST, nothing stored\n", i) }
#endif
  :: atomic { crashes > 0 && memory[i] != NONE -> crashes--; memory[i] = NONE; printf("> S%d dies\n", i) }
  od
}

proctype World() {
end:
  do
#ifdef NOT_UNPAID_IS_FINAL
  :: atomic { circle[0].state == UNPAID && failed[1] -> execute() }
#endif
  :: atomic { pending(0) || pending(1) || pending(2) || pending(3) -> execute() }

  /* Nobody sleeps for an hour between looking at the clock and sending. */
#ifndef NOT_NOBODY_SLEEPS_AN_HOUR
  :: atomic { hours > 0 && nobody_holds -> hours--; an_hour() }
#else
  :: atomic { hours > 0 -> hours--; an_hour() }
#endif
  :: atomic { cancels > 0 && db.state == PLANNED && ended_unpaid -> cancels--;
       printf("> an operator cancels what nothing is on its way for: failed(%d)\n", db.generation);
       end_as(FAILED, db.generation) }
  :: atomic { retries > 0 && db.state == FAILED && db.generation < GENERATIONS -> retries--; db.generation++; db.sends = 0;
#ifndef NO_REVIEW_AFTER_RESTORE
       if :: db.restored -> db.state = REVIEW :: else -> db.state = PLANNED fi;
#else
       db.state = PLANNED;
#endif
       printf("> an operator retries: %e(%d)\n", db.state, db.generation) }
  :: atomic { db.state == REVIEW && nobody_holds && paid > 0 -> review_resolve() }
#ifndef NO_COMPARE_FAILED_AFTER_RESTORE
  /* After a restore also what says failed: a later generation of it may be forgotten. */
  :: atomic { db.state == FAILED && db.restored && nobody_holds && paid > 0 -> review_resolve() }
#endif

  :: atomic { restores > 0 -> printf("> a backup is taken\n"); copy(backup, db) }
  :: atomic { restores > 0 -> restores--; copy(db, backup); copy(backup, blank); memory[1] = NONE; memory[2] = NONE;
       printf("> Postgres is restored, old processes are stopped\n");
       db.restored = 1;
#ifndef NO_REVIEW_AFTER_RESTORE
       if :: db.state == PLANNED -> db.state = REVIEW; close_send(); printf(">> what was open goes to review\n") :: else fi
#endif
     }
  :: atomic { !calm -> calm = 1; printf("> the faults stop\n");
       crashes = 0; lost = 0; denials = 0; cancels = 0; retries = 0; restores = 0; copy(backup, blank) }
  od
}

init {
  atomic {
    db.state = NOTHING; backup.state = NOTHING; blank.state = NOTHING;
    run Commits(); run Instance(1); run Instance(2); run World(); run Watch()
  }
}
