# SPDX-License-Identifier: GPL-2.0
# The verbs. Everything that is made goes to build/; what is worth keeping between
# builds goes to ~/.cache/tandem.
#
#   demo     the table: stock against split e1000
#   check    build everything, run all tests      TESTS='lab split_01' for some of them
#   soak     the same tests at full count
#   verify   the tests that use a VM, on the checking kernels (builds these once)
#   analyse  sparse, coccinelle, cppcheck, clang's and gcc's analysers, clang-tidy
#   coverage which lines the tests run: kernel/ in VMs, logic/ lib/ split/ by unit tests
#   fuzz     the parsers of files and the channel, TIME=3600 seconds; findings are kept in build/fuzz/
#   lab      prepare what lab/run needs
#   bench    the benchmarks
#   style    layering, licence lines, sizes of files and functions
#   install  the tool and the library, PREFIX=/usr/local
#   clean

PREFIX ?= /usr/local
KERNEL ?= 6.1
TESTS  ?=
TIME   ?= 3600

.DEFAULT_GOAL := all
.PHONY: all deps user modules halves demo check soak verify analyse coverage fuzz lab bench style install clean

all: deps user modules

deps:
	@.ci/deps

user: deps
	@mkdir -p build/logs
	@[ -f build/build.ninja ] || meson setup --prefix $(PREFIX) build >build/logs/meson.log 2>&1 || \
		{ tail -n 5 build/logs/meson.log; exit 1; }
	@ninja -C build >build/logs/ninja.log 2>&1 || { grep -A5 -m3 FAILED: build/logs/ninja.log; echo "see build/logs/ninja.log"; exit 1; }

modules: deps
	@lab/module-build $(KERNEL)

# Split drivers that tests and the demo use; a split that fails is reported by those.
halves: user
	@lab/module-build $(KERNEL) || true
	@lab/halves $(KERNEL)

lab: deps
	@lab/prepare $(KERNEL) >/dev/null

demo: halves lab
	@lab/demo

check: deps
	@tests/run --build $(TESTS)

soak: deps
	@TANDEM_SOAK=1 tests/run --build $(TESTS)

verify: halves lab
	@lab/verify

analyse: halves
	@.ci/deps analyse
	@lab/analyse

coverage: user lab
	@lab/coverage

fuzz: user lab
	@lab/kernel-build coverage >/dev/null && lab/module-build coverage
	@tests/fuzz/run $$(($(TIME) / 2))
	@tests/fuzz/protocol $$(($(TIME) / 2))

bench: halves lab
	@for b in bench/bench_*; do [ ! -x "$$b" ] || { echo "== $$b"; "$$b" || exit 1; }; done

style:
	@tests/layering.sh

install: user
	@meson install -C build --quiet

clean:
	@rm -rf build
