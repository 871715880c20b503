// SPDX-License-Identifier: GPL-2.0
/*
 * What a worker said, record by record. The body is a copy that nobody else can change.
 */
#include <linux/slab.h>

#include "internal.h"

static int buffer_take(struct call *c, struct tandem_record *rec)
{
	struct worker *w = c->worker;

	if (w->nbuffer == BUFFERS_MAX)
		return refuse(c, "more than %u BUFFER records", BUFFERS_MAX);
	w->buffer[w->nbuffer].data = (u8 *)(rec + 1);
	w->buffer[w->nbuffer++].bytes = rec->length;
	return 0;
}

/* The buffers that come back, in the order of the arguments: the last ones of the body. */
static int buffers_back(struct call *c)
{
	const struct tandem_entry *entry = c->entry;
	struct worker *w = c->worker;
	unsigned int i, n = 0, at;
	u64 given;

	for (i = 0; i < entry->nargs; i++)
		n += entry->arg[i].kind == TANDEM_VALUE_BUFFER && c->arg[i] &&
		     entry->arg[i].dir & TANDEM_OUT;
	if (!n)
		return 0;
	if (w->nbuffer < n)
		return refuse(c, "%s: %u of %u buffers came back", entry->name, w->nbuffer, n);
	at = w->nbuffer - n;
	for (i = 0; i < entry->nargs; i++) {
		if (entry->arg[i].kind != TANDEM_VALUE_BUFFER || !c->arg[i] ||
		    !(entry->arg[i].dir & TANDEM_OUT))
			continue;
		given = (c->bytes ? c->bytes[i] : 0) ?: entry->arg[i].bytes;
		if (w->buffer[at].bytes > given)
			return refuse(c, "%s: a buffer came back longer than it was", entry->name);
		/* Memory that reads the same is not written: it may be shared, or read-only. */
		if (memcmp((void *)c->arg[i], w->buffer[at].data, w->buffer[at].bytes))
			memcpy((void *)c->arg[i], w->buffer[at].data, w->buffer[at].bytes);
		at++;
	}
	return 0;
}

static int reply_take(struct call *c, const struct tandem_record *rec, u64 *result)
{
	const struct tandem_value *value = &c->entry->result;
	const struct tandem_wire *wire = (const void *)(rec + 1);
	struct worker *w = c->worker;
	const char *s;
	int err;

	*result = 0;
	if (rec->count != 1)
		return refuse(c, "a REPLY has %u values", rec->count);
	switch (value->kind) {
	case TANDEM_VALUE_VOID:
		break;
	case TANDEM_VALUE_SCALAR:
		if (wire->tag != TANDEM_WIRE_SCALAR)
			return refuse(c, "%s: the result is no scalar", c->entry->name);
		*result = tandem_scalar(wire->value, value->size, value->is_signed);
		break;
	case TANDEM_VALUE_STRING:
	case TANDEM_VALUE_INTERN:
		if (wire->tag == TANDEM_WIRE_STRING) {
			if (wire->index >= w->nbuffer || !w->buffer[wire->index].bytes ||
			    w->buffer[wire->index].data[w->buffer[wire->index].bytes - 1])
				return refuse(c, "%s: the result is no string", c->entry->name);
			s = string_keep(c->state, w->buffer[wire->index].data);
			if (IS_ERR(s))
				return s == ERR_PTR(-ENOMEM) ? -ENOMEM :
				       refuse(c, "too many strings to keep");
			*result = (unsigned long)s;
			break;
		}
		fallthrough;
	default:
		err = wire_in(c, wire, value->kind == TANDEM_VALUE_PTR ? value->type : TANDEM_NONE,
			      value->symbol, value->only, result);
		if (err)
			return err;
	}
	if (likely(!c->ready->nback))
		return TOOK_REPLY;
	return buffers_back(c) ?: TOOK_REPLY;
}

static int record_take(struct call *c, struct tandem_record *rec, u32 op, bool last, u64 *result)
{
	switch (rec->kind) {
	case TANDEM_REC_FLUSH:
		return flush_apply(c, rec);
	case TANDEM_REC_BUFFER:
		return buffer_take(c, rec);
	case TANDEM_REC_DOWN:
		last = last && op == TANDEM_SAY_DOWN;
		if (!last) {
			int err;

			c->parsing = true;
			err = down_take(c, rec, false);
			c->parsing = false;
			return err;
		}
		return down_take(c, rec, true);
	case TANDEM_REC_REPLY:
		if (!last || op != TANDEM_SAY_REPLY)
			return refuse(c, "a REPLY where none belongs");
		return reply_take(c, rec, result);
	}
	return refuse(c, "a record of kind %u", rec->kind);
}

/*
 * Takes the message of the call's worker. TOOK_REPLY: the upcall has its result. 0: the
 * answer stands in the worker's body. Otherwise the channel is to be condemned.
 */
int message_take(struct call *c, u64 *result)
{
	struct worker *w = c->worker;
	u32 at, next, op = w->op, end = w->in_bytes, kind = 0;
	struct tandem_record *rec;
	const char *rule;
	int ret = 0;

	lockdep_assert_held(&c->state->mutex);
	c->state->stats.bytes_down += end;
	w->shaped = NULL;
	w->nbuffer = 0;
	for (at = 0; at < end && !ret; at = next) {
		rule = tandem_record_plain(w->in, end, at) ? NULL :
		       tandem_record_rule(w->in, end, at);
		if (unlikely(rule)) {
			ret = refuse(c, "%s", rule);
			break;
		}
		rec = (struct tandem_record *)(w->in + at);
		next = at + rec->bytes;
		kind = rec->kind;
		ret = record_take(c, rec, op, next == end, result);
	}
	if (!ret && op == TANDEM_SAY_SYNC) {
		c->state->stats.syncs++;
		ret = marshal_sync(c, NULL, 0);
	} else if (!ret && (kind != TANDEM_REC_DOWN || op != TANDEM_SAY_DOWN)) {
		ret = refuse(c, "the message lacks its last record");
	}
	if (!ret)
		c->state->stats.bytes_up += w->up.at;
	return ret;
}

/* May the worker's own thread take this message? */
bool message_is_short(const struct worker *w)
{
	const struct tandem_plan *plan = w->channel->state->plan;
	const struct tandem_record *rec = NULL;
	u32 at;

	if (w->op == TANDEM_SAY_SYNC)
		return true;
	if (w->op != TANDEM_SAY_DOWN)
		return false;
	for (at = 0; at < w->in_bytes; at += rec->bytes) {
		if (tandem_record_rule(w->in, w->in_bytes, at))
			return false;
		rec = (const void *)(w->in + at);
	}
	return rec && rec->kind == TANDEM_REC_DOWN && rec->id < plan->ndown &&
	       plan->down[rec->id].flags & TANDEM_DOWN_SHORT;
}
