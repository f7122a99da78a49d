/*
 * One payment, from Kafka to Kafka, and everything that can go wrong with it. README.md beside this file tells how to read it.
 *
 * Every `atomic` block is one step that a crash can only precede or follow: a commit, a POST, an execution on chain.
 * Every rule of the protocol stands in one #ifdef and is switched off by -DNO_<RULE>. Faults have budgets; "the faults
 * stop" sets them to nothing, and whatever can still happen then must bring the payment to its end.
 */
#include "budgets.pml"

mtype = { NOTHING, PLANNED, VOIDING, REVIEW, COMPLETED, FAILED };    /* states and outcomes; NOTHING: not known */
mtype = { PAY, VOID };                                               /* what is sent */
mtype = { PAID, REFUSED, VOIDED, SKIPPED_PAID, SKIPPED_CLOSED, STRANGERS_VOIDED };  /* what the chain logs */

/* ------------------------------------------------------------------ Postgres: all of it may be restored */

typedef Database {
  byte offset;                       /* kafka_offsets: the next record to accept */
  mtype state; byte generation;
  mtype intent;                      /* what is to be sent: PAY, VOID or NOTHING */
  bit wallet;                        /* the payer's wallet in the terms of this generation */
  bit sent; bit answered;            /* it travels in a stored send; the provider has taken that send */
  mtype outcome[GENERATIONS_END];    /* payment_outcomes, and their rows in the outbox */
  bit published[GENERATIONS_END];
  byte id[GENERATIONS_END];          /* the event id; 0: derived from payment, generation and kind */
  byte cursor; bit stored[LOGS];     /* chain_cursors, chain_events */
  bit restored;                      /* deployment.restored_at: the payment is older than a restore */
  bit hold;                          /* a restore was noticed and is not confirmed yet */
};
Database db, backup, blank;

inline copy(to, from) {
  d_step {
  to.offset = from.offset; to.state = from.state; to.generation = from.generation; to.intent = from.intent;
  to.wallet = from.wallet; to.sent = from.sent; to.answered = from.answered; to.cursor = from.cursor;
  to.restored = from.restored; to.hold = from.hold;
  for (n : 1 .. GENERATIONS) {
    to.outcome[n] = from.outcome[n]; to.published[n] = from.published[n]; to.id[n] = from.id[n]
  }
  for (n : 0 .. LOGS - 1) { to.stored[n] = from.stored[n] }
  n = 0
  }
}

/* ------------------------------------------------------------------ the world: never restored */

byte kafkaOffset;                    /* where the consumer group stands; record 0 is our task, the others are not */
bit topicFailed[GENERATIONS_END]; bit topicCompleted[GENERATIONS_END];  /* what was published, and under which id */
byte topicId = NO_ID;

bit payInFlight[2 * GENERATIONS_END];    /* by generation and wallet: the provider has it and may execute it */
bit voidInFlight[GENERATIONS_END];

typedef Log { mtype kind; byte generation; bit wallet };
Log log[LOGS]; byte logs;            /* our PayOnce instance's logs (and a stranger's), in the chain's order */
byte paid; bit paidIn[GENERATIONS_END]; bit paidFrom[2]; byte closedBelow;   /* its slot; `closedBelow` is the floor */

bit ineligible; bit wallet;          /* today's directory */

typedef Memory { mtype kind; byte generation; bit wallet; mtype event; byte eventOf; byte eventId };
Memory memory[3];                    /* of S1 and S2: a send about to be POSTed, an event about to be published */

byte n, k, found;                    /* scratch, always 0 between steps */

#define ofSend(g, w) (2 * (g) + (w))
#define unresolved (db.state == PLANNED || db.state == VOIDING || db.state == REVIEW)
#define closes(j) (log[j].kind == VOIDED || log[j].kind == SKIPPED_CLOSED)
#define carries(m) (db.sent && m.kind == db.intent && m.generation == db.generation && m.wallet == db.wallet)

/* ------------------------------------------------------------------ properties */

inline broken(letter) { printf("broken %c\n", letter); assert(false) }

inline check_paid(g) {               /* at the moment at which money moves */
  if :: paid > 1 -> broken('a') :: else fi;
  if :: topicFailed[g] -> broken('b') :: else fi
}
inline check_published(kind, g, i) { /* at the moment at which an event reaches Kafka */
  if :: kind == FAILED && paidIn[g] -> broken('b') :: else fi;
  if :: topicFailed[g] && topicCompleted[g] -> broken('c') :: else fi;
  if
  :: kind == COMPLETED ->
     for (n : 1 .. GENERATIONS) { if :: topicCompleted[n] && n != g -> broken('g') :: else fi };
     n = 0;
     if :: topicId != NO_ID && topicId != i -> broken('g') :: else -> topicId = i fi
  :: else
  fi
}
inline check_end() {                 /* nothing more can happen */
  if :: paid > 0 && db.state == REVIEW -> broken('e') :: else fi;
  if :: paid > 0 && db.state != COMPLETED -> broken('f') :: else fi;
  if :: db.state != COMPLETED && db.state != FAILED -> broken('d') :: else fi;
  for (n : 1 .. GENERATIONS) {
    if :: db.outcome[n] == FAILED && !topicFailed[n] -> broken('d') :: else fi;
    if :: db.outcome[n] == COMPLETED && !topicCompleted[n] -> broken('d') :: else fi
  };
  n = 0
}

/* ------------------------------------------------------------------ what a commit decides */

inline decide(kind, which) {             /* payment_outcomes and the outbox row: one per generation */
  if
#ifndef NO_ONE_OUTCOME_PER_GENERATION
  :: db.outcome[which] != NOTHING -> skip
#endif
  :: else ->
     db.outcome[which] = kind; db.published[which] = 0;
#ifdef NO_DERIVED_EVENT_IDS
     db.id[which] = restoresDone + 1
#endif
  fi
}
inline end_as(kind, which) {
  db.state = kind; db.generation = which; db.intent = NOTHING; db.sent = 0; db.answered = 0; decide(kind, which)
}
inline review_for_a_person() { db.state = REVIEW; db.intent = NOTHING; db.sent = 0; db.answered = 0 }
inline free_to_travel() { db.sent = 0; db.answered = 0 }

inline judge_paid(j) {               /* src/payment/judge.ts, judgePaid: a Paid of any generation is ours */
  found = (log[j].generation > db.generation -> log[j].generation : db.generation);
  if
  :: db.state == COMPLETED -> skip
#ifdef NO_PAID_OF_ANY_GENERATION
  :: db.state != COMPLETED && log[j].generation != db.generation -> skip
#endif
#ifdef NO_PAID_COMPLETES_ANY_STATE
  :: db.state == VOIDING -> aborted = 1          /* the row count does not match, and the cursor stays */
#endif
  :: else -> if
     :: db.state == FAILED && !(db.restored && found > db.generation) -> review_for_a_person()
     :: else -> if
#ifndef NO_ONE_OUTCOME_PER_GENERATION
        :: db.outcome[found] == FAILED -> review_for_a_person()
#endif
        :: else -> if
#ifndef NO_CHAINS_TERMS_AFTER_RESTORE
           :: log[j].wallet == db.wallet || db.restored -> end_as(COMPLETED, found)
#else
           :: log[j].wallet == db.wallet -> end_as(COMPLETED, found)
#endif
           :: else -> review_for_a_person()
           fi
        fi
     fi
  fi;
  found = 0
}
inline judge_closed(j) {             /* judgeClosed: this generation and all below can never be paid again */
  if
#ifndef NO_MATCH_GENERATION
  :: unresolved && log[j].generation >= db.generation ->
#else
  :: unresolved ->
#endif
     if
     :: db.outcome[db.generation] == COMPLETED -> review_for_a_person()
     :: else -> end_as(FAILED, db.generation)
     fi
  :: else
  fi
}
inline consult_paid() {              /* Skipped(paid): the stored Paid decides */
  d_step {
#ifndef NO_STORED_LOGS_CONSULTED
  for (n : 0 .. LOGS - 1) { if :: db.stored[n] && log[n].kind == PAID -> judge_paid(n) :: else fi };
  n = 0
#else
  skip
#endif
  }
}
inline judge(j) {                    /* what log j means for the payment */
  if
  :: db.state == NOTHING -> skip     /* only stored, for the commit that will create the payment */
  :: else -> if
     :: log[j].kind == PAID -> judge_paid(j)
     :: log[j].kind == VOIDED -> judge_closed(j)
#ifndef NO_SKIPPED_CARRIES_SLOT
     :: log[j].kind == SKIPPED_CLOSED -> judge_closed(j)
     :: log[j].kind == SKIPPED_PAID -> consult_paid()
#endif
#ifdef NO_MATCH_INSTANCE
     :: log[j].kind == STRANGERS_VOIDED -> judge_closed(j)
#endif
     :: log[j].kind == REFUSED && db.intent == PAY && log[j].generation == db.generation ->
        if
        :: free_to_travel()                                                       /* tries are left */
        :: free_to_travel(); db.intent = VOID;                                    /* tries used up, or blocked */
           if :: db.state == PLANNED -> db.state = VOIDING :: else fi
        fi
     :: else -> skip
     fi
  fi
}
inline consult_stored() {            /* settlement/adopt-stored.ts, within the commit that creates or retries */
#ifdef NO_STORED_LOGS_CONSULTED
  skip
#else
  d_step {
  for (k : 0 .. LOGS - 1) {
    if
    :: db.stored[k] && log[k].kind == PAID -> judge_paid(k)
    :: db.stored[k] && closes(k) && log[k].generation >= db.generation -> judge_closed(k)
    :: else
    fi
  };
  k = 0
  }
#endif
}
inline plan(which) {
  db.state = PLANNED; db.generation = which; db.intent = PAY; db.wallet = wallet; db.sent = 0; db.answered = 0
}

#include "service.pml"
#include "world.pml"
