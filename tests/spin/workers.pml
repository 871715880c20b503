/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who gets which worker: call_begin(), idle_worker(), call_leave() of kernel/upcall.c, join() of
 * kernel/worker.c, and the threads that lib/channel.c starts when it is told that none is left idle.
 *
 * What state.mutex covers is one step. Several callers; what one's downcall waits for may be another's upcall (a work item that a stop waits
 * for), or an upcall of its own. A conversation is one step here: turns.pml has what is inside. The time
 * limits of the code are left out: a caller that only a time limit would wake is an error.
 *
 * Shown, for each order, with the channel condemned at any moment:
 *   - nobody waits for ever, as long as there may be a worker for each call that waits;
 *   - a worker serves one outermost call at a time, and the calls that its downcalls cause are its own;
 *   - what is idle is idle once.
 */
#define CALLERS	3
#ifndef CALLS
#define CALLS	2
#endif
#define MAX	CALLERS		/* workers_max */
#ifndef FIRST
#define FIRST	1		/* threads that the user half begins with */
#endif
#define usable		(!condemned)
#define is_idle		(idle[0] || idle[1] || idle[2])

bool condemned;
byte nworker, nqueue, queue[CALLERS];
bool idle[MAX], asleep[CALLERS], busy[MAX];
byte finished[CALLERS];		/* calls that have returned */

/* wake_up(&ch->waiting): the first one, which leaves the queue. */
inline wake_one()
{
	d_step {
		if
		:: nqueue > 0 ->
			asleep[queue[0]] = false;
			nqueue--;
			queue[0] = queue[1];
			queue[1] = queue[2];
			queue[2] = 0
		:: else
		fi
	}
}

inline queue_up()
{
	d_step {
		if
		:: nqueue > 0 && queue[0] == me
		:: nqueue > 1 && queue[1] == me
		:: nqueue > 2 && queue[2] == me
		:: else -> queue[nqueue] = me; nqueue++
		fi;
		asleep[me] = true
	}
}

/* finish_wait() */
inline queue_out()
{
	d_step {
		asleep[me] = false;
		if
		:: nqueue > 0 && queue[0] == me -> queue[0] = queue[1]; queue[1] = queue[2]; nqueue--; queue[2] = 0
		:: nqueue > 1 && queue[1] == me -> queue[1] = queue[2]; nqueue--; queue[2] = 0
		:: nqueue > 2 && queue[2] == me -> nqueue--; queue[2] = 0
		:: else
		fi
	}
}

/* A thread becomes a worker, and then waits for the first time. It wakes others when it has let go of the mutex. */
proctype Join(byte id)
{
	d_step { assert(!idle[id] && !busy[id]); idle[id] = true }
#ifndef BREAK_JOIN
	wake_one()
#endif
}

/* Workers are alike: which idle one is taken decides nothing. The code takes the warmest. */
inline pop()
{
	d_step {
		if
		:: idle[0] -> w = 0
		:: !idle[0] && idle[1] -> w = 1
		:: !idle[0] && !idle[1] && idle[2] -> w = 2
		fi;
		idle[w] = false;
		assert(!busy[w]);
		busy[w] = true;
		spare = !is_idle && nworker < MAX
	}
}

proctype Caller(byte me)
{
	byte w, calls = 0;
	bool spare;

	do
	:: calls == CALLS -> break
	:: else ->
		/* call_begin(), idle_worker(): atomic but for the sleep */
		atomic {
			calls++;
			spare = false;
			if
			:: !usable -> goto out
			:: usable && is_idle -> pop(); goto serve
			:: else
			fi
		}
#ifdef BREAK_QUEUE
		queue_up();
		goto sleep;
#endif
wait:		atomic {
			queue_up();
			if
			:: is_idle || !usable -> queue_out()
			:: else -> goto sleep
			fi;
			if
			:: usable -> pop(); goto serve
			:: else -> goto out
			fi
		}
sleep:		atomic { !asleep[me] -> goto wait }
		/* The user half has the call, and was told if none is left idle: it starts one before it serves. */
serve:		atomic {
#ifndef BREAK_SPARE
		if
		:: spare && nworker < MAX && usable -> nworker++; run Join(nworker - 1)
		:: else
		fi;
#endif
		/* A downcall in it. */
		if
		:: true
		:: me + 1 < CALLERS ->
			finished[me + 1] == CALLS	/* flush_work(): to the end of all that it does */
		:: true ->
			/* an upcall that it causes: outer_of() finds the worker */
#ifdef BREAK_NESTED
			byte own = w;

			if
			:: is_idle -> pop()
			:: else
			fi;
			assert(w == own)
#else
			assert(busy[w])
#endif
		fi
		}
		/* call_leave() */
		atomic {
			assert(busy[w] && !idle[w]);
			busy[w] = false;
			idle[w] = true;
#ifndef BREAK_LEAVE
			wake_one();
#endif
			w = 0; spare = false
		}
out:		finished[me]++
	od
}

/* channel_condemn() */
proctype Fate()
{
	if
	:: true
	:: atomic {
		condemned = true;
#ifndef BREAK_CONDEMN
		wake_one();
		wake_one();
		wake_one()
#endif
	   }
	fi
}

init
{
	atomic {
		byte i = 0;

		do
		:: i == FIRST -> break
		:: else -> nworker++; run Join(i); i++
		od;
		run Fate();
		run Caller(0); run Caller(1); run Caller(2)
	}
}
