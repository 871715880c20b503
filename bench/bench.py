# SPDX-License-Identifier: GPL-2.0
"""What the benchmarks share: guests, means, one table with its bounds."""
import math
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = TOP + '/build'
OWN = BUILD + '/bench'
KERNEL = os.environ.get('TANDEM_KERNEL', '6.1')
REGRESSION = os.environ.get('TANDEM_BENCH') == 'regression'    # as the tests run them


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)


def guest(arguments, command):
    """The lines that @command prints in a guest; ends the benchmark if it fails."""
    done = subprocess.run([TOP + '/lab/run', '--kernel', KERNEL, *arguments, '--', *command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        fail(f'{done.stdout}lab/run {" ".join(arguments)}: status {done.returncode}')
    return done.stdout.splitlines()


def compile_for_guest(source, *more):
    """A program of its own, static, so that it needs nothing of the guest's file system."""
    os.makedirs(OWN, exist_ok=True)
    out = OWN + '/' + os.path.basename(source).removesuffix('.c')
    command = ['gcc', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-o', out, TOP + '/' + source, *more]
    if subprocess.run(command).returncode:
        fail(f'{source} does not compile')
    return '/tandem/bench/' + os.path.basename(out)


def module(name):
    return f'{BUILD}/kernel/{KERNEL}/{name}.ko'


def stock_module(name):
    """The distribution's module file, as the guest loads it."""
    said = subprocess.run([TOP + '/lab/prepare', KERNEL], capture_output=True, text=True, check=True).stdout
    root = dict(line.split('=', 1) for line in said.splitlines())['modules']
    for folder, _, files in os.walk(root):
        if name + '.ko' in files:
            return f'{folder}/{name}.ko'
    fail(f'no {name}.ko under {root}')


def mean(values):
    return sum(values) / len(values)


def error_of_mean(values):
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1) / len(values)) if len(values) > 1 else 0.0


class Table:
    """Rows of text; those with a bound decide."""
    def __init__(self, *head):
        self.rows, self.missed = [head], []

    def row(self, *cells):
        self.rows.append(tuple(str(c) for c in cells))

    def bound(self, name, value, limit, at_least=False, form='{:.3f}', reached=None):
        """One row: value, limit, verdict. @reached: the worst that a regression run accepts of a
        figure whose limit is not met yet; the row still says that it is missed."""
        good = value >= limit if at_least else value <= limit
        sign = '>=' if at_least else '<='
        self.row(name, form.format(value), f'{sign} {form.format(limit)}', 'yes' if good else 'MISSED')
        if not good and not (reached and REGRESSION and value <= reached):
            self.missed.append(name)

    def show(self):
        width = [max(len(r[i]) for r in self.rows if i < len(r)) for i in range(max(map(len, self.rows)))]
        for r in self.rows:
            cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, width))]
            print('  '.join(cells).rstrip())
        for name in self.missed:
            print(f'missed: {name}')

    def end(self):
        self.show()
        sys.exit(1 if self.missed else 0)
