// SPDX-License-Identifier: GPL-2.0
/*
 * A device that begins: what is made for it is published when others may look, and not before.
 */
#include "half_script.h"

static void alloc_then(struct node *node)
{
	tandem_u64 size = 24;

	node->items = (void *)(unsigned long)tandem_down(D_ALLOC, &size, NULL);
	assert_non_null(node->items);
}

static tandem_u64 hide(struct node *node, int n)
{
	tandem_u64 arg = (unsigned long)node;

	(void)n;
	node->array[0] = 1;
	tandem_release();
	node->count = 2;
	tandem_publish();
	alloc_then(node);
	node->items[1].value = 3;
	tandem_publish();
	node->array[1] = 4;
	tandem_release();
	tandem_down(D_USE, &arg, NULL);
	node->array[2] = 5;
	tandem_release();
	return 0;
}

static void allocated_unseen(void)
{
	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->count, 2);
	assert_int_equal(down_record(1)->id, D_ALLOC);
	put_new(4, 2, 24, NULL, 0);
	answer(to_object(4, 2, 0));
}

static void used_and_seen(void)
{
	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->index, 1);
	assert_int_equal(down_record(0)->count, 2);
	assert_int_equal(down_record(1)->index, 4);
	assert_int_equal(down_record(2)->id, D_USE);
	answer(to_scalar(0));
}

static void released_2_of_array(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_int_equal(change(down_record(0), 0)->item, 2);
	assert_null(down_record(1));
	send(TANDEM_OP_RETURN, 0);
}

static void nothing_is_published_before_others_look(void **state)
{
	(void)state;
	do_touch = hide;
	call(E_BEGIN, 7, 1, 1);
	RUN(allocated_unseen, used_and_seen, released_2_of_array, plain_reply);
}

static tandem_u64 show_by_a_variable(struct node *node, int n)
{
	(void)n;
	node->array[0] = 1;
	tandem_release();
	counter++;
	tandem_publish();
	node->array[2] = 5;
	tandem_release();
	return 0;
}

static void published_with_the_variable(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	/* What the variable may lead to is there before it. */
	assert_int_equal(down_record(0)->index, 1);
	assert_int_equal(down_record(0)->gen, 1);
	assert_int_equal(down_record(1)->gen, 0);
	assert_null(down_record(2));
	send(TANDEM_OP_RETURN, 0);
}

static void a_variable_that_changes_ends_it(void **state)
{
	(void)state;
	do_touch = show_by_a_variable;
	call(E_BEGIN, 7, 1, 1);
	RUN(published_with_the_variable, released_2_of_array, plain_reply);
}

static tandem_u64 show_by_a_call(struct node *node, int n)
{
	tandem_u64 arg = (unsigned long)node;

	(void)n;
	counter++;
	node->array[0] = 1;
	tandem_down(D_USE, &arg, NULL);
	return 0;
}

static void called_with_all(void)
{
	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->gen, 1);
	assert_int_equal(down_record(1)->gen, 0);
	assert_int_equal(down_record(2)->id, D_USE);
	answer(to_scalar(0));
}

static void what_a_variable_leads_to_goes_before_it(void **state)
{
	(void)state;
	do_touch = show_by_a_call;
	call(E_BEGIN, 7, 1, 1);
	RUN(called_with_all, plain_reply);
}

static tandem_u64 alloc_and_release(struct node *node, int n)
{
	(void)n;
	alloc_then(node);
	node->items = NULL;
	node->array[2] = 5;
	tandem_release();
	return 0;
}

static void alloc_nests(void)
{
	struct tandem_wire arg = to_object(1, 1, 0);

	put_values(TANDEM_REC_CALL, E_INNER, &arg, 1);
	send(TANDEM_OP_CALL, 8);
}

static void inner_then_allocated(void)
{
	assert_said(TANDEM_SAY_REPLY, 8);
	put_new(4, 2, 24, NULL, 0);
	answer(to_object(4, 2, 0));
}

static void look(struct node *node)
{
	(void)node;
}

static void a_nested_upcall_ends_it(void **state)
{
	(void)state;
	do_touch = alloc_and_release;
	do_inner = look;
	call(E_BEGIN, 7, 1, 1);
	RUN(alloc_nests, inner_then_allocated, released_2_of_array, plain_reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_published_before_others_look),
		TEST(a_variable_that_changes_ends_it),
		TEST(what_a_variable_leads_to_goes_before_it),
		TEST(a_nested_upcall_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
