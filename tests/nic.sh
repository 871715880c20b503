# SPDX-License-Identifier: GPL-2.0
# Sourced by tests that compare a split network driver with the stock one: the same questions to both,
# each in a guest of its own, and the answers file by file.

# What may differ, each with its reason. Everything else must be equal to the byte.
volatile() {	# NAME, the driver in $module
	case $module:$1 in
	8139cp:*.messages)
		# the address of the registers, which each half has at its own
		sed 's/ at 0x[0-9a-f]*,/ at .../' ;;
	8139cp:*registers)
		# a free running timer, and where the rings are, which the page allocator says
		sed -E 's/^( +(9|19|58)	) .*/\1/' ;;
	8139cp:*.registers-text)
		sed -E 's/(Ring Addr|Timer count) .*/\1/' ;;
	e100:*registers)
		# is an MDI access still to be acknowledged, when registers are read right after one?
		sed 's/^     1	 00000[08]50/     1	 00000?50/' ;;
	e100:*.registers-text)
		sed -E 's/(Status Word .*|MDI Done:).* [^ ]*$/\1/' ;;
	pcnet32:*registers)
		# in which pages its memory is: two halves of an address in 5 and 6, whole ones in the others
		sed -E 's/^( +5	) ./\1 ?/; s/^( +6	 ....).*/\1/; s/^( +(13|18|19|22|23)	) .{5}/\1 ?????/' ;;
	pcnet32:*.registers-text)
		sed -E 's/^(CSR00:   ....  ).(...)  ..../\1?\2  ????/; s/^(CSR16:   ).(...)  ..../\1?\2  ????/
			s/^(CSR(24|32):   ....  ....  ).(...)  ....  .(...)  ..../\1?\3  ????  ?\4  ????/' ;;
	e1000:parameters.messages|e1000:parameters.registers|e1000:parameters.registers-text)
		# flow control as negotiated with the old advertisement or the new one, as the link comes back early or late
		sed -E '/NIC Link is Down/d; s/(Flow Control: (RX|TX|None|RX\/TX)|(Receive|Transmit) flow control: .*)$/.../
			s/^( +1	 )../\1??/; s/(CTRL \(.*0x)../\1??/' | uniq ;;
	*:*.messages)
		# one line a change of the link: whether the watchdog sees a short one is a matter of time
		sed '/NIC Link is Down/d' | uniq ;;
	*:*.settings|*:*.now)
		# a work item reads it from the PHY two seconds after the link; until then it shows as unknown
		sed 's/MDI-X: .* (auto)/MDI-X: (auto)/' ;;
	*)
		cat ;;
	esac
}
# compare_drivers DEVICE MODULE STEP...: both at once, since they mostly wait for links.
compare_drivers() {
	local device=$1 module=$2 kind name bad=0 pids='' p
	shift 2
	for kind in stock split; do
		mkdir -p "$out/$kind"
		cp tests/guest_nic.sh "$out/$kind/"
		lab/run --time $([ -n "$soak" ] && echo 1800 || echo 500) --device "$device" --$kind "$module" --out "$out/$kind" -- \
			env FULL="$soak" bash /out/guest_nic.sh $kind "$module" "$@" >"$out/$kind.log" 2>&1 &
		pids="$pids $!"
	done
	for p in $pids; do wait "$p" || bad=$?; done
	[ $bad = 0 ] || t_fail "status $bad: $(tail -n 3 "$out"/*.log "$out/split/$module-user.err" 2>&1)"
	[ "$(tail -n 1 "$out/split/progress")" = end ] || t_fail 'the questions were not all asked'
	# the split one was split
	[ -s "$out/split/$module-user.out" ] || t_fail 'no user half ran'
	diff <(ls "$out/stock/r") <(ls "$out/split/r") || t_fail 'not the same questions'
	for name in "$out/stock/r/"*; do
		name=$(basename "$name")
		diff <(volatile "$name" <"$out/stock/r/$name") <(volatile "$name" <"$out/split/r/$name") >"$out/diff" && continue
		echo "== $name: stock < > split"
		cat "$out/diff"
		bad=1
	done
	[ $bad = 0 ] || t_fail 'the drivers differ'
	echo "$(ls "$out/stock/r" | wc -l) answers are equal"
}
