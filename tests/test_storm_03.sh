#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel half is unregistered and unloaded, and then the runtime, while processes sit or loop in each kind of
# request. The kinds are found in the code: one that the program does not name fails this test.
# timeout: 300
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
rounds=4
[ -z "$checking" ] || rounds=2
[ -z "$soak" ] || rounds=100

# The members of each table of operations.
operations() {
	awk '/^static const struct (file_operations|vm_operations_struct) / { name = $(NF - 2); next }
		/^}/ { name = "" }
		name && $1 ~ /^\./ && $1 != ".owner" { print name, substr($1, 2) }' kernel/*.c
}
{
	sed -nE 's/^#define TANDEM_IOC_([A-Z]+)\t.*_IO.*/ioctl \1/p; s/^#define TANDEM_SAY_([A-Z]+)\t.*/say \1/p
		s/^#define TANDEM_((ATTACH|UP|DOWN)_[A-Z]+)\t*\(1U << .*/flag \1/p' include/uapi/tandem/*.h
	sed -nE 's/^#define TANDEM_(ENTRY|DOWN|LEDGER|ALLOC)_([A-Z]+)\t+[0-9].*/\1 \2/p' logic/plan.h |
		sed 's/^ENTRY/entry/; s/^DOWN/down/; s/^LEDGER/ledger/; s/^ALLOC/alloc/'
	sed -nE 's/.*debugfs_create_file\("([a-z_]+)".*/debug \1/p; s/^module_param(_named)?\((\w+),.*/parameter \2/p
		s/^EXPORT_SYMBOL_GPL\((\w+)\);/export \1/p' kernel/*.c
	operations
} | sort -u >"$out/code"
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_unload \
	tests/kernel_unload.c tests/kernel_play.c tests/kernel_raw.c || t_fail 'kernel_unload does not compile'
build/kernel_unload --list | tr ',' '\n' | sort -u >"$out/named"
[ "$(wc -l <"$out/code")" -gt 40 ] || t_fail 'the code was not found'
diff "$out/code" "$out/named" || t_fail 'a kind of request has no unload (<), or is no kind of request (>)'

mkdir -p build/unload
for n in tandem litmus; do strip -g -o build/unload/$n.ko "build/kernel/$kernel/$n.ko" || t_fail 'no strip'; done
lab/run --time $((200 + rounds * 20)) -- sh -c "cp /tandem/unload/*.ko /tandem/kernel_unload /tmp
	/tmp/kernel_unload /tmp/tandem.ko /tmp/litmus.ko $rounds" || t_fail "status $?"
echo "$(wc -l <"$out/code") kinds of requests, $rounds rounds each"
