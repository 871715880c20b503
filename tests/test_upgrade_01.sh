#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Old and new beside each other: tandem.ko, kernel half and user half, each as they are and as a later tree would
# build them. A pair works, all values right, or is refused with one line that says what to do.
# timeout: 900
# kernels: 6.1
. tests/helpers.sh
kdir=$(lab/prepare --kdir "$kernel") || t_fail 'no headers'
at=build/upgrade
rm -rf $at
mkdir -p $at

# tree NAME: a copy, to be changed
tree() {
	mkdir $at/$1
	cp -r include kernel logic lib $at/$1
	mkdir $at/$1/tests
	cp -r tests/bench $at/$1/tests
	cp bench/upbench_user.c $at/$1/tests
}
# change FILE SED...: each must change something
change() {
	local file=$1 n
	shift
	for n in "$@"; do
		sed -i.old "$n" $file
		! cmp -s $file $file.old || t_fail "$file: nothing to change by $n"
	done
}
modules() {	# NAME
	make -s -C "$kdir" M="$PWD/$at/$1/kernel" modules && make -s -C "$kdir" M="$PWD/$at/$1/tests/bench" \
		KBUILD_EXTRA_SYMBOLS="$PWD/$at/$1/kernel/Module.symvers" modules || t_fail "$1: modules do not build"
}
user() {	# NAME
	(cd $at/$1 && gcc -O1 -D_GNU_SOURCE -ftls-model=initial-exec -fno-strict-aliasing -pthread -Ilib -Ilogic -Iinclude/uapi \
		-Itests -Itests/bench -o user tests/upbench_user.c lib/*.c logic/place.c logic/wire.c -lseccomp) ||
		t_fail "$1: user half does not build"
}

for n in now new grown wide full other; do tree $n; done
header=include/uapi/tandem/channel.h
grow='s/^\t__aligned_u64 jiffies_ns;/&\n\t__aligned_u64 later;/
	s/^\t__aligned_u64 area_offset;.*/&\n\t__aligned_u64 later_too;/
	/^struct tandem_fetch/,/^}/s/^\t__u32 reserved;/&\n\t__aligned_u64 later;/'
# new: means other things by the same structs, and does not know the old ones any more
change $at/new/$header 's/\(define TANDEM_PROTOCOL\t*\)1$/\12/'
change $at/new/kernel/internal.h 's/\(define PROTOCOL_OLDEST\t\)1/\12/'
change $at/new/kernel/half.h 's/\(define TANDEM_HALF_ABI\t*\)1$/\12/'
# grown: serves protocol 1 still; all structs of both interfaces have grown
change $at/grown/$header 's/\(define TANDEM_PROTOCOL\t*\)1$/\12/' "$grow"
change $at/grown/logic/plan.h 's/^\tconst char \*build_id;.*/&\n\tconst char *later;/'
# wide: a program that knows larger structs, and leaves what is new at 0; full: one that does not
change $at/wide/$header "$grow"
change $at/full/$header "$grow"
change $at/full/lib/channel.c 's/^\tattach->protocol = .*/&\n\tattach->later = 1;/'
# other: the same driver, split at another time
change $at/other/tests/bench/upbench_plan.h 's/build_id = "a1/build_id = "a2/'
for n in now new grown; do modules $n >"$out/log" 2>&1 || t_fail "$(tail -n 3 "$out/log")"; done
for n in now new wide full other; do user $n; done
gcc -O2 -Wall -Werror -static -o $at/versions tests/kernel_versions.c || t_fail 'does not compile'

cat >"$out/guest" <<'END2'
failed=0
wrong() { echo "WRONG: $*"; failed=1; }
# pair RUNTIME HALF USER PATTERN [PATTERN-OF-LOG]: what comes of it, or what the user half says
pair() {
	local was said name="tandem.ko $1, kernel half $2, user half $3"
	dmesg -C
	insmod /tandem/upgrade/$1/kernel/tandem.ko attach_ms=1500 || wrong "$name: no runtime"
	if insmod /tandem/upgrade/$2/tests/bench/upbench.ko 2>/tmp/said; then
		/tandem/upgrade/$3/user >/tmp/user 2>&1 & pid=$!
		/tandem/upgrade/versions >/tmp/said
		# it ends by itself, or waits for a half that does not come
		for n in $(seq 20); do kill -0 $pid 2>/dev/null && sleep 0.1; done
		kill $pid 2>/dev/null
		wait $pid 2>/dev/null
		grep -v '^ready$' /tmp/user >/tmp/user.said
		[ "$(wc -l </tmp/user.said)" -le 1 ] || wrong "$name: not one line: $(cat /tmp/user.said)"
		cat /tmp/user.said >>/tmp/said
		rmmod upbench || wrong "$name: stays loaded"
	fi
	rmmod tandem || wrong "$name: the runtime stays loaded"
	echo "$name: $(tr '\n' ';' </tmp/said)"
	grep -qE "$4" /tmp/said || wrong "not $4"
	[ "$4" = '^works$' ] || ! grep -q '^works' /tmp/said || wrong 'it works'
	[ -z "${5:-}" ] && return
	echo "  log: $(dmesg | grep -E "$5" | sed 's/^[^]]*\] //')"
	[ "$(dmesg | grep -cE "$5")" = 1 ] || wrong "the log does not say $5"
}
pair now now now '^works$'
# new library, old module
pair now now new 'upbench: tandem.ko speaks protocol 1, this program 2: install matching ones' \
	'tandem: a user half speaks protocol 2, this tandem.ko 1: install'
pair now now wide '^works$'
pair now now full 'upbench: tandem.ko is older than this program: install matching ones'
# new module, old library
pair new new now 'upbench: tandem.ko speaks protocol 2, this program 1: install matching ones' \
	'tandem: a user half speaks protocol 1, this tandem.ko 2: install'
pair grown grown now '^works$'
pair new new new '^works$'
# kernel half and tandem.ko
pair new now now 'register: Protocol not supported' 'tandem: .* interface 1 .* this tandem.ko 2 .*: run tandem split again'
pair now new now 'register: Protocol not supported' 'tandem: .* interface 2 .* this tandem.ko 1 .*: run tandem split again'
pair grown now now 'insmod: .*Invalid' 'disagrees about version of symbol tandem_half_register'
pair now grown now 'insmod: .*Invalid' 'disagrees about version of symbol tandem_half_register'
# the halves
pair now now other 'upbench: halves come from different builds: run tandem split again' 'tandem: upbench: a user half of another build came'
exit $failed
END2
lab/run --time 300 --out "$out/o" -- bash -c "$(cat "$out/guest")" || t_fail "status $?"
