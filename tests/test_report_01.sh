#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# The reports of a split agree, the page needs nothing but itself, --explain names each step with its place.
. tests/helpers.sh

mkdir "$out/thing"
echo 'obj-m := thing.o' >"$out/thing/Makefile"
cat >"$out/thing/thing.c" <<'END'
#include <linux/module.h>
#include <linux/interrupt.h>
#include <linux/pci.h>

static DEFINE_SPINLOCK(lock);
static int count;

static int leaf(int *p)
{
	return ++*p;
}

static irqreturn_t handler(int irq, void *data)
{
	return leaf(data) ? IRQ_HANDLED : IRQ_NONE;
}

static int setup(struct pci_dev *pdev)
{
	spin_lock_irq(&lock);
	count = 3;	/* </script> <!-- & "quotes" \ */
	spin_unlock_irq(&lock);
	return request_irq(pdev->irq, handler, IRQF_SHARED, "thing", &count);
}

static int thing_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return setup(pdev);
}

static void thing_remove(struct pci_dev *pdev)
{
	free_irq(pdev->irq, &count);
}

static int thing_sriov(struct pci_dev *pdev, int n)
{
	return -ENOSYS;
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1234, 0x5678) }, { } };
static struct pci_driver thing = {
	.name = "thing",
	.id_table = ids,
	.probe = thing_probe,
	.remove = thing_remove,
	.sriov_configure = thing_sriov,	/* </script> <b> */
};
module_pci_driver(thing);
MODULE_LICENSE("GPL");
END
line() { grep -n -m1 -- "$1" "$out/thing/thing.c" | cut -d: -f1; }

for dir in a b; do
	build/tandem split "$out/thing" -o "$out/$dir" --no-build || t_fail 'cannot split'
done
for file in report.json report.txt report.html; do
	cmp "$out/a/$file" "$out/b/$file" || t_fail "$file is not the same twice"
done

python3 - "$out/a" "$(line 'sriov_configure =')" <<'END' || t_fail 'the reports do not agree'
import json, re, sys
folder, sriov = sys.argv[1], int(sys.argv[2])
report = json.load(open(folder + '/report.json'))
page = open(folder + '/report.html').read()
inside = re.findall(r'<script id="report" type="application/json">(.*?)</script>', page, re.S)
assert len(inside) == 1 and '<' not in inside[0], 'text of the driver ends the element'
shown = json.loads(inside[0])
assert [p.split(': ')[0] for p in shown.pop('policy')] == report.pop('policy')
assert shown == report
rest = page.replace(inside[0], '')
assert not re.search(r'(?i)\b(src|href)=|@import|url\(|https?:', rest.replace('http://www.w3.org/2000/svg', '')), 'asks for something outside'

of = {f['name']: f for f in report['function']}
assert {k: v['side'] for k, v in of.items()} == {
    'leaf': 'kernel', 'handler': 'kernel', 'setup': 'user', 'thing_probe': 'user', 'thing_remove': 'user',
    'thing_sriov': 'kernel', 'thing_init': 'kernel', 'thing_exit': 'kernel'}
assert report['functions'] == {'total': 8, 'user': 3, 'kernel': 5}
assert [(r['line'], r['construct'], r['function']) for r in report['refused']] == [(sriov, 'callback', 'thing_sriov')]
assert '</script> <b>' in of['thing_sriov']['reason_text']
assert '</script> <!-- & "quotes" \\' in of['setup']['regions'][0]['text']
assert of['leaf']['because']['name'] == 'handler' and of['thing_probe']['callbacks'][0]['as'] == 'pci_driver.probe'
for f in report['function']:
    for call in f['calls']:
        assert report['function'][call['function']]['name'] == call['name']
END
grep -q '^thing: 3 of 8 functions ' "$out/a/report.txt" || t_fail "$(cat "$out/a/report.txt")"

# explains FUNCTION PATTERN...: each pattern in a later line than the one before.
explains() {
	local at=1 found pattern function=$1
	shift
	build/tandem split "$out/thing" --explain "$function" >"$out/why" || t_fail "cannot explain $function"
	for pattern; do
		found=$(sed -n "$at,\$p" "$out/why" | grep -nm1 -- "$pattern" | cut -d: -f1)
		[ -n "$found" ] || t_fail "$function: no $pattern after line $at of: $(cat "$out/why")"
		at=$((at + found))
	done
}
explains leaf '^leaf: kernel half' 'called by handler' "thing.c:$(line 'return leaf'): return leaf(data)" \
	'root: request_\(threaded_\)\?irq/1' '^ .*[.][ch]:[0-9]*: .*irq(.*handler'
explains setup '^setup: user half' 'called by thing_probe' "thing.c:$(line 'return setup'):" \
	"thing_probe is the driver's pci_driver.probe" "thing.c:$(line '\.probe ='):" 'stays in the kernel: takes a lock' \
	"thing.c:$(line 'spin_lock_irq(')" 'may read [0-9]* field' 'request_irq'
explains thing_sriov 'callback pci_driver.sriov_configure is not in policy' "thing.c:$(line 'sriov_configure =')" 'to move it: '
explains request_irq 'a downcall'
said=$(build/tandem split "$out/thing" --explain hander 2>&1) && t_fail 'explains what is not there'
[ "$said" = 'tandem: thing has no function hander: did you mean handler?' ] || t_fail "$said"
said=$(build/tandem split "$out/thing" --explain quux 2>&1) && t_fail 'explains what is not there'
[ "$said" = 'tandem: thing has no function quux' ] || t_fail "$said"

# where there is a browser: the page comes up, and a function can be linked to
command -v chromium >/dev/null || exit 0
timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync \
	--user-data-dir="$out/browser" --virtual-time-budget=3000 --dump-dom "file://$out/a/report.html#setup,near" \
	>"$out/dom" 2>/dev/null || exit 0
[ "$(grep -o '<tr[ >]' "$out/dom" | wc -l)" = 9 ] || t_fail 'the table has not one row a function'
grep -q '<h2>setup</h2>' "$out/dom" || t_fail 'the link shows no function'
grep -q 'class="n user[^"]*" data-id' "$out/dom" || t_fail 'nothing is drawn'
exit 0
