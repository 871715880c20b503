/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tandem.ko from inside.
 *
 * Lock order, outermost first:
 *   registry_lock	mutex, half.c: which halves there are, which channel serves which
 *   mmap_lock		(not ours) faults and mmap come with it
 *   state.mutex	the channel, its idle workers, the active calls; objects, tokens,
 *			ledger, kept strings, statistics, bodies being written or parsed.
 *			Nothing of the user half's memory is touched and no thunk is called
 *			under it. One lock for all: an upcall takes it twice, and no more
 *   channel.windows	rwsem: which windows still reach their device
 *   retired_lock	mutex, string.c: kept strings whose half is gone
 *
 * A worker and the thread whose upcall it serves take turns: worker.turn says whose
 * it is, and whoever has the turn owns the fields that are marked "turn".
 */
#ifndef TANDEM_INTERNAL_H
#define TANDEM_INTERNAL_H

#include <linux/debugfs.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../include/uapi/tandem/channel.h"
#include "../logic/match.h"
#include "../logic/place.h"
#include "../logic/wire.h"
#include "compat.h"
#include "half.h"

#define PROTOCOL_OLDEST	1	/* that is still served, of those that user halves speak */
#define WORKERS_MAX	1024
#define BUFFERS_MAX	64	/* BUFFER records in one body */
#define CALLER_BITS	6
#define CACHE_BITS	7
#define WATCH_PERIOD	msecs_to_jiffies(4)
#define WATCH_QUIET	5	/* looks without a call before it stops */

struct call;
struct object;
struct scope;
struct template;

/* ---- the plan, made ready for use; const after registration ---- */

/* One use of a view with its leaf: what marshalling needs, in one place. */
struct step {
	u32 offset;
	u32 stride;
	u16 count;
	u16 type;
	u8 kind;
	u8 size;
	u8 access;
	bool writable;		/* written in this view, not const, no string */
	u64 mask;
	const u16 *symbol;	/* see struct tandem_leaf */
	u8 only;		/* TANDEM_ONLY_* */
};

/* One value of a flat view: where it is in the record and in the element's part of a SYNC. */
struct move {
	u32 from;
	u16 to;
	u16 step;
};

#define MOVES_MAX	96

struct view {
	u16 type;
	u16 nstep;
	u32 room;		/* bytes that one element may need in a SYNC, strings not counted */
	struct step *step;
	struct move *move;	/* NULL if it holds strings or long arrays */
	u16 nmove[5];		/* in this order: of 8, 4, 2, 1 bytes, pointers */
	u16 bytes;		/* of an element that begins aligned to 8 */
	bool alike;		/* elements that follow are laid out as the first */
};

struct entry {
	u16 nback;		/* BUFFER arguments that the reply brings back */
	u16 *view_of;		/* by type: place in view[], or TANDEM_NONE */
	struct view *view;
};

/* ---- objects ---- */

/*
 * Memory that both halves know. The struct is never freed before its half is, so a
 * stale pointer to one is harmless: a dead object has size 0. All under state.mutex.
 */
struct object {
	struct rb_node node;		/* by start; live objects do not overlap */
	unsigned long start;
	size_t size;			/* 0: dead */
	u32 index;
	u32 gen;			/* 0 for globals only */
	u32 version;			/* of the segments */
	u32 holders;			/* outermost upcalls that have seen it; a CALL object dies with the last */
	u8 kind;			/* TANDEM_OBJECT_* */
	u8 life;			/* enum tandem_life; what a downcall allocated is DEVICE */
	u8 nseg;
	bool allocated;			/* by a downcall: the user half may free it */
	struct tandem_segment seg[2];
	struct scope *scope;		/* or NULL */
	u64 walk;			/* the last walk that came here */
	struct object *next;		/* in that walk's list, or in the list of free objects */
	u64 holder;			/* the outermost upcall that held it last: saves a search */
	phys_addr_t phys;		/* MMIO */
};

/* That an outermost upcall has seen a CALL object. */
struct hold {
	struct object *object;
	u32 gen;
};

/* A device between its BEGINS and its ENDS entry. Under state.mutex. */
struct scope {
	struct list_head node;
	unsigned long device;		/* argument 0 of both */
};

#define OBJECT_CHUNK	256

struct objects {
	struct object **chunk;		/* by index / OBJECT_CHUNK */
	u32 count;			/* indices given out so far */
	u64 epoch;			/* one more with each object or scope that comes or goes, each type given */
	u32 alive;
	struct object *free;
	struct object *global;		/* by global id */
	struct rb_root tree;
	struct object *cache[1 << CACHE_BITS];	/* by address; a guess, checked by bounds */
};

struct symbol_slot {
	unsigned long address;
	u32 id;
};

/* ---- the ledger ---- */

struct record {
	struct list_head node;		/* all, oldest first */
	struct hlist_node hash;		/* by key, newest first */
	struct tandem_key key;
	struct scope *scope;		/* or NULL */
	u64 seq;			/* of the record */
	u64 outermost;			/* seq of the outermost upcall that made it */
	u16 entry;			/* innermost entry */
	u16 outer_entry;		/* outermost entry */
	u16 down;
	bool lock;
	bool pending;			/* the call that acquires or releases it runs: nobody else may */
	u32 index, gen;			/* the object that came with it; gen 0: none */
};

struct ledger {
	struct list_head list;
	struct hlist_head *bucket;
	u32 count;
	u64 seq;
};

#define LEDGER_BITS	8

/* ---- a kernel half ---- */

struct stats {
	u64 *up;			/* by entry */
	u64 *down;			/* by downcall */
	u64 upcalls, nested, downcalls, shorts, queued, syncs;
	u64 flushes, changes, bytes_up, bytes_down, tokens, spills, refused;
	u64 left;			/* things that a device ended without releasing */
};

/*
 * What tandem.ko keeps for a kernel half. Made by registration. References: the
 * registration's, and one of each channel that was attached.
 */
struct state {
	struct kref ref;
	struct tandem_half *half;	/* NULL once unregistered; registry_lock, or inside an upcall */
	const struct tandem_plan *plan;	/* as half */
	char name[TANDEM_NAME_BYTES];	/* const */
	u8 build_id[TANDEM_BUILD_ID_BYTES];	/* const */
	struct entry *entry;		/* const after registration */
	struct symbol_slot *symbol;	/* const: open addressing */
	u32 symbol_mask;
	unsigned long *warned;		/* bit per entry; atomic bits */
	unsigned long *given;		/* const: bit per type: the user half says where pointers to it lead */
	bool stale;			/* registry_lock: someone came with another build id */

	struct mutex mutex;
	struct tandem_channel *channel;	/* mutex */
	bool dying;			/* mutex: no upcall and no attach any more */
	bool attended;			/* mutex for writing: a worker of the channel has waited */
	u64 seq;			/* mutex: of upcalls */
	u32 ncalls;			/* mutex: upcalls that are inside, with a worker or without */
	struct hlist_head calls[1 << CALLER_BITS];	/* mutex; by task, innermost first */
	wait_queue_head_t drained;	/* ncalls became 0 */
	char reason[128];		/* mutex: why the last channel was condemned */

	struct objects objects;		/* mutex */
	struct rb_root freed;		/* mutex: memory that the user half had; see freed.c */
	u32 nfreed;			/* mutex */
	struct list_head scopes;	/* mutex */
	struct ledger ledger;		/* mutex */
	struct list_head running;	/* mutex: downcalls whose function runs */
	wait_queue_head_t ended;	/* one of them has returned */
	struct list_head strings;	/* mutex: retired when unregistered */
	u32 strings_bytes;		/* mutex */
	u64 walk;			/* mutex: number of the last walk */
	struct stats stats;		/* mutex */
	struct dentry *debug;		/* registry_lock */
};

/* ---- a channel ---- */

enum turn {
	TURN_CALLER,	/* kernel's: the worker waits, or is idle */
	TURN_WORKER,	/* the user half serves */
	TURN_BUSY,	/* the worker's thread is in NEXT and takes the message in */
};

#define TOKEN_TYPES	4

struct token {
	u32 id;
	u16 type[TOKEN_TYPES];	/* as what it was given out; the rest is TANDEM_NONE */
	unsigned long address;
};

/* Kernel pointers that the user half may hand back. Under state.mutex. */
struct tokens {
	struct token *token;	/* ascending by id */
	u32 *hash;		/* place + 1 by address; twice as many as room */
	u32 count;
	u32 room;
};

/* A body being written: in the area, or in memory of its own once it is full. */
struct body {
	u8 *base;		/* area or spill */
	u32 at;			/* bytes written */
	u32 room;
	u8 *home;		/* in the area */
	const void *holds;	/* the template whose body stands at home, or NULL */
	u8 *spill;		/* kept for the next */
	u32 spill_room;
	u32 nbuffer;
};

/* What a worker's user half has been told of an object. */
struct seen {
	u64 known;		/* gen << 32 | version; 0: nothing */
	u64 seq;		/* the call in which its fields were last sent */
	u64 hash;		/* of these; the worker has not flushed any since */
};

struct worker {
	/* const */
	u32 id;
	struct tandem_channel *channel;
	struct task_struct *task;	/* a reference, put with the channel */
	struct tandem_area *area;	/* shared with the user half */

	u32 turn;			/* enum turn; release and acquire */
	struct worker *colder;		/* state.mutex: the next idle one */
	bool joined;			/* state.mutex: was idle once */

	/* turn */
	struct call *call;		/* innermost */
	struct task_struct *caller;	/* of the outermost; see wake_caller() */
	u64 seq;			/* of the innermost call */
	bool delivered;			/* the user half knows of its turn; worker's thread writes */
	bool spare;			/* say so with the next CALL */
	u32 turns;			/* that the user half got; watchdog reads */
	u64 began;			/* seq of the outermost call; watchdog reads */
	u32 op;				/* what was said: TANDEM_SAY_* */
	bool in_shaped;			/* the body is a struct tandem_shaped, in the area */
	const struct template *shaped;	/* of the CALL, if nothing was said in it yet; or NULL */
	u8 *in;				/* a copy of the worker's body */
	u32 in_bytes;
	u8 *in_home;			/* TANDEM_DOWN_BYTES, kept */

	/* watchdog only */
	u32 watched;			/* turns at its last look */
	u32 looks;			/* since they changed, times LOOK_FULL */
	u64 serves;			/* the outermost call at its last look */
	u32 served;			/* looks since that began, times LOOK_FULL */
	u64 ran;			/* ns of processor time at its last look */

	/* state.mutex */
	struct body up;
	struct seen *seen;		/* by object index */
	u32 seen_room;
	struct seen *seen_global;	/* by global id */
	struct template **template;	/* by entry; NULL: none */
	u64 *tried;			/* by entry: what the last call that had none was like */
	u64 shapes;			/* numbers given */
	u32 *gone;			/* indices and gens of the known that died */
	u32 ngone, gone_room;
	struct tokens tokens;
	struct tandem_wire wire[TANDEM_ARGS_MAX];	/* of the CALL being written */
	u32 nbuffer;
	struct { u8 *data; u32 bytes; } buffer[BUFFERS_MAX];	/* of the body being parsed */
};

/* Symbol versions that kernel halves see must not change with what is inside. */
#ifndef __GENKSYMS__
/*
 * An open file. Users: the file, each active call, the armed watchdog. Ends with the last,
 * never before the file's release, which condemns it first.
 */
struct tandem_channel {
	u32 users;			/* state.mutex, once attached */
	struct state *state;		/* set once by ATTACH under registry_lock; a reference */
	struct address_space *mapping;	/* of the file: for revocation */
	struct pid *pid;		/* the process that attached */
	u32 nglobal, nentry;		/* of the half it attached to */
	bool condemned;			/* state.mutex for writing */
	bool quit;			/* state.mutex for writing: the kernel half is gone */
	bool released;			/* state.mutex: its file is closed */
	bool watching;			/* state.mutex: the watchdog is armed */
	u64 watched;			/* watchdog only: state.seq at its last look */
	u32 quiet;			/* watchdog only: looks since there was a call */
	const char *seen;		/* watchdog only: why it ends the channel */
	char why[96];			/* state.mutex: the rule that was broken */
	bool broke;			/* a rule was broken, not a death */
	struct worker *idle;		/* state.mutex; warmest first */
	u32 idled;			/* state.mutex: how often one became idle */
	wait_queue_head_t waiting;	/* callers without a worker */
	struct worker **worker;		/* WORKERS_MAX; filled under registry_lock, never changed */
	u32 nworker;			/* release after the slot is filled */
	u32 tokens;			/* state.mutex: ids given out */
	struct rw_semaphore windows;
	bool revoked;			/* windows */
	struct list_head window;	/* windows */
	struct timer_list watchdog;
	struct work_struct verdict;
	struct delayed_work late;	/* the process has not ended; a user while it is queued */
};
#endif

/* ---- a call ---- */

/* What a nested call must not overwrite while the outer's message is being parsed. */
struct parked {
	u8 *in, *in_home;
	u32 in_bytes, nbuffer;
	typeof_member(struct worker, buffer) buffer;
};

/*
 * An upcall on its way. Lives on its caller's stack and belongs to that thread.
 */
struct call {
	struct state *state;
	struct tandem_channel *channel;
	struct worker *worker;
	struct task_struct *task;	/* current */
	struct call *outer;		/* the call whose downcall led here, or NULL */
	struct call *outermost;
	struct hlist_node node;		/* state.calls */
	const struct tandem_entry *entry;
	struct entry *ready;
	u16 id;
	bool parsing;			/* worker.in is in use: nested calls park it */
	bool begun;			/* the user half has seen it */
	struct parked *parked;		/* the outer's */
	u64 seq;
	const u64 *arg;
	const u64 *bytes;
	struct scope *scope;		/* outermost's counts; state.mutex */
	u64 mark;			/* ledger.seq when it began */
	u32 locks;			/* outermost: LOCK records that are held */
	u32 locks_before;
	/* outermost: CALL objects that it holds; state.mutex */
	struct hold *held;
	u32 nheld, held_room;
	struct hold held_few[8];
	/* objects that downcalls of this call returned: roots of its walks; state.mutex */
	struct hold *gained;
	u32 ngained, gained_room;
};

/* half.c */
extern struct mutex registry_lock;
extern wait_queue_head_t registry_changed;
extern unsigned int registry_news;	/* registry_lock: registrations so far */
struct state *registry_find(const char *name);
void state_put(struct state *st);

/* plan.c */
int plan_prepare(struct state *st);
void plan_forget(struct state *st);
int symbol_find(const struct state *st, unsigned long address);

static inline const struct view *view_of(const struct entry *entry, u16 type)
{
	u16 place = entry->view_of[type];

	return place == TANDEM_NONE ? NULL : &entry->view[place];
}

#define for_each_call(c, bucket, st)					\
	for (bucket = 0; bucket < 1 << CALLER_BITS; bucket++)		\
		hlist_for_each_entry(c, &(st)->calls[bucket], node)

/* channel.c */
int channel_init(void);
void channel_exit(void);
void channel_put(struct tandem_channel *ch);
void channel_free(struct tandem_channel *ch);
void channel_kill(struct tandem_channel *ch);
void channel_quit(struct tandem_channel *ch);
void channel_condemn(struct tandem_channel *ch, const char *why);
void note_refusal(struct call *c, const char *format, ...) __printf(2, 3);
/* Always an error: compilers and their analysers see that what follows does not run. */
#define refuse(c, ...) (note_refusal(c, __VA_ARGS__), -EPROTO)

/* worker.c */
int worker_make(struct tandem_channel *ch, struct tandem_worker *arg);
void worker_free(struct worker *w);
long worker_next(struct worker *w);

/* downcall.c, message.c */
#define TOOK_REPLY	1
int message_take(struct call *c, u64 *result);
bool message_is_short(const struct worker *w);
int down_take(struct call *c, const struct tandem_record *rec, bool last);
bool downs_wait(struct state *st, unsigned long start, size_t size);

/* string.c */
const char *string_keep(struct state *st, const char *s);
void strings_retire(struct state *st);
void strings_exit(void);

/*
 * A walk over the objects that an entry's view reaches. Each is written once; pointers
 * in it that the view reads lead on.
 */
struct walk {
	struct call *c;
	struct state *st;
	struct worker *w;
	struct body *b;
	struct object *first, *last;	/* still to be written, and written */
	u32 rec;			/* where the SYNC that is being written begins */
};

/* marshal.c, body.c, template.c */
int wire_out(struct walk *k, u64 v, u16 type, bool follow, struct tandem_wire *out);
bool template_use(struct call *c);
void template_learn(struct walk *k);
int template_reply(struct call *c, u64 *result);
void templates_free(struct worker *w);
void *body_spill(struct body *b, u32 bytes);

/* Where the next @bytes go, which are there for the taking; b->at does not move. NULL: no memory. */
static inline void *body_need(struct body *b, u32 bytes)
{
	if (unlikely((u64)b->at + bytes > b->room))
		return body_spill(b, bytes);
	return b->base + b->at;
}

int marshal_call(struct call *c);
int marshal_sync(struct call *c, const struct tandem_value *result, u64 v);
int marshal_return(struct call *c, u16 down, u64 result);
int body_buffer(struct body *b, const void *data, u32 bytes, u32 *index);
void body_init(struct body *b, void *home);
void body_reset(struct body *b);
void body_free(struct body *b);

/* flush.c */
int flush_apply(struct call *c, const struct tandem_record *rec);
int wire_in(struct call *c, const struct tandem_wire *wire, u16 type, const u16 *symbol, u8 only,
	    u64 *value);

/* Memory that the device or both halves see at any time: DMA memory, registers. It has no types. */
static inline bool object_is_shared(const struct object *o)
{
	return o->kind != TANDEM_OBJECT_DATA && o->kind != TANDEM_OBJECT_GLOBAL;
}

/* freed.c */
struct freed *freed_make(struct state *st, unsigned long start, size_t size);
void freed_add(struct state *st, struct freed *new);
bool freed_has(struct state *st, unsigned long start, size_t size);
int freed_forget(struct state *st, unsigned long start, size_t size);
void freed_free(struct freed *f);
void freed_clear(struct state *st);
int freed_init(void);
void freed_exit(void);

/* object.c */
int objects_init(struct state *st);
void objects_exit(struct state *st);
struct object *object_find(struct state *st, unsigned long address);
struct object *object_by_handle(struct state *st, u32 index, u32 gen);
struct object *object_make(struct state *st, u8 kind, unsigned long start, size_t size,
			   u16 type, bool tail, struct scope *scope);
struct object *object_twin(struct call *c, unsigned long address, u16 type);
size_t object_twin_size(const struct state *st, u16 type);
void object_retype(struct state *st, struct object *o, u16 type);
void object_clear_pointers(const struct state *st, const struct object *o);
void object_kill(struct state *st, struct object *o);
int object_hold(struct call *outermost, struct object *o);
void objects_release(struct call *outermost);
struct scope *scope_find(struct state *st, unsigned long device);
struct scope *scope_begin(struct state *st, unsigned long device);
struct scope *scope_of_args(struct state *st, const struct tandem_entry *entry, const u64 *arg);
void scope_end(struct state *st, struct scope *scope);

/* token.c */
int token_of(struct worker *w, unsigned long address, u16 type, u32 *id);
const struct token *token_find(const struct tokens *t, u32 id);
bool token_fits(const struct tandem_plan *plan, const struct token *token, u32 offset, u16 type);
void tokens_reset(struct worker *w);
void tokens_free(struct worker *w);

/* ledger.c */
int ledger_init(struct state *st);
void ledger_exit(struct state *st);
struct record *ledger_find(struct state *st, const struct tandem_key *key, u64 outermost);
bool ledger_takes(u16 release, const struct tandem_ledger_rule *rule, u16 undo);
struct record *ledger_find_held(struct state *st, const struct tandem_ledger_rule *rule,
				const struct tandem_key *key);
bool ledger_holds(struct state *st, const struct tandem_ledger_rule *rule,
		  const struct tandem_key *key);
void ledger_add(struct state *st, struct record *r);
void ledger_drop(struct state *st, struct record *r);
void ledger_take(struct state *st, struct record *r);
struct record *ledger_pend(struct state *st, struct record *r);
const struct record *ledger_of(struct state *st, const struct object *o);
const struct record *ledger_inside(struct state *st, unsigned long start, size_t size,
				   const struct record *memory);
void ledger_clear(struct state *st, unsigned long start, size_t size);
void ledger_undo_call(struct call *c, bool only_locks);
void ledger_undo_since(struct state *st, u64 mark, struct scope *scope);
void ledger_undo_closed(struct state *st, u16 entry, struct scope *scope);
void ledger_stop(struct state *st, struct scope *scope);
void ledger_undo_scope(struct state *st, struct scope *scope);
void ledger_undo_all(struct state *st);
void ledger_left_over(struct state *st, struct scope *scope);

/* window.c */
int window_measure(unsigned long address, phys_addr_t *phys, size_t *bytes);
u32 window_offset(const struct object *o);
int window_map(struct tandem_channel *ch, struct file *file, struct vm_area_struct *vma);
void window_revoke(struct tandem_channel *ch, u32 index, u32 gen);
void window_revoke_all(struct tandem_channel *ch);

/* watchdog.c */
int watchdog_init(void);
void watchdog_exit(void);
void watchdog_start(struct tandem_channel *ch);
void watchdog_prepare(struct tandem_channel *ch);
u32 watchdog_limit(void);
extern unsigned int deadline_ms;

/* debug.c */
void debug_init(void);
void debug_exit(void);
void debug_add(struct state *st);
void debug_remove(struct state *st);

#endif
