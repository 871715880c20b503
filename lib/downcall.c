// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "shape.h"
#include "thread.h"

/* A downcall being made. */
struct call {
	struct tandem_thread *thread;
	const struct tandem_down *down;
	unsigned int id;
	const tandem_u64 *arg;
	const tandem_u64 *bytes;		/* of BUFFER arguments; NULL: none */
	struct tandem_wire wire[TANDEM_ARGS_MAX];
	const void *flat[TANDEM_ARGS_MAX];	/* arguments that cross as BUFFER records */
	size_t flat_bytes[TANDEM_ARGS_MAX];
};

static struct tandem_thread *self(const char *what)
{
	struct tandem_thread *thread = tandem_thread_self();

	if (!thread || !thread->seat.frames.top)
		tandem_die("%s outside an upcall", what);
	return thread;
}

static void flush(struct tandem_thread *thread)
{
	if (tandem_marshal_flush(&thread->seat, TANDEM_WRITE) < 0)
		tandem_die("%s: %s", thread->seat.frames.top->entry->name, thread->seat.why);
}

/* Serves what the crossing causes here before its answer comes; returns its last record. */
static const struct tandem_record *cross(struct tandem_thread *thread, unsigned int say,
					 const char *what)
{
	unsigned int op = tandem_say(thread, say, thread->seat.frames.top->seq);
	const struct tandem_record *last;

	while (op == TANDEM_OP_CALL)
		op = tandem_upcall(thread);
	if (tandem_marshal_last(&thread->seat, thread->up, thread->up_bytes, &last) ||
	    tandem_marshal_apply(&thread->seat, thread->up, thread->up_bytes))
		tandem_die("%s: %s", what, thread->seat.why);
	return last;
}

/* ---- arguments ---- */

static void __attribute__((noreturn)) refuse(const struct call *call, unsigned int i)
{
	struct tandem_seat *seat = &call->thread->seat;
	const void *pointer = (const void *)(unsigned long)call->arg[i];
	char why[160];

	tandem_name_explain(seat->names, &seat->twins, pointer, why, sizeof(why));
	tandem_die("%s: argument %u (%s) is %s", call->down->name, i + 1,
		   call->down->arg[i].name ? call->down->arg[i].name : "?", why);
}

static int put_flat(struct call *call, unsigned int i, unsigned int tag, size_t bytes)
{
	const void *data = (const void *)(unsigned long)call->arg[i];
	long number = tandem_body_buffer(&call->thread->seat.body, data, bytes);

	if (number < 0)
		tandem_die("%s: argument %u: %zu bytes are too many", call->down->name, i + 1, bytes);
	call->wire[i].tag = tag;
	call->wire[i].index = number;
	call->wire[i].value = 0;
	call->flat[i] = data;
	call->flat_bytes[i] = bytes;
	return 0;
}

/* Memory that is the same on both sides need not be copied. */
static int is_shared(struct tandem_seat *seat, const void *pointer)
{
	struct tandem_map map;

	return !tandem_map_at(&seat->names->maps, pointer, &map);
}

static int put_pointer(struct call *call, unsigned int i)
{
	const void *pointer = (const void *)(unsigned long)call->arg[i];
	const struct tandem_value *value = &call->down->arg[i];
	struct tandem_seat *seat = &call->thread->seat;
	tandem_u64 bytes = value->dir & TANDEM_ROOM && call->bytes ? call->bytes[i] : 0;

	if (!tandem_wire_put(seat->names, &seat->twins, pointer, &call->wire[i]))
		return 0;
	if (bytes < value->bytes)
		bytes = value->bytes;
	/* A dead object or a kernel pointer is no local variable. */
	if (!bytes || tandem_name_ours(seat->names, &seat->twins, pointer))
		refuse(call, i);
	return put_flat(call, i, TANDEM_WIRE_BUFFER, bytes);
}

static int put_buffer(struct call *call, unsigned int i)
{
	const void *pointer = (const void *)(unsigned long)call->arg[i];
	struct tandem_seat *seat = &call->thread->seat;

	if (!pointer || is_shared(seat, pointer))
		return tandem_wire_put(seat->names, &seat->twins, pointer, &call->wire[i]);
	if (!call->bytes && !call->down->arg[i].bytes)
		tandem_die("%s: argument %u (%s) has no known length", call->down->name, i + 1,
			   call->down->arg[i].name);
	return put_flat(call, i, TANDEM_WIRE_BUFFER,
			call->bytes ? call->bytes[i] : call->down->arg[i].bytes);
}

/* A string that the callee keeps is best its true one, if the kernel has it. */
static int put_string(struct call *call, unsigned int i)
{
	const char *text = (const char *)(unsigned long)call->arg[i];
	struct tandem_seat *seat = &call->thread->seat;

	if (!text)
		return tandem_wire_put(seat->names, &seat->twins, text, &call->wire[i]);
	if (call->down->arg[i].kind == TANDEM_VALUE_INTERN &&
	    !tandem_wire_put(seat->names, &seat->twins, text, &call->wire[i]) &&
	    call->wire[i].tag == TANDEM_WIRE_OBJECT)
		return 0;
	return put_flat(call, i, TANDEM_WIRE_STRING, strlen(text) + 1);
}

static int put_arg(struct call *call, unsigned int i)
{
	const struct tandem_value *value = &call->down->arg[i];

	switch (value->kind) {
	case TANDEM_VALUE_SCALAR:
		call->wire[i] = (struct tandem_wire){
			.tag = TANDEM_WIRE_SCALAR,
			.value = tandem_scalar(call->arg[i], value->size, value->is_signed),
		};
		return 0;
	case TANDEM_VALUE_PTR:
		return put_pointer(call, i);
	case TANDEM_VALUE_BUFFER:
		return put_buffer(call, i);
	case TANDEM_VALUE_STRING:
	case TANDEM_VALUE_INTERN:
		return put_string(call, i);
	}
	tandem_die("%s: argument %u is of a kind the runtime does not know", call->down->name, i + 1);
}

static size_t call_bytes(const struct tandem_down *down)
{
	return sizeof(struct tandem_record) + down->nargs * sizeof(struct tandem_wire);
}

static void put_call(struct call *call)
{
	struct tandem_body *body = &call->thread->seat.body;
	struct tandem_record rec = {
		.kind = TANDEM_REC_DOWN,
		.id = call->id,
		.count = call->down->nargs,
		.bytes = call_bytes(call->down),
	};
	long at;

	for (unsigned int i = 0; i < call->down->nargs; i++) {
		call->flat[i] = NULL;
		put_arg(call, i);
	}
	at = tandem_body_add(body, rec.bytes);
	if (at < 0)
		tandem_die("%s: the message is too long", call->down->name);
	memcpy(body->at + at, &rec, sizeof(rec));
	memcpy(body->at + at + sizeof(rec), call->wire, rec.count * sizeof(call->wire[0]));
}

/* ---- queued calls ---- */

/* Those with buffers go at once: a reply's own buffers are counted in the same body. */
static int may_queue(const struct tandem_down *down)
{
	if (!(down->flags & TANDEM_DOWN_QUEUED))
		return 0;
	for (unsigned int i = 0; i < down->nargs; i++)
		if (down->arg[i].kind != TANDEM_VALUE_SCALAR &&
		    (down->arg[i].kind != TANDEM_VALUE_PTR || down->arg[i].bytes))
			return 0;
	return 1;
}

static void queue(struct call *call)
{
	struct tandem_seat *seat = &call->thread->seat;
	struct tandem_twin *twin;

	put_call(call);
	seat->body.queued = call_bytes(call->down);
	if (!(call->down->flags & TANDEM_DOWN_FREES))
		return;
	/* Nothing of it may be flushed behind the call that frees it. */
	twin = tandem_twin_at(&seat->twins, (const void *)(unsigned long)call->arg[0]);
	if (twin) {
		tandem_frame_forget(&seat->frames, twin);
		twin->dying = true;
	}
}

/*
 * The last queued downcall becomes the one that is waited for. Its answer refreshes the
 * twins, so what was changed after it must be flushed in front of it: the kernel may see
 * these changes early, which only a lock could have forbidden, and locks are downcalls.
 */
static void send_queue(struct tandem_thread *thread)
{
	unsigned char last[sizeof(struct tandem_record) + sizeof(struct tandem_wire) * TANDEM_ARGS_MAX];
	struct tandem_body *body = &thread->seat.body;
	size_t bytes = body->queued;
	long at;

	if (!bytes)
		return;
	body->bytes -= bytes;
	memcpy(last, body->at + body->bytes, bytes);
	flush(thread);
	at = tandem_body_add(body, bytes);
	if (at < 0)
		tandem_die("%s: the message is too long", thread->seat.frames.top->entry->name);
	memcpy(body->at + at, last, bytes);
	cross(thread, TANDEM_SAY_DOWN, "queued downcalls");
}

void tandem_unqueue(void)
{
	struct tandem_thread *thread = tandem_thread_self();

	if (thread)
		send_queue(thread);
}

/* ---- results ---- */

static void get_buffers(struct call *call)
{
	struct tandem_seat *seat = &call->thread->seat;
	size_t next = 0;

	for (unsigned int i = 0; i < call->down->nargs; i++) {
		if (!call->flat[i] || !(call->down->arg[i].dir & TANDEM_OUT))
			continue;
		if (next >= seat->nbuffer || seat->buffer[next]->length != call->flat_bytes[i])
			tandem_die("%s: argument %u came back with another length", call->down->name,
				   i + 1);
		memcpy((void *)(unsigned long)call->arg[i], seat->buffer[next++] + 1,
		       call->flat_bytes[i]);
	}
}

static void made(struct tandem_seat *seat, const void *pointer)
{
	struct tandem_twin *twin = tandem_twin_at(&seat->twins, pointer);

	if (twin)
		tandem_frame_make(&seat->frames, twin);
}

static tandem_u64 get_result(struct call *call, const struct tandem_record *rec)
{
	tandem_u64 value;

	if (!rec || rec->kind != TANDEM_REC_RETURN)
		tandem_die("%s: the kernel half sent no result", call->down->name);
	get_buffers(call);
	if (call->down->result.kind == TANDEM_VALUE_VOID)
		return 0;
	if (!rec->count || rec->bytes < sizeof(*rec) + sizeof(struct tandem_wire))
		tandem_die("%s: the kernel half sent no result", call->down->name);
	value = tandem_value_get(call->thread, (const void *)(rec + 1), call->down->name, "the result");
	if (call->down->alloc.kind == TANDEM_ALLOC_DATA)
		made(&call->thread->seat, (const void *)(unsigned long)value);
	return value;
}

tandem_u64 tandem_down(unsigned int id, const tandem_u64 *arg, const tandem_u64 *bytes)
{
	struct call call = { .thread = self("downcall"), .id = id, .arg = arg, .bytes = bytes };
	const struct tandem_plan *plan = call.thread->process->half->plan;

	if (id >= plan->ndown || plan->down[id].nargs > TANDEM_ARGS_MAX)
		tandem_die("downcall %u is not in the plan", id);
	call.down = &plan->down[id];
	flush(call.thread);
	if (!(call.down->flags & TANDEM_DOWN_QUIET))
		tandem_frame_show(&call.thread->seat.frames);
	if (may_queue(call.down)) {
		queue(&call);
		return 0;
	}
	put_call(&call);
	return get_result(&call, cross(call.thread, TANDEM_SAY_DOWN, call.down->name));
}

void tandem_sync(void)
{
	struct tandem_thread *thread = self("tandem_sync");

	send_queue(thread);
	flush(thread);
	cross(thread, TANDEM_SAY_SYNC, "tandem_sync");
}

static void publish(struct tandem_thread *thread, unsigned int access)
{
	long changes;

	/* A queued call comes before what follows the release too. */
	send_queue(thread);
	changes = tandem_marshal_flush(&thread->seat, access | TANDEM_SHOWN);
	if (changes < 0)
		tandem_die("%s: %s", thread->seat.frames.top->entry->name, thread->seat.why);
	/* The answer overwrites what the driver changed: all of that must go with it. */
	if (!changes)
		return;
	flush(thread);
	cross(thread, TANDEM_SAY_SYNC, "a release");
}

/* What is agreed upon becomes the opposite, so that the next flush sees a change. */
void tandem_stored(const volatile void *at, unsigned int bytes, tandem_u64 mask)
{
	struct tandem_thread *thread = tandem_thread_self();
	tandem_u64 now = 0, agreed = 0;
	struct tandem_twin *twin;
	size_t offset;

	twin = thread ? tandem_twin_at(&thread->seat.twins, (const void *)at) : NULL;
	if (!twin || !twin->agreed)
		return;
	if (thread->seat.fresh && tandem_shape_settle(&thread->seat))
		tandem_die("%s: no memory", thread->seat.frames.top->entry->name);
	thread->seat.frames.top->stored = true;
	offset = (const volatile unsigned char *)at - twin->at;
	if (bytes > sizeof(now) || offset + bytes > twin->size)
		return;
	memcpy(&now, twin->at + offset, bytes);
	memcpy(&agreed, twin->agreed + offset, bytes);
	agreed = (agreed & ~mask) | (~now & mask);
	memcpy(twin->agreed + offset, &agreed, bytes);
}

void tandem_release(void)
{
	publish(self("tandem_release"), TANDEM_RELEASE);
}

void tandem_publish(void)
{
	publish(self("tandem_publish"), TANDEM_WRITE);
}
