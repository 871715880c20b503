# SPDX-License-Identifier: GPL-2.0
"""The tests of tests/run, one by one, for those who test with pytest:

    pytest-3 tests/pytest --junitxml=build/junit.xml [-k install]
"""
import os
import subprocess

import pytest

RUN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'run')


def names():
    return subprocess.run([RUN, '--list'], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize('name', names())
def test(name):
    done = subprocess.run([RUN, '--exact', name], capture_output=True, text=True)
    verdict = (done.stdout.splitlines() or [done.stderr])[0]
    if verdict.startswith('SKIP'):
        pytest.skip(verdict)
    assert done.returncode == 0, f'{verdict} (build/logs/{name}.log)'
