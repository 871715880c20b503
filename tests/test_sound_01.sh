#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A sound card, split, plays and records, and says of itself what the stock driver says; then it unloads.
# timeout: 400
# kernels: 6.1
. tests/helpers.sh
gcc -O2 -Wall -Wextra -Werror -static -o build/sound-play tests/sound/play.c || t_fail 'tests/sound does not compile'
lab/halves "$kernel" snd-ens1370
head -n 1 "build/split/$kernel/snd-ens1370/report.txt" || t_fail 'snd-ens1370 was not split'

cat >"$out/guest" <<'END'
card=/proc/asound/card0
for n in 1 2 3; do
	for pcm in 0p 1p 0c; do
		case $pcm in *p) how=playback;; *) how=capture;; esac
		/tandem/sound-play /dev/snd/pcmC0D$pcm $how || exit
	done
done
for f in /proc/asound/{cards,devices,pcm} $card/{id,audiopci,ak4531,midi0} $card/pcm*/info; do
	echo "== $f"
	cat $f
done
echo '== midi'
for how in '<' '>'; do eval "exec 5$how/dev/snd/midiC0D0 5>&-" && echo opened; done
rmmod snd_ens1370 && [ ! -e $card ] && echo gone
END
# counting: how fast the host is does not matter to a card that plays in real time
for kind in stock split; do
	lab/run --icount --time 180 --device ES1370,audiodev=none --qemu=-audiodev --qemu=none,id=none --$kind snd-ens1370 --out "$out/$kind" -- \
		bash -c "$(cat "$out/guest")" >"$out/$kind.said" || t_fail "$kind: status $?: $(cat "$out/$kind"{,/*}.{said,err} 2>/dev/null)"
done
[ -s "$out/split/snd-ens1370-user.out" ] || t_fail 'no user half ran'
[ "$(grep -c ': Success$' "$out/split.said")" = 9 ] && grep -q '^gone' "$out/split.said" || t_fail "$(cat "$out/split.said")"
diff "$out/stock.said" "$out/split.said" || t_fail 'stock < > split'
