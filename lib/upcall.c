// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "shape.h"
#include "thread.h"

/* Flat memory that came with an upcall; ours until its reply. */
struct piece {
	void *at;
	size_t bytes;
};

static const struct tandem_record *buffer_of(struct tandem_thread *thread,
					     const struct tandem_wire *wire, const char *function)
{
	struct tandem_seat *seat = &thread->seat;

	if (wire->index >= seat->nbuffer)
		tandem_die("%s: the kernel half named a buffer that it did not send", function);
	return seat->buffer[wire->index];
}

tandem_u64 tandem_value_get(struct tandem_thread *thread, const struct tandem_wire *wire,
			    const char *function, const char *value)
{
	struct tandem_seat *seat = &thread->seat;
	const struct tandem_record *rec;
	const char *text;
	void *pointer;

	switch (wire->tag) {
	case TANDEM_WIRE_SCALAR:
		return wire->value;
	case TANDEM_WIRE_STRING:
	case TANDEM_WIRE_BUFFER:
		rec = buffer_of(thread, wire, function);
		text = (const char *)(rec + 1);
		text = tandem_name_keep(seat->names, text, strnlen(text, rec->length));
		if (!text)
			tandem_die("%s: no memory for %s", function, value);
		return (unsigned long)text;
	}
	if (tandem_wire_get(seat->names, &seat->twins, wire, &pointer))
		tandem_die("%s: %s is a pointer (tag %u, index %u, generation %u) that the kernel half "
			   "never announced", function, value, wire->tag, wire->index, wire->gen);
	return (unsigned long)pointer;
}

/* A copy that the driver may write, of what the record holds; the text in it ends. */
static tandem_u64 copy_piece(struct piece *piece, const struct tandem_record *rec)
{
	piece->bytes = rec->length;
	piece->at = malloc(piece->bytes + 1);
	if (!piece->at)
		return 0;
	memcpy(piece->at, rec + 1, piece->bytes);
	((char *)piece->at)[piece->bytes] = 0;
	return (unsigned long)piece->at;
}

/* Returns a bit for each argument that is a piece. */
static __u32 get_args(struct tandem_thread *thread, const struct tandem_entry *entry,
		      const struct tandem_wire *wire, tandem_u64 *arg, struct piece *piece)
{
	__u32 pieces = 0;

	for (unsigned int i = 0; i < entry->nargs; i++, wire++) {
		const struct tandem_value *value = &entry->arg[i];

		if (wire->tag == TANDEM_WIRE_SCALAR) {
			arg[i] = wire->value;
		} else if (wire->tag == TANDEM_WIRE_BUFFER ||
			   (wire->tag == TANDEM_WIRE_STRING && value->kind != TANDEM_VALUE_INTERN)) {
			arg[i] = copy_piece(&piece[i], buffer_of(thread, wire, entry->name));
			if (!arg[i])
				tandem_die("%s: no memory for %s", entry->name, value->name);
			pieces |= 1U << i;
		} else {
			arg[i] = tandem_value_get(thread, wire, entry->name, value->name);
		}
	}
	return pieces;
}

struct reply {
	struct tandem_record rec;
	struct tandem_wire result;
};

/* The buffers come back in the order of the arguments, then the result. */
static int put_reply(struct tandem_thread *thread, const struct tandem_entry *entry,
		     const struct piece *piece, __u32 pieces, const struct tandem_wire *result)
{
	struct tandem_body *body = &thread->seat.body;
	long at;

	for (; pieces; pieces &= pieces - 1) {
		unsigned int i = __builtin_ctz(pieces);

		if (entry->arg[i].kind != TANDEM_VALUE_BUFFER || !(entry->arg[i].dir & TANDEM_OUT))
			continue;
		at = tandem_body_buffer(body, piece[i].at, piece[i].bytes);
		if (at < 0)
			return at;
	}
	at = tandem_body_add(body, sizeof(struct reply));
	if (at < 0)
		return at;
	*(struct reply *)(body->at + at) = (struct reply){
		.rec = { .kind = TANDEM_REC_REPLY, .bytes = sizeof(struct reply), .count = 1 },
		.result = *result,
	};
	return 0;
}

static long put_string(struct tandem_thread *thread, const char *text, struct tandem_wire *wire)
{
	long number = tandem_body_buffer(&thread->seat.body, text, strlen(text) + 1);

	*wire = (struct tandem_wire){ .tag = TANDEM_WIRE_STRING, .index = number };
	return number;
}

static void put_result(struct tandem_thread *thread, const struct tandem_entry *entry,
		       tandem_u64 x, struct tandem_wire *wire)
{
	bool is_string = entry->result.kind == TANDEM_VALUE_STRING ||
			 entry->result.kind == TANDEM_VALUE_INTERN;
	struct tandem_seat *seat = &thread->seat;
	char why[160];

	*wire = (struct tandem_wire){ .tag = TANDEM_WIRE_SCALAR };
	if (entry->result.kind == TANDEM_VALUE_SCALAR) {
		wire->value = tandem_scalar(x, entry->result.size, entry->result.is_signed);
		return;
	}
	if (entry->result.kind == TANDEM_VALUE_VOID)
		return;
	if (tandem_wire_put(seat->names, &seat->twins, (void *)x, wire)) {
		if (is_string && put_string(thread, (const char *)x, wire) >= 0)
			return;
		tandem_name_explain(seat->names, &seat->twins, (void *)x, why, sizeof(why));
		tandem_die("%s returned %s", entry->name, why);
	}
}

static void reply(struct tandem_thread *thread, const struct tandem_entry *entry,
		  const struct piece *piece, __u32 pieces, tandem_u64 x)
{
	struct tandem_wire result;

	if (tandem_marshal_flush(&thread->seat, TANDEM_WRITE) < 0)
		tandem_die("%s: %s", entry->name, thread->seat.why);
	put_result(thread, entry, x, &result);
	if (put_reply(thread, entry, piece, pieces, &result))
		tandem_die("%s: the reply is too long", entry->name);
}

static const struct tandem_record *find_call(struct tandem_thread *thread)
{
	const struct tandem_plan *plan = thread->process->half->plan;
	const struct tandem_record *call;

	if (tandem_marshal_last(&thread->seat, thread->up, thread->up_bytes, &call))
		tandem_die("%s", thread->seat.why);
	if (!call || call->kind != TANDEM_REC_CALL || call->id >= plan->nentry ||
	    call->count != plan->entry[call->id].nargs || call->count > TANDEM_ARGS_MAX ||
	    call->bytes < sizeof(*call) + call->count * sizeof(struct tandem_wire))
		tandem_die("%s: the kernel half made a call that the plan has not", plan->module);
	return call;
}

unsigned int tandem_upcall_reply(struct tandem_thread *thread, tandem_u64 x)
{
	const struct tandem_frame *frame = thread->seat.frames.top;

	reply(thread, frame->entry, NULL, 0, x);
	return tandem_say(thread, TANDEM_SAY_REPLY, frame->seq);
}

static unsigned int serve(struct tandem_thread *thread)
{
	struct tandem_process *process = thread->process;
	const struct tandem_record *call = find_call(thread);
	const struct tandem_entry *entry = &process->half->plan->entry[call->id];
	__u64 shape = thread->area->up_shape;
	struct piece piece[TANDEM_ARGS_MAX];
	tandem_u64 arg[TANDEM_ARGS_MAX];
	struct tandem_frame frame;
	struct tandem_twin *twin;
	unsigned int op;
	__u32 pieces;

	if (tandem_frame_push(&thread->seat.frames, &frame, &thread->seat.twins, call->id,
			      thread->area->up_seq))
		tandem_die("%s: no memory", entry->name);
	if (process->fault.kind)
		tandem_fault_enter(&process->fault, &frame);
	if (tandem_marshal_apply(&thread->seat, thread->up, thread->up_bytes))
		tandem_die("%s: %s", entry->name, thread->seat.why);
	pieces = get_args(thread, entry, (const void *)(call + 1), arg, piece);
	if (entry->flags & TANDEM_ENTRY_BEGINS) {
		twin = tandem_twin_at(&thread->seat.twins, (const void *)(unsigned long)arg[0]);
		if (twin)
			tandem_frame_make(&thread->seat.frames, twin);
	}
	/* A trace names records, which a short reply has not. */
	if (shape && !process->trace)
		tandem_shape_learn(&thread->seat, shape, thread->up, thread->up_bytes, arg);

	/* From here the area and what came in it may be overwritten by nested crossings. */
	reply(thread, entry, piece, pieces, process->half->entry[frame.id](arg));

	for (; pieces; pieces &= pieces - 1)
		free(piece[__builtin_ctz(pieces)].at);
	op = tandem_say(thread, TANDEM_SAY_REPLY, frame.seq);
	if (process->fault.kind)
		tandem_fault_leave(&process->fault, &frame);
	tandem_frame_pop(&thread->seat.frames);
	return op;
}

unsigned int tandem_upcall(struct tandem_thread *thread)
{
	unsigned int op = thread->area->up_shape ? tandem_shape_serve(thread) : 0;

	return op ? op : serve(thread);
}
