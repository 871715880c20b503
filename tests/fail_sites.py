#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""fail_sites.py MODULE.KO REASONS CONSOLE...: was each allocation of kernel/ made to fail?

Each call that allocates in kernel/*.c must be the place where the injector's reports in the consoles left
the module, or stand in REASONS: file, function, what is called, and why it was not reached.
MODULE.KO has line numbers. Exit status 0 only if that holds, and no reason is there in vain.
"""
import collections
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALL = re.compile(r'\b(k[mz]alloc\w*|kcalloc\w*|kv[mz]alloc\w*|kvcalloc\w*|v[mz]alloc\w*|krealloc\w*|kvrealloc\w*|kstrn?dup\w*|'
                  r'kmemdup\w*|v?memdup_user\w*|kasprintf|kvasprintf|__get_free_pages?|get_zeroed_page|alloc_pages?\w*|'
                  r'kmem_cache_\w*alloc\w*|kmem_cache_create\w*|bitmap_[z]?alloc|alloc_workqueue|alloc_ordered_workqueue|'
                  r'alloc_percpu\w*|debugfs_create_\w+|misc_register|call_usermodehelper|single_open|seq_open\w*|'
                  r'radix_tree_preload|xa_(?:store|insert|alloc)\w*|idr_alloc\w*|ida_alloc\w*|anon_inode_\w+|kthread_\w*(?:run|create)\w*|'
                  r'remap_vmalloc_range|vmf_insert_pfn\w*|vm_insert_page\w*)\(')
FUNCTION = re.compile(r'^(?:static |noinline\w* |inline |__init |__always_inline )*[\w ]+?\*?\b(\w+)\(')


def calls():
    """Each call: file, line, function it is in, what is called."""
    found = []
    for path in sorted(glob.glob(TOP + '/kernel/*.c')):
        inside = ''
        comment = False
        for n, line in enumerate(open(path), 1):
            if line[0].isalpha() and not line.startswith(('struct', 'enum')) and FUNCTION.match(line) or \
               re.match(r'^(static )?(const )?struct \w+ \*\w+\(', line):
                inside = re.search(r'(\w+)\(', line)[1]
            if re.match(r'\s*(/\*|\*)', line):
                continue
            for what in CALL.findall(line.split('/*')[0]):
                if line[0] == '\t':
                    found.append((os.path.basename(path), n, inside, what))
    return found


def symbols(module):
    """Name and size to addresses: static functions of two files may have one name."""
    table = collections.defaultdict(list)
    text = subprocess.run(['readelf', '-sW', module], capture_output=True, text=True, check=True).stdout
    sections = dict(re.findall(r'\[ *(\d+)\] (\S+)', subprocess.run(
        ['readelf', '-SW', module], capture_output=True, text=True, check=True).stdout))
    for line in text.splitlines():
        w = line.split()
        if len(w) == 8 and w[3] == 'FUNC' and w[6].isdigit():
            size = int(w[2], 0)
            table[w[7]].append((sections[w[6]], int(w[1], 16), size))
    return table


def frames(consoles):
    """Where the injector's reports left the module: function, offset, size as printed."""
    found = collections.Counter()
    for path in consoles:
        waits = False
        for line in open(path, errors='replace'):
            if 'FAULT_INJECTION: forcing a failure' in line:
                waits = True
            frame = re.search(r'\]  (?:RIP: \w+:)?(\w[\w.]*)\+0x([0-9a-f]+)/0x([0-9a-f]+) \[tandem\]', line)
            if waits and frame:
                found[frame[1], int(frame[2], 16), int(frame[3], 16)] += 1
                waits = False
    return found


def lines(module, found):
    """Each source line from which a call failed, and how often; what is inlined counts for each of its callers."""
    table = symbols(module)
    asked = collections.defaultdict(list)
    for (name, offset, size), times in found.items():
        for section, start, real in table.get(name, []):
            # What is printed is rounded up to the next symbol.
            if len(table[name]) == 1 or 0 <= size - real < 16:
                asked[section].append((start + offset - 1, times))
    hit = collections.Counter()
    for section, addresses in asked.items():
        text = ''.join(f'{a:#x}\n' for a, _ in addresses)
        out = subprocess.run(['addr2line', '-a', '-i', '-j', section, '-e', module], input=text,
                             capture_output=True, text=True, check=True).stdout
        times = {a: t for a, t in addresses}
        for line in out.splitlines():
            if line.startswith('0x'):
                at = times[int(line, 16)]
            else:
                path, _, number = line.partition(':')
                hit[os.path.basename(path), int(re.match(r'\d*', number)[0] or 0)] += at
    return hit


def reasons(path):
    found = {}
    for line in open(path):
        if line.strip() and line[0] != '#':
            file, function, what, why = line.split(None, 3)
            found[file, function, what] = why.strip()
    return found


def main():
    module, path, consoles = sys.argv[1], sys.argv[2], sys.argv[3:]
    hit = lines(module, frames(consoles))
    why = reasons(path)
    bad, reached, used = [], 0, set()
    for file, line, function, what in calls():
        # The compiler may name the line in which a call of two ends.
        times = sum(hit[file, line + i] for i in range(2))
        key = (file, function, what)
        if times:
            reached += 1
        elif key in why:
            used.add(key)
        else:
            bad.append(f'kernel/{file}:{line}: {what} in {function}: never failed, and there is no reason')
        print(f'{file}:{line} {what} in {function}: ' + (f'failed {times} times' if times else why.get(key, '?')))
    bad += [f'{path}: {" ".join(key)}: a reason that nothing needs' for key in why if key not in used]
    print('\n'.join(bad + [f'{reached} calls failed, {len(used)} have a reason, {len(bad)} wrong']))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
