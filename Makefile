# The front door. What happens behind it is Meson's (meson.build) and tools/'s.

PYTHON ?= /usr/bin/python3
export PYTHON

.PHONY: all profile run test test-pypy-matrix bench lint asan tsan fuzz docs format clean install help

all: profile build/build.ninja ## build the server, its tools and libraries: build/bask, bask-ctl, libbask.so
	@[ -z '$(UWSGI_PROFILE)' ] || meson configure build $$(tools/profile '$(UWSGI_PROFILE)')
	@ninja -C build --quiet bask bask-ctl libbask.so libuwsgi.so embed/libpypy-embed.a

# uWSGI's way to choose languages: `UWSGI_PROFILE=nolang make`. It stays until another one is named.
profile:
	@tools/profile '$(UWSGI_PROFILE)' >/dev/null

build/build.ninja:
	@tools/install-deps build
	@meson setup build -Db_lto=true -Dtests=false >/dev/null

# The linker's --wrap, which some unit tests need, does not see through link-time optimisation.
build-unit/build.ninja:
	@tools/install-deps build
	@meson setup build-unit --werror >/dev/null

run: ## install what is missing, build, and serve the demo on PyPy at http://127.0.0.1:9090
	@tools/install-deps build run
	@$(MAKE) --no-print-directory all
	@examples/demo/run

test: ## install what the tests need and run them all
	@tools/install-deps build run test
	@# What was built before there was a Java knows none.
	@[ ! -f build/build.ninja ] || grep -q guest_jvm build/src/main/embedded.c || \
	    meson setup --reconfigure build >/dev/null
	@$(MAKE) --no-print-directory all build-unit/build.ninja
	@ninja -C build-unit --quiet
	@tools/run-tiers unit glue embed tools demo system

test-pypy-matrix: ## try the server on every PyPy that people have: a table
	@tools/install-deps build run test
	@$(MAKE) --no-print-directory all
	@tools/pypy-matrix

bench: ## compare with nginx, uWSGI and a bare C loop: a table and a picture in bench/out
	@tools/install-deps build run bench
	@$(MAKE) --no-print-directory all
	@bench/run

lint: ## check rooms, headers, format, and that every option is in the reference
	@tools/install-deps build lint
	@$(MAKE) --no-print-directory all
	@tools/run-tiers rooms headers format options

build-asan/build.ninja: SANITIZE = address,undefined
build-tsan/build.ninja: SANITIZE = thread
build-%/build.ninja:
	@tools/install-deps build fuzz
	@CC=clang meson setup build-$* -Db_sanitize=$(SANITIZE) -Db_lundef=false \
	    -Dembedded_plugins=null -Dbuildtype=debugoptimized --werror >/dev/null

asan: build-asan/build.ninja ## the core under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/install-deps test
	@ninja -C build-asan --quiet
	@tools/run-tiers asan-unit asan-system

tsan: build-tsan/build.ninja ## the core under ThreadSanitizer
	@tools/install-deps test
	@ninja -C build-tsan --quiet
	@tools/run-tiers tsan-unit tsan-system

fuzz: ## fuzz every parser for FUZZ_SECONDS (20) each
	@tools/install-deps build fuzz
	@tools/run-tiers fuzz

docs: all ## write the reference of all options: docs/reference/options.md
	@mkdir -p docs/reference
	@build/bask --help-markdown > docs/reference/options.md

format: ## format all C
	@tools/install-deps lint
	@tools/check-format --fix

install: all ## install the server (DESTDIR, and meson configure -Dprefix=)
	@meson install -C build

clean: ## remove what was built
	@rm -rf build build-unit build-asan build-tsan build-fuzz

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
