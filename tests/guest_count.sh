# SPDX-License-Identifier: GPL-2.0
# Sourced in the guest: counts what a driver or the runtime can leave behind.

# Timers by what was traced: started and not cancelled, of those that began after this. Addresses are
# printed as they are, so that a start and its end are the same.
trace=/sys/kernel/tracing
timers_begin() {
	mount -t tracefs none $trace 2>/dev/null
	echo 'hist:keys=timer,function.hex:size=65536' >$trace/events/timer/timer_start/trigger &&
		echo 'hist:keys=timer:size=65536' >$trace/events/timer/timer_cancel/trigger
}

# Pending timers whose function is a module's (on x86: from MODULES_VADDR on), and works that are delayed.
# The ends are read first: a timer that goes on and on is pending.
timers_pending() {
	local delayed
	delayed=$(awk '$3 == "delayed_work_timer_fn" { print $1 }' /proc/kallsyms)
	awk -v delayed="${delayed#ffffffff}" '
	FNR == 1 { file++ }
	/^    Dropped: [1-9]/ { print "timers: lost"; exit 1 }
	match($0, /timer: *[0-9]+/) {
		timer = substr($0, RSTART + 6, RLENGTH - 6)	# as text: a double is too short
		sub(/^ */, "", timer)
		match($0, /hitcount: *[0-9]+/)
		hits = substr($0, RSTART + 9, RLENGTH - 9)
		pending[timer] += file == 1 ? -hits : hits
		if (match($0, /function: *[0-9a-f]+/)) {
			f = substr($0, RSTART + 9, RLENGTH - 9)
			sub(/^ */, "", f)
			of[timer] = of[timer] " " f
		}
	}
	END {
		for (t in pending)
			if (pending[t] > 0 && of[t] ~ / ffffffff[c-f]/)
				modules++
			else if (pending[t] > 0 && of[t] ~ delayed)
				works++
		print "timers:modules", modules + 0
		print "timers:delayed", works + 0
	}' $trace/events/timer/timer_cancel/hist $trace/events/timer/timer_start/hist
}

# Loading a module, any, makes the kernel give back what has been vfree()d.
purge() {
	modprobe pktgen && rmmod pktgen
}

# NAME NUMBER, of all that a driver can leave behind: open files are in slab:filp. Sizes are in pages.
count() {
	purge
	sync
	sleep 1		# for what is freed after a grace period
	for cache in /sys/kernel/slab/*; do [ -L "$cache" ] || echo 1 >"$cache/shrink"; done 2>/dev/null
	for n in 1 2 3; do echo 3 >/proc/sys/vm/drop_caches; done
	awk 'NR > 2 { print "slab:" $1, $2 }' /proc/slabinfo
	awk '/^(SUnreclaim|VmallocUsed|KernelStack|PageTables|Percpu):/ { print "pages:" $1, $2 / 4 }' /proc/meminfo
	awk '/^MemTotal/ { t = $2 } /^MemFree/ { print "pages:all", (t - $2) / 4 }' /proc/meminfo
	awk '{ print "vmalloc:" $3 }' /proc/vmallocinfo | sort | uniq -c | awk '{ print $2, $1 }'
	echo "vectors $(ls /sys/kernel/irq | wc -l)"
	echo "handlers $(grep -c . /proc/interrupts)"
	echo "processes $(ps --ppid 2 -p 2 --deselect -o pid= | wc -l)"
	echo "hrtimers $(grep -c ' #.*\[' /proc/timer_list)"
	for n in /proc/iomem /proc/ioports /proc/modules; do echo "$n $(wc -l <$n)"; done
	for n in /sys/class/net /sys/kernel/debug/tandem /sys/bus/pci/drivers /sys/bus/pci/devices /sys/module; do
		echo "$n $(ls $n | wc -l)"
	done
}
