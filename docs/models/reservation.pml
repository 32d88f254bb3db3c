/* The reservation, from reserve to row, through crashes: what docs/models/README.md explains.

   A few requests, up to two attempts each, under one limit with a window and one balance; a journal
   of two small files before a database; an operator who revokes the key, changes the limit and lets
   the window turn; writes that fail; and an end of the process, or of the power, at any moment.
   Each atomic step is what the code does under one lock or in one transaction. SPIN visits every
   order of them.

   PROCESS: durability "process" (what is written survives), else "full" (only what is synced does).
   A line with MUTANT_… is a mistake that a run must find: script/model --mutants. */

#ifndef REQUESTS
#define REQUESTS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAULTS
#define FAULTS 1          /* writes or syncs that fail */
#endif
#ifndef TRAFFIC
#define TRAFFIC 0         /* rows of requests that nothing guards */
#endif
#define ROOM 4            /* records in a file of the journal */
#define AMOUNT 4          /* of the limit, at first */
#define GRANTED 5         /* of the prepaid balance */

/* A record of the journal; 0: none. A note says what its request holds, a row what it cost. */
#define NOTE(r, bound) (1 + (r) * 8 + (bound))
#define ROW(r, cost) (65 + (r) * 8 + (cost))
#define OTHERS_ROW 255    /* in the database already */
#define is_row(record) ((record) > 64)
#define request_of(record) ((((record) - 1) % 64) / 8)
#define amount_of(record) (((record) - 1) % 8)

mtype = { idle, held, ready, sent, failed, rebound, ended, done, refused, dead };

/* --- what happens outside, and is never forgotten --- */

bool reached[REQUESTS];   /* the upstream's own log */
byte owed[REQUESTS];      /* when the process ended: the most that the upstream may ask for it */
byte allowed[2];          /* by window: the highest amount that was in force in it */
byte sendable[REQUESTS];  /* when the key was revoked: the attempt that was admitted already */

/* --- memory: lost in a crash (ledger/budgets.h, live_keys.h, settlements.h) --- */

bool up = true;
mtype pc[REQUESTS] = idle;
byte attempt[REQUESTS];
byte bound[REQUESTS];     /* of the attempt */
byte spent[REQUESTS];     /* by the attempts that ended */
byte ask[REQUESTS];       /* spent + bound */
byte holds[REQUESTS];     /* what of the budgets is its own */
byte window[REQUESTS];    /* of its admission */
byte promised[REQUESTS];  /* the note that is durable; 0: none */
bool pending[REQUESTS];   /* its record is written and not yet synced */
byte settled[2], held_of[2];
byte charged, held_balance;

/* --- durable facts --- */

bool usable = true;       /* the key */
byte amount = AMOUNT;     /* the limit's */
byte now = 0;             /* the window that it is */
byte stored[REQUESTS];    /* the database's row: its cost + 1; 0: none */
byte rows[REQUESTS];      /* how many it has */

/* --- the journal (ledger/journal.h): two files, and how far it is with them --- */

byte slot[2 * ROOM];
byte generation[2];       /* in the header; 0: never begun */
byte current, end;
byte left_at;             /* where the other one ended; 0: nothing in it counts any more */
byte synced_current, synced_end;
bool turning;             /* a turn failed: nothing goes into the current file before the next one */
bool begun;               /* the other file was begun since the last sync, over what it … */
byte was[ROOM];           /* … had on the disk */
byte behind;              /* on the disk at synced_end, whatever memory says: what was refused */
byte faults = FAULTS;

#define other (1 - current)
#define in(file, place) slot[(file) * ROOM + (place)]
#define is_stored(record) (!is_row(record) || record == OTHERS_ROW || stored[request_of(record)] != 0)
#define may_go(place) ((place) >= left_at || is_stored(in(other, place)))
#define all_stored (may_go(0) && may_go(1) && may_go(2) && may_go(3))
#if REQUESTS == 2
#define each(what) (what(0) && what(1))
#define notes ((promised[0] != 0) + (promised[1] != 0))
#define in_window(w) (cost_in(0, w) + cost_in(1, w))
#else
#define each(what) (what(0) && what(1) && what(2))
#define notes ((promised[0] != 0) + (promised[1] != 0) + (promised[2] != 0))
#define in_window(w) (cost_in(0, w) + cost_in(1, w) + cost_in(2, w))
#endif
#define not_pending(r) !pending[r]
#define is_over(r) (pc[r] == done || pc[r] == refused || pc[r] == dead)
#define cost_in(r, w) (stored[r] != 0 && window[r] == w -> stored[r] - 1 : 0)
#define nothing_pending each(not_pending)

/* An append fits the current file, or the other one may be overwritten for it: the database has its
   rows, or they were taken back with a turn whose sync failed. */
#define fits_current (!turning && end < ROOM)
#define fits_two (!turning && end + 1 < ROOM)
#ifdef PROCESS
#define all_synced true
#else
#define all_synced (current == synced_current && end == synced_end)
#endif
#define can_turn (all_synced && all_stored)
#define can_append (fits_current || can_turn)
/* Notes are written anew at every turn: half a file is theirs. */
#define has_room(r) (notes - (promised[r] != 0) < ROOM / 2)

#define fits(more) (settled[now] + held_of[now] + (more) <= amount && \
                    charged + held_balance + (more) <= GRANTED)
#define fits_grown(r, bigger) \
  (settled[window[r]] + held_of[window[r]] - holds[r] + (bigger) <= amount && \
   charged + held_balance - holds[r] + (bigger) <= GRANTED)

inline hold(r, much) {
  held_of[window[r]] = held_of[window[r]] - holds[r] + much;
  held_balance = held_balance - holds[r] + much;
  holds[r] = much
}

inline end_as(r, how) {
  pc[r] = how;
  attempt[r] = 0; bound[r] = 0; ask[r] = 0  /* not looked at any more: fewer states */
}

/* What follows a record that is overwritten cannot be read any more: its checksum is chained. */
inline write(file, place, record) {
  in(file, place) = record;
  i = place + 1;
  do
  :: i < ROOM -> in(file, i) = 0; i++
  :: else -> break
  od
}

/* What was refused may still stand behind the end of a file that is left; synced, before the other
   file is begun. */
inline close_tail() {
#ifndef MUTANT_TAIL_LEFT_OPEN
  if
  :: end < ROOM -> write(current, end, 0)
  :: else
  fi;
#ifndef MUTANT_TAIL_UNSYNCED
  behind = 0
#endif
#else
  skip
#endif
}

/* Journal::turn(): the other file begins with the notes that still matter. May fail on the way. */
inline turn() {
  close_tail();
#ifndef PROCESS
  if
  :: !begun ->
     i = 0;
     do
     :: i < ROOM -> was[i] = in(other, i); i++
     :: else -> break
     od;
     begun = true
  :: else
  fi;
#endif
  generation[other] = 2;  /* only their order matters */
  generation[current] = 1;
  write(other, 0, 0);
  failing = false;
  place = 0;
  q = 0;
  do
  :: q < REQUESTS && promised[q] != 0 ->
#ifndef MUTANT_NOTES_LEFT_BEHIND
     write(other, place, NOTE(q, promised[q]));
     place++;
#endif
     q++;
     if
     :: faults > 0 -> faults--; failing = true; break
     :: true
     fi
  :: q < REQUESTS && promised[q] == 0 -> q++
  :: q == REQUESTS -> break
  od;
  if
  :: failing ->
#ifndef MUTANT_TURN_FORGOTTEN
     turning = true
#else
     skip
#endif
  :: else ->
     left_at = end; current = other; end = place; turning = false
  fi
}

/* Settlements::keep() and hand_over(): the record of r is durable. */
inline durable(r) {
  if
  :: pc[r] == ended ->
     charge(r, spent[r]);
     promised[r] = 0;
     end_as(r, done)
  :: pc[r] == held || pc[r] == rebound ->
     promised[r] = ask[r];
     hold(r, ask[r]);     /* a smaller bound frees something only now */
     pc[r] = ready
  :: else
  fi
}

inline charge(r, cost) {
  hold(r, 0);
#ifdef MUTANT_WINDOW_OF_NOW
  settled[now] = settled[now] + cost;
  window[r] = now;
#else
  settled[window[r]] = settled[window[r]] + cost;
#endif
  charged = charged + cost;
  check_caps()
}

inline check_caps() {
  assert(settled[0] <= allowed[0] && settled[1] <= allowed[1]);
  assert(charged <= GRANTED)
}

/* The note could not be made durable: 503, or no further attempt. */
inline give_up(r) {
  if
  :: pc[r] == held ->
#ifndef MUTANT_HOLD_LEAKED
     hold(r, 0);
#endif
     end_as(r, refused)
  :: pc[r] == rebound -> pc[r] = ended
  :: else                 /* a row stays in line */
  fi
}

/* One record into the journal; with PROCESS it is durable by that. */
inline append(r, record) {
  if
  :: fits_current -> failing = false
  :: else -> turn()
  fi;
  if
  :: failing -> give_up(r)
  :: else ->
     write(current, end, record);
     end++;
#ifdef PROCESS
     durable(r)
#else
#ifdef MUTANT_SETTLED_UNSYNCED
     if
     :: pc[r] == ended -> durable(r)
     :: else -> pending[r] = true
     fi
#else
     pending[r] = true
#endif
#endif
  fi
}

/* The journal is everybody's: rows of other requests, twice as large here, make it turn. */
proctype Traffic() {
  byte left = TRAFFIC, i, q, place;
  bool failing;
end_here:
  do
  :: atomic {
       up && left > 0 && (fits_two || can_turn) ->
       left--;
       if
       :: fits_two -> failing = false
       :: else -> turn()
       fi;
       if
       :: failing
       :: else ->
          write(current, end, OTHERS_ROW);
          write(current, end + 1, OTHERS_ROW);
          end = end + 2
       fi;
       i = 0; q = 0; place = 0; failing = false
     }
  od
}

inline forget_what_was() {
  begun = false;
  was[0] = 0; was[1] = 0; was[2] = 0; was[3] = 0
}

#define is_in(r) (pc[r] != done || stored[r] != 0)
inline store(r, cost) {
#ifdef MUTANT_STORED_TWICE
  rows[r]++;
  stored[r] = cost + 1;
#else
  if
  :: stored[r] == 0 -> rows[r]++; stored[r] = cost + 1
  :: else
  fi;
#endif
  assert(rows[r] <= 1)
}

/* One request, from reserve to its row. */
proctype Request(byte r) {
  byte i, q, place, more;
  bool failing;
end_here:
  do
  /* Ledger::reserve(), LiveKeys::admit(): key, limit and balance in one step. */
  :: atomic {
       up && pc[r] == idle && (r == 0 || pc[r - 1] != idle) ->
       if
       :: more = 1
       :: more = 3
       fi;
       if
       :: usable && fits(more) ->
          window[r] = now;
          hold(r, more);
          bound[r] = more;
          ask[r] = more;
          attempt[r] = 1;
          pc[r] = held
       :: else -> pc[r] = refused
       fi;
       more = 0
     }
  /* Settlements::promise_now(), or push(Promise) and the recorder. */
  :: atomic {
       up && (pc[r] == held || pc[r] == rebound) && !pending[r] && has_room(r) && can_append ->
       append(r, NOTE(r, ask[r]));
       i = 0; q = 0; place = 0; failing = false
     }
  :: atomic {
       up && (pc[r] == held || pc[r] == rebound) && !pending[r] && !has_room(r) -> give_up(r)
     }
  /* gateway/: the attempt goes out. */
  :: atomic {
#ifdef MUTANT_SENT_BEFORE_DURABLE
       up && (pc[r] == ready || (pc[r] == held && pending[r])) ->
       pending[r] = false;
#else
       up && pc[r] == ready ->
#endif
       assert(usable || sendable[r] == attempt[r]);
       reached[r] = true;
       pc[r] = sent
     }
  /* It ends: answered, failed without a cost, or lost at an estimate. */
  :: atomic {
       up && pc[r] == sent ->
       if
       :: pc[r] = ended
       :: spent[r] = ask[r]; pc[r] = ended
       :: attempt[r] < 2 -> pc[r] = failed
       :: attempt[r] < 2 -> spent[r] = spent[r] + 1; pc[r] = failed
       fi
     }
  /* Ledger::rebind(): the key again, and the new bound beside what was spent, in the window of its
     admission; or no further attempt. */
  :: atomic {
       up && pc[r] == failed ->
       if
       :: more = 1
       :: more = 3
       fi;
       if
#ifdef MUTANT_REVOKED_KEY_REBINDS
       :: fits_grown(r, spent[r] + more) ->
#else
       :: usable && fits_grown(r, spent[r] + more) ->
#endif
          bound[r] = more;
          ask[r] = spent[r] + more;
          attempt[r] = 2;
          pc[r] = rebound;
          if
#ifdef MUTANT_SMALLER_BOUND_FREES_AT_ONCE
          :: true -> hold(r, ask[r])
#else
          :: ask[r] > holds[r] -> hold(r, ask[r])
#endif
          :: else
          fi
       :: else -> pc[r] = ended
       fi;
       more = 0
     }
  /* Settlements::settle(), then record_now() or the recorder. */
  :: atomic {
       up && pc[r] == ended && !pending[r] && can_append ->
       append(r, ROW(r, spent[r]));
       i = 0; q = 0; place = 0; failing = false
     }
  od
}

/* Settlements::append_some() under "full": a sync is good for all that was written before it. */
proctype Recorder() {
  byte r;
end_here:
  do
  :: atomic {
       up && !all_synced ->
       r = 0;
       do
       :: r < REQUESTS && pending[r] -> pending[r] = false; durable(r); r++
       :: r < REQUESTS && !pending[r] -> r++
       :: r == REQUESTS -> break
       od;
       r = 0;
       synced_current = current;
       synced_end = end;
       behind = 0;
       forget_what_was()
     }
  /* Journal::rewind(): back to the last good sync; what was written stays where it is. */
  :: atomic {
       up && !all_synced && faults > 0 ->
       faults--;
       r = 0;
       do
       :: r < REQUESTS && pending[r] -> pending[r] = false; give_up(r); r++
       :: r < REQUESTS && !pending[r] -> r++
       :: r == REQUESTS -> break
       od;
       r = 0;
       if
       :: current != synced_current ->
#ifndef MUTANT_TURN_FORGOTTEN
          turning = true;
#endif
          left_at = 0;    /* of the one that was turned to */
          current = synced_current
       :: else
       fi;
       end = synced_end;
       if
       :: end < ROOM -> behind = in(current, end)
       :: behind != 0    /* the disk has not heard of it yet */
       :: else
       fi
     }
  od
}

/* The writer's batch: rows follow into the database, a row's window with it. */
proctype Writer() {
  byte r;
end_here:
  do
  :: atomic {
       up && !(each(is_in)) ->
       r = 0;
       do
       :: r < REQUESTS && !is_in(r) -> store(r, spent[r]); r++
       :: r < REQUESTS && is_in(r) -> r++
       :: r == REQUESTS -> break
       od;
       r = 0
     }
  od
}
/* What people do, each once, at any time: also when all has ended, which is as good as never. */
proctype Operator() {
  byte r;
  bool revoked, turned, changed;
end_here:
  do
  :: atomic {
       up && !revoked ->
       revoked = true;
       usable = false;
       r = 0;
       do
       :: r < REQUESTS && (pc[r] == held || pc[r] == ready || pc[r] == rebound) ->
          sendable[r] = attempt[r];
          r++
       :: r < REQUESTS && pc[r] != held && pc[r] != ready && pc[r] != rebound -> r++
       :: r == REQUESTS -> break
       od;
       r = 0
     }
  :: atomic {
       up && !turned ->
       turned = true;
       now = 1;
       allowed[1] = amount
     }
  :: atomic {
       up && !changed ->
       changed = true;
       if
       :: amount = AMOUNT - 3
       :: amount = AMOUNT + 1
       fi;
       if                 /* for another attempt of what was admitted in the first window too */
       :: amount > allowed[0] -> allowed[0] = amount
       :: else
       fi;
       if
       :: now == 1 && amount > allowed[1] -> allowed[1] = amount
       :: else
       fi
     }
  od
}

inline forget_memory() {
  r = 0;
  do
  :: r < REQUESTS ->
     if
     :: pc[r] == sent || pc[r] == rebound -> owed[r] = (reached[r] -> spent[r] : 0) +
                                             (pc[r] == sent -> bound[r] : 0); end_as(r, dead)
     :: pc[r] == failed || pc[r] == ended -> owed[r] = spent[r]; end_as(r, dead)
     :: pc[r] == held -> end_as(r, dead)
     :: pc[r] == ready -> owed[r] = spent[r]; end_as(r, dead)
     :: else
     fi;
     holds[r] = 0;
     promised[r] = 0;
     pending[r] = false;
     r++
  :: else -> break
  od;
  held_of[0] = 0; held_of[1] = 0; held_balance = 0;
  settled[0] = 0; settled[1] = 0; charged = 0
}

/* Of what is not synced some beginning survives, or what was refused before it. */
inline lose_power() {
  if
  :: begun && synced_current == 0 -> lose_file(1)
  :: begun && synced_current == 1 -> lose_file(0)
  :: else
  fi;
  i = synced_end;
  do
  :: i == synced_end && behind != 0 -> in(synced_current, i) = behind; i++; break
  :: i < ROOM && in(synced_current, i) != 0 -> i++
  :: i < ROOM -> in(synced_current, i) = 0; break
  :: i >= ROOM -> break
  od;
  close_gap(synced_current)
}
inline lose_file(file) {
  if
  :: i = 0;
     do
     :: i < ROOM -> in(file, i) = was[i]; i++
     :: else -> break
     od;
     generation[file] = 1;
     generation[1 - file] = 2
  :: i = 0;
     do
     :: i < ROOM && in(file, i) != 0 -> i++
     :: i < ROOM -> in(file, i) = 0; break
     :: i >= ROOM -> break
     od;
     close_gap(file)
  fi
}
inline close_gap(file) {
  do
  :: i < ROOM -> in(file, i) = 0; i++
  :: else -> break
  od
}

/* Journal::open(): the older file first. */
inline read_journal() {
  r = 0;
  do
  :: r < REQUESTS -> bounds[r] = 0; costs[r] = 0; r++
  :: else -> break
  od;
  newer = (generation[0] > generation[1] -> 0 : 1);
  i = 0;
  do
  :: i < ROOM && in(1 - newer, i) != 0 -> read(in(1 - newer, i)); i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < ROOM && in(newer, i) != 0 -> read(in(newer, i)); i++
  :: else -> break
  od;
  i = 0
}
inline read(record) {
  if
  :: record == OTHERS_ROW
  :: is_row(record) && record != OTHERS_ROW -> costs[request_of(record)] = amount_of(record) + 1
  :: else -> bounds[request_of(record)] = amount_of(record)
  fi
}
inline store_what_was_read() {
  r = 0;
  do
  :: r < REQUESTS ->
     if
     :: costs[r] != 0 -> store(r, costs[r] - 1)
#ifndef MUTANT_ORPHANS_FREED
     :: costs[r] == 0 && bounds[r] != 0 -> store(r, bounds[r])
#endif
     :: else
     fi;
     r++
  :: else -> break
  od;
  r = 0
}
inline clear(file) {
  i = 0;
  do
  :: i < ROOM -> in(file, i) = 0; i++
  :: else -> break
  od;
  i = 0;
  generation[file] = 2;
  generation[1 - file] = 1
}
/* Counters come from rows, never the other way round. */
inline load() {
  r = 0;
  do
  :: r < REQUESTS ->
     if
     :: stored[r] != 0 ->
        settled[window[r]] = settled[window[r]] + stored[r] - 1;
        charged = charged + stored[r] - 1
     :: else
     fi;
     bounds[r] = 0; costs[r] = 0;
     r++
  :: else -> break
  od;
  r = 0; newer = 0
}

/* Every request that reached the upstream has its one row, for no less than it may owe; one that
   was answered to the end has exactly what it cost. */
inline check_rows() {
  r = 0;
  do
  :: r < REQUESTS ->
     assert(!reached[r] || pc[r] == idle || rows[r] == 1);
     assert(pc[r] != dead || !reached[r] || stored[r] >= owed[r] + 1);
     assert(pc[r] != done || stored[r] == spent[r] + 1);
     r++
  :: else -> break
  od;
  r = 0
}

/* After the last request nothing is held, and memory and the database agree. */
inline check_nothing_held() {
  assert(nothing_pending && notes == 0);
  assert(held_of[0] == 0 && held_of[1] == 0 && held_balance == 0);
  if
  :: each(is_in) ->
     assert(settled[0] == in_window(0) && settled[1] == in_window(1));
     assert(charged == in_window(0) + in_window(1))
  :: else
  fi
}

/* The end of the process at any moment, and of the power with it or not; then Ledger::open(). */
proctype Fate() {
  byte crashes = CRASHES, r, i, newer;
  byte bounds[REQUESTS], costs[REQUESTS];
end_here:
  do
  :: atomic {
       crashes > 0 ->
       crashes--;
       if
       :: each(is_over) -> check_nothing_held()
       :: else
       fi;
       up = false;
       forget_memory();
       if
       :: true            /* kill -9: the kernel has what was written */
#ifndef PROCESS
       :: true -> lose_power()
#endif
       fi;
       forget_what_was();
       behind = 0;
       r = 0; i = 0
     }
     /* recover(): rows first, then what was promised and has none, at its bound; one commit. */
recovery:
     atomic {
#ifdef MUTANT_CLEARED_FIRST
       read_journal();
       clear(0); clear(1)
     }
     if
     :: crashes > 0 -> crashes--; goto recovery
     :: true
     fi;
     atomic {
#else
       read_journal();
#endif
       store_what_was_read()
     }
     if
     :: crashes > 0 -> crashes--; goto recovery
     :: true
     fi;
     atomic { clear(0) }
     if
     :: crashes > 0 -> crashes--; goto recovery
     :: true
     fi;
     atomic {
       clear(1);
       generation[0] = 1;
       generation[1] = 1;
       current = 0; end = 0; left_at = 0; synced_current = 0; synced_end = 0; turning = false;
       load();
       check_rows();
       check_caps();
       up = true
     }
  od
}

/* When nothing can happen any more: all have ended, and the books agree. */
proctype Auditor() {
  byte r;
  timeout ->
  atomic {
    assert(up && each(is_over));
    check_nothing_held();
    check_rows()
  }
}

init {
  byte r;
  atomic {
    allowed[0] = AMOUNT;
    generation[0] = 1;
    generation[1] = 1;
    r = 0;
    do
    :: r < REQUESTS -> run Request(r); r++
    :: else -> break
    od;
    r = 0;
#ifndef PROCESS
    run Recorder();
#endif
#if TRAFFIC
    run Traffic();
#endif
    run Writer();
#ifndef UNATTENDED
    run Operator();
#endif
    run Fate();
    run Auditor()
  }
}
