#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Layering, licence lines, sizes.
exec tests/layering.sh
