/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long things live: kernel/channel.c, half.c, watchdog.c, and what upcall.c counts. A kernel half that is
 * registered and unregistered; two user halves, the second to attach as soon as it may; callers; for each
 * channel its watchdog, and the work that kills a process which does not end.
 *
 * What state.mutex or registry_lock covers is one step. Conversations are not modelled: see turns.pml.
 *
 * Shown, for each order, with death at any moment:
 *   - a channel is not touched after it was freed, and is freed in the end; so is the state;
 *   - two user halves never serve calls at the same time: the second waits for what the first has left;
 *   - when what points into the kernel half's module goes, no call is inside, and none looks at it later;
 *   - unregistering ends.
 */
#define NONE	2
#define CALLERS	2
#ifndef CALLS
#define CALLS	1
#endif

byte users[2];
bool freed[2], attached[2], condemned[2], quit[2], released[2], late[2], watching[2];
bool armed[2];			/* the timer, or its work, is under way */
bool served[2];			/* its one worker is idle */
byte inside[2];			/* calls in state.calls */

byte st_channel = NONE, st_ref = 1, ncalls;
bool dying, forgotten, no_more, begun, st_freed, cancelled[2];
byte ended;

#define usable(k)	(k != NONE && !condemned[k] && !quit[k])

inline touch(k)
{
	assert(!freed[k])
}

inline state_put()
{
	assert(st_ref > 0);
	st_ref--;
	if
	:: st_ref == 0 -> st_freed = true
	:: else
	fi
}

inline put(k)
{
	touch(k);
	assert(users[k] > 0);
	users[k]--;
	if
	:: users[k] == 0 ->
		freed[k] = true;
		if
		:: attached[k] -> state_put()
		:: else
		fi
	:: else
	fi
}

inline limit_end(k)
{
	if
#ifdef BREAK_LATE
	:: !late[k] -> late[k] = true; users[k]++
#else
	:: !released[k] && !late[k] -> late[k] = true; users[k]++
#endif
	:: else
	fi
}

/* channel_condemn() without what it does to callers, who look */
inline condemn(k)
{
	d_step {
		touch(k);
		assert(!st_freed);
		if
		:: !condemned[k] -> condemned[k] = true; limit_end(k)
		:: else
		fi
	}
}

/* ---- a process with a channel ---- */

proctype File(byte k)
{
	/* they are alike: number 1 is the one that attaches later */
	atomic { (k == 0 || attached[0] || freed[0]) -> users[k] = 1 }
	/* ATTACH, again and again */
	do
	:: atomic {
		!dying && !forgotten && !attached[k] &&
#ifdef BREAK_ATTACH
		(st_channel == NONE || (condemned[st_channel] && inside[st_channel] == 0)) ->
#else
		(st_channel == NONE || condemned[st_channel]) && ncalls == 0 ->
#endif
		assert(inside[1 - k] == 0);
		assert(!st_freed);
		attached[k] = true;
		st_ref++;
		st_channel = k;
		served[k] = true
	   }
	   break
	:: dying || forgotten -> goto close
	:: goto close			/* it gives up, or is killed */
	od;
	if
	:: quit[k] || condemned[k]	/* told, or killed */
	:: true				/* it dies, of itself or late */
	fi;
close:	/* release */
	if
	:: attached[k] ->
		condemn(k);
		atomic {
			released[k] = true;
			if
			:: st_channel == k -> st_channel = NONE
			:: else
			fi
		}
		atomic {
			/* cancel_delayed_work_sync() */
			if
			:: late[k] -> late[k] = false; put(k)
			:: else
			fi;
			cancelled[k] = true
		}
	:: else
	fi;
	atomic { put(k); ended++ }
}

/* channel_late() */
proctype Late(byte k)
{
end:	do
	:: atomic { late[k] -> assert(!cancelled[k]); late[k] = false; put(k) }
	od
}

/* watchdog_look(), watchdog_verdict() */
proctype Watchdog(byte k)
{
	bool again;
end:	do
	:: atomic {
		armed[k];
		touch(k);
		/* it looks; and has seen something, or that it is quiet, or that it is condemned */
		if
		:: condemn(k)
		:: condemned[k] || ncalls == 0
		fi
	   }
		atomic {
			touch(k);
			assert(!st_freed);
			again = !condemned[k] && ncalls > 0;
			watching[k] = again
		}
		if
		:: again
		:: else ->
			/* call_begin() may arm it again meanwhile, with a user of its own */
			atomic {
#ifndef BREAK_WATCH
				put(k);
#endif
				armed[k] = watching[k]
			}
		fi
	od
}

/* ---- callers ---- */

proctype Caller(byte me)
{
	byte calls = 0, ch;
	bool on;

	do
	:: calls == CALLS -> break
	:: no_more -> break		/* the driver has left its bus: none begins */
	:: atomic {
		calls < CALLS && !no_more && (me == 0 || begun || CALLS > 1) ->
		calls++;
		begun = true;	/* they are alike: number 1 is the one that begins later */
		assert(!st_freed);
		on = false;
		ch = NONE;
#ifndef BREAK_COUNT
		ncalls++;
#endif
		/* call_begin() */
		if
		:: !usable(st_channel) || dying -> goto failed
		:: else -> ch = st_channel; users[ch]++
		fi
	   }
	   /* idle_worker() */
	   atomic {
		served[ch] || !usable(ch);
		touch(ch);
		if
		:: !usable(ch) -> goto failed
		:: else
		fi;
		served[ch] = false;
		assert(!forgotten);
#ifdef BREAK_COUNT
		ncalls++;
#endif
		on = true;
		inside[ch]++;
		if
		:: !watching[ch] ->
			watching[ch] = true;
#ifndef BREAK_WATCH
			users[ch]++;
#endif
			armed[ch] = true
		:: else
		fi
	   }
	   /* it is served, or the channel condemned; its downcalls take long, and lead to upcalls */
	   atomic {
		touch(ch);
		assert(!forgotten);
		if
		:: usable(st_channel) -> assert(st_channel == ch)
		:: else
		fi;
		if
		:: !condemned[ch] -> goto leave
		:: condemned[ch]
		fi
	   }
	   /* abort_call(): into the ledger */
failed:	   assert(!forgotten && !st_freed);
leave:	   atomic {
		assert(!st_freed);
		if
		:: on -> inside[ch]--; served[ch] = true
		:: else
		fi;
#ifdef BREAK_COUNT
		if
		:: on -> ncalls--
		:: else
		fi;
#else
		ncalls--;
#endif
		if
		:: ch != NONE -> put(ch)
		:: else
		fi
	   }
	od;
	ended++
}

/* tandem_half_unregister() */
proctype Unregister()
{
	byte ch;

	no_more = true;
	atomic {
		dying = true;
		ch = st_channel;
#ifndef BREAK_UNREGISTER
		if
		:: ch != NONE -> users[ch]++
		:: else
		fi
#endif
	}
	ncalls == 0;
	/* ledger_undo_all() */
	assert(inside[0] + inside[1] == 0);
	if
	:: ch != NONE ->
		d_step { touch(ch); quit[ch] = true; limit_end(ch) }
		touch(ch);
#ifndef BREAK_UNREGISTER
		atomic { put(ch) }
#endif
	:: else
	fi;
	atomic {
		assert(inside[0] + inside[1] == 0);
		st_channel = NONE;
		forgotten = true
	}
	atomic { state_put() }
	/* nothing is left */
	ended == CALLERS + 2;
	(!armed[0] && !armed[1] && !late[0] && !late[1]);
	assert(freed[0] && freed[1] && st_freed)
}

init
{
	atomic {
		run File(0); run File(1);
		run Late(0); run Late(1);
		run Watchdog(0); run Watchdog(1);
		run Caller(0); run Caller(1);
		run Unregister()
	}
}
