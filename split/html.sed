# SPDX-License-Identifier: GPL-2.0
# From a page to a C string: one literal a line.
s/[\\"]/\\&/g
s/^[ \t]*//
s/.*/"&\\n"/
