/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a caller and its worker take turns: kernel/upcall.c and kernel/worker.c, one worker, two tasks
 * that call it one after the other, each with downcalls, and an upcall inside one of them.
 *
 * What state.mutex covers is atomic here; each access outside it that another thread may see is a step.
 * Steps are seen at once by everybody, as behind a full barrier: where the code has one, a mutation takes
 * it away by swapping the two accesses.
 *
 * Shown, for each order of all steps, with the user half honest, or hostile (-DHOSTILE), and for each moment
 * of death, condemning, unloading and of a signal that restarts NEXT:
 *   - nobody sleeps for ever (no invalid end state);
 *   - each call gets its own reply, once; without death or condemning it gets one;
 *   - a message is taken only if it names the innermost call, and only by who has the turn;
 *   - no task is touched after it may be gone.
 * Each -DBREAK_x is a mistake that the search must find.
 */
#define NOBODY		255
#ifndef CALLERS
#define CALLERS		2
#endif
#ifndef SAYS
#define SAYS		2	/* SYNCs and downcalls, in all, that end in no reply */
#endif
#ifndef RESTARTS
#define RESTARTS	1
#endif
#define SEQS		(2 * CALLERS + 1)

mtype = { CALLER, WORKER, BUSY };		/* turn */
mtype = { NOTHING, REPLY, DOWN, SYNC };		/* down_op */
mtype = { CALL, RETURN, QUIT };			/* up_op */

mtype turn = CALLER;
bool delivered, condemned, quit, killed, worker_gone;
byte w_seq, w_caller = NOBODY, w_calls;		/* worker.seq, .caller; how many calls it is in */
mtype w_op = NOTHING;				/* what was taken in, and for whom it was */
byte w_for;
bool idle, mutex;
byte seq;					/* state.seq */
bool asleep[CALLERS], gone[CALLERS], worker_asleep, reading;
/* the area */
byte up_seq, down_seq;
mtype up_op = CALL, down_op = NOTHING;

byte replied[SEQS], answered[SEQS], done;
bool lost[SEQS];				/* ended without a reply */

inline lock()
{
	atomic { !mutex -> mutex = true }
}

inline wake_caller_task(who)
{
	assert(!gone[who]);
	asleep[who] = false
}

/* channel_condemn(), and what wakes everybody. */
inline condemn()
{
	lock();
	if
	:: condemned -> mutex = false
	:: else ->
		condemned = true;
#ifndef BREAK_CONDEMN
		if
		:: w_calls > 0 && turn != CALLER -> wake_caller_task(w_caller)
		:: else
		fi;
#endif
		worker_asleep = false;
		mutex = false;
		atomic { killed = true; worker_asleep = false }
	fi
}

/* ---- the caller ---- */

inline hand_over(number, what)
{
	d_step { up_seq = number; up_op = what }
	w_seq = number;
	assert(turn == CALLER);
	turn = WORKER;
	worker_asleep = false
}

inline turn_comes()
{
	do
	:: true ->
#ifdef BREAK_SLEEP
		if
		:: turn == CALLER -> came = true; break
		:: else
		fi;
		asleep[me] = true;
#else
		asleep[me] = true;
		if
		:: turn == CALLER -> came = true; break
		:: else
		fi;
#endif
		if
		:: condemned ->
#ifdef BREAK_LEAVE
			came = (turn == CALLER);	/* as if BUSY were nobody's */
			turn = CALLER;
			break
#else
			atomic {
				if
				:: turn == WORKER -> turn = CALLER; came = false; break
				:: else
				fi
			}
#endif
		:: else
		fi;
		!asleep[me]
	od;
	asleep[me] = false
}

proctype Caller(byte me)
{
	byte own[2];		/* the calls of this thread, innermost last */
	byte depth = 0;
	bool came;
	mtype what = CALL;

	/* call_begin(), and a worker to wait for: workers.pml has more of that */
	atomic {
		!mutex && (idle || condemned || worker_gone);
		if
		:: condemned || worker_gone -> goto out
		:: else -> idle = false
		fi;
		w_caller = me; seq++; own[0] = seq; depth = 1; w_calls = 1
	}
	do
	:: depth == 0 -> break
	:: else ->
		hand_over(own[depth - 1], what);
		turn_comes();
		if
		:: !came -> goto failed
		:: came && condemned -> goto failed
		:: else
		fi;
#ifdef HOSTILE
		if
		:: condemn(); goto failed		/* what it said breaks a rule */
		:: true
		fi;
#endif
		/* message_take() */
		atomic {
			!mutex;
			assert(w_for == own[depth - 1]);
			assert(w_op == REPLY || w_op == DOWN);
			if
			:: w_op == REPLY ->
				answered[own[depth - 1]]++;
				assert(answered[own[depth - 1]] == 1);
				what = RETURN;
				goto leave
			:: else -> what = RETURN
			fi
		}
		if
		:: condemned -> goto failed
		:: else
		fi;
		/* the downcall may lead to an upcall: call_begin() again, and the outer's worker */
		if
		:: true
		:: depth == 1 && seq < SEQS - 1 ->
			atomic {
				!mutex;
				if
				:: !condemned ->
					seq++; own[1] = seq; depth = 2; w_calls++; what = CALL
				:: else
				fi
			}
		fi;
		goto again;
failed:		assert(condemned);
		lost[own[depth - 1]] = true;
leave:		atomic {
			!mutex;
			/* call_leave() */
			w_calls--;
			depth--;
			if
			:: depth == 1 -> w_seq = own[0]
			:: depth == 0 -> idle = true
			:: else
			fi
		}
		/* the outer call's downcall returns into a condemned channel: no turn is given any more */
		if
		:: depth == 1 && condemned -> goto failed
		:: else
		fi;
again:		skip
	od;
out:	/* the thread ends: RCU keeps its task until who reads it is done */
	atomic { !reading -> gone[me] = true; done++ }
}

/* ---- the worker's thread in the kernel ---- */

/* wake_caller() */
inline give_back()
{
	atomic {
#ifndef BREAK_RCU
		reading = true;
#endif
		who = w_caller
	}
	assert(turn == BUSY);
#ifdef BREAK_WAKE
	must = asleep[who];
	turn = CALLER;
	if
	:: must -> wake_caller_task(who)
	:: else
	fi;
#else
	turn = CALLER;
	/* looking at the task is touching it, too */
	assert(!gone[who]);
	if
	:: asleep[who] -> wake_caller_task(who)
	:: else
	fi;
#endif
	reading = false
}

/* The end of serve_here(): it has been answered in the worker's thread. */
inline serve_here()
{
	d_step { up_op = RETURN; up_seq = w_for; delivered = true }
	atomic {
#ifndef BREAK_RCU
		reading = true;
#endif
		who = w_caller
	}
	assert(turn == BUSY);
#ifdef BREAK_SERVE
	must = condemned;
	turn = WORKER;
#else
	turn = WORKER;
	must = condemned;
#endif
	if
	:: must -> wake_caller_task(who)
	:: else
	fi;
	reading = false
}

#ifdef BREAK_DELIVERED
#define may_have_said	(down_op != NOTHING)
#else
#define may_have_said	(delivered && down_op != NOTHING)
#endif
#ifdef BREAK_SEQ
#define meant		true
#else
#define meant		(down_seq == w_seq)
#endif

proctype Worker()
{
	byte stack[2], depth = 0, said = 0, restarts = 0, who;
	bool in_downcall, must;

	atomic { !mutex -> idle = true }
next:	if
	:: condemned -> goto end
	:: else
	fi;
	in_downcall = false;
	if
	:: may_have_said && meant ->
		/* take_in(), take_turn() */
		atomic {
			if
			:: turn == WORKER -> turn = BUSY
			:: else -> assert(condemned); goto end
			fi
		}
		d_step { delivered = false; w_op = down_op; w_for = down_seq }
		assert(w_for == w_seq);
		in_downcall = (w_op == DOWN || w_calls > 1);
		if
		:: w_op == SYNC ->
#ifdef HOSTILE
			if
			:: true			/* it breaks a rule */
				w_op = NOTHING;
				condemn();
				give_back();
				goto end
			:: true
			fi;
#endif
			serve_here();
			if
			:: must -> goto end
			:: else -> goto user
			fi
		:: else -> give_back()
		fi
	:: else
	fi;

	/* wait_turn() */
	if
	:: turn == WORKER && !delivered ->
		if
		:: !condemned -> delivered = true; goto user
		:: else
		fi
	:: else
	fi;
	do
	:: true ->
		worker_asleep = true;
		if
		:: condemned -> goto end
		:: else
		fi;
		if
		:: turn == WORKER && !delivered -> delivered = true; worker_asleep = false; goto user
		:: else
		fi;
		if
		:: quit -> up_op = QUIT; goto end
		:: else
		fi;
		if
		:: killed -> goto end
		:: !in_downcall && restarts < RESTARTS -> restarts++; worker_asleep = false; goto next
		:: !killed -> skip
		fi;
		!worker_asleep
	od;

	/* ---- and in the user half ---- */
user:	if
	:: killed -> goto end
	:: else
	fi;
#ifdef HOSTILE
	atomic {
		if
		:: said == SAYS -> killed; goto end		/* it loops, or sleeps */
		:: else -> said++
		fi;
		if
		:: down_seq = up_seq
		:: down_seq = 0
		:: up_seq > 1 -> down_seq = up_seq - 1
		:: down_seq = up_seq + 1
		fi;
		if
		:: down_op = REPLY
		:: down_op = DOWN
		:: down_op = SYNC
		fi;
		goto next
	}
#else
	atomic {
		if
		:: up_op == CALL -> assert(depth < 2); stack[depth] = up_seq; depth++
		:: up_op == RETURN -> assert(depth > 0 && up_seq == stack[depth - 1])
		fi;
		if
		:: depth--; down_seq = stack[depth]; down_op = REPLY;
			replied[down_seq]++; assert(replied[down_seq] == 1)
		:: said < SAYS -> said++; down_seq = stack[depth - 1]; down_op = DOWN
		:: said < SAYS -> said++; down_seq = stack[depth - 1]; down_op = SYNC
		:: true -> killed; goto end	/* it loops, or sleeps */
		fi;
		goto next
	}
#endif
end:	/* the process ends, and with it its file: release condemns */
	worker_asleep = false;
	killed = true;
	condemn();
	worker_gone = true
}

/* ---- what else may happen ---- */

/* A look finds that the user half was told of its turn and does not go on. It helps nobody else. */
proctype Watchdog()
{
	do
	:: turn == WORKER && delivered && !condemned && timeout -> condemn()
	:: worker_gone -> break
	od
}

proctype Fate()
{
	if
	:: true					/* nothing happens to this one */
	:: condemn()
	:: atomic { killed = true; worker_asleep = false }
	fi;
	/* rmmod: no call is on its way any more */
	done == CALLERS;
	quit = true;
	worker_asleep = false;
	worker_gone;
#ifndef HOSTILE
	byte i = 1;

	do
	:: i > seq -> break
	:: else ->
		assert(answered[i] <= replied[i]);
		assert(answered[i] || lost[i]);
		i++
	od
#endif
}

init
{
	atomic {
		run Worker(); run Watchdog(); run Fate();
		run Caller(0);
#if CALLERS > 1
		run Caller(1)
#endif
	}
}
