#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# exclusive
# Building and testing leave the source tree as it was: nothing that git does not know or ignore.
. tests/helpers.sh
[ -d .git ] || t_skip "not a git checkout"
[ -n "${CI:-}" ] || t_skip "only in a clean checkout (CI=true)"
[ -z "$(git status --porcelain)" ] || t_fail "$(git status --porcelain | head -n 5)"
