# SPDX-License-Identifier: MIT
# KMRepair. Two commands do everything on a fresh Debian 12: `make demo` and `make check-full`.
#
#   make          the program: build/x86/kmrepair.exe and build/x64/kmrepair.exe, and build/kmrepair-setup.exe
#   make setup    installs and fetches what the rest needs; a second time it does nothing
#   make check         set-up, build and the quick tests, what CI runs; the last line is `N passed, N failed`
#   make check-full    the same with all tests, and the large numbers
#   make demo     set-up, build, and the program at its work
#   make unit | lint | floor | docs | wine      one group of tests, of what is built
#   make wine-quick          of the Wine tests those that `make check` runs
#   make examples            writes the examples of output in the documents anew
#   make fuzz SECONDS=N       looks for inputs that break the core, for N seconds in all (default 60)
#   make fuzz-corpus          takes over into tests/fuzz/corpus what these runs found worth keeping
#   make sim SEEDS=N                            so many stories of the simulation, START=N from there on
#   make plants                                 mistakes in copies of the sources, which it has to find
#   make coverage                               which branches of the core unit tests and simulation take
#   make mutants COUNT=N SEED=N                 N mistakes that nobody has picked, put to unit tests and simulation
#   make bench    measures, prints a table and writes build/bench/; SIZES=1000,10000 for less, ROUNDS=N for more
#   make setup-matrix    the set-up program over each state that it may find, as a table; two minutes
#   make report-picture  the page of `kmrepair report` in a browser; wants Debian's chromium. WRITE=1: docs/report.png anew
#   make dist     what is released, in build/dist/: set-up program, zip, checksums
#   make sign     CERT=FILE KEY=FILE [PASSFILE=FILE] [TIMESTAMP=URL]: the same, signed, in build/signed/dist/
#   make format   lays out the sources as `make lint` wants them
#   make clean    removes what was built; distclean: what was fetched as well
#
#   V=1           shows the commands
#   INIH=DIR      uses a copy of inih (ini.c, ini.h) that is there already
#   PYTEST=...    options for `make wine`, such as PYTEST='-k stop'
#   LONG=1        the large numbers in `make wine`; KILLS=N, SEED=N: see docs/reliability.md

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

INIH ?= build/inih
# The commands are long, and told only on request.
say = $(if $(V),,@echo '  $@';)
# By name: another python3 that stands first in the PATH does not know Debian's pytest.
PYTHON := /usr/bin/python3

x86_PREFIX := i686-w64-mingw32-
x64_PREFIX := x86_64-w64-mingw32-

core := $(wildcard core/*.c)
service := $(wildcard service/*.c service/win/*.c service/verb/*.c)
helpers := $(wildcard tests/wine/*.c)
unit_tests := $(patsubst tests/unit/%.c,build/native/%,$(wildcard tests/unit/test_*.c))
unit_shared := $(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c))
fuzz_targets := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
formatted := $(wildcard core/*.[ch] service/*.[ch] service/win/*.[ch] service/verb/*.[ch] tests/unit/*.[ch] tests/sim/*.[ch] tests/wine/*.[ch] tests/fuzz/*.[ch] tests/fuzz/windows/*.h)

# inih has to read a record as Windows does: with its default of continuation lines an indented
# NumSCerts is swallowed and a sound record looks stuck. The tests use the same settings.
inih_flags := -DINI_USE_STACK=1 -DINI_MAX_LINE=2048 -DINI_ALLOW_MULTILINE=0 -DINI_ALLOW_BOM=1 \
    '-DINI_START_COMMENT_PREFIXES=";"' -DINI_ALLOW_INLINE_COMMENTS=0 -DINI_STOP_ON_FIRST_ERROR=0 \
    -DINI_ALLOW_NO_VALUE=0 -DINI_HANDLER_LINENO=0 -DINI_CALL_HANDLER_ON_NEW_SECTION=1
# As a system folder: our warnings are not for other people's headers.
includes := -Icore -isystem $(INIH) $(inih_flags)

# Only our own sources are held to these.
warnings := -Wall -Wextra -Werror -Wshadow -Wconversion -Wundef -Wformat=2 \
    -Wwrite-strings -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
    -Wimplicit-fallthrough -Wlogical-op -Wduplicated-cond -Wduplicated-branches
depends = -MMD -MP -MF $(@:.o=.d)
# Whatever the folder is called that the sources are in, the same bytes come out.
same_bytes := -ffile-prefix-map='$(CURDIR)'=. -fno-ident

# ---- the program
# No start-up files and none of the compiler's libraries: mingw-w64's come compiled for the i686, and
# the 32-bit program has to run on an i486. It starts at its own entry() and calls Windows only.
win_flags = -std=c11 -Oz $(smaller) -fstack-protector-explicit $(whole) $(same_bytes) \
    -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 -DWIN32_LEAN_AND_MEAN -D__USE_MINGW_ANSI_STDIO=0
# Steps that -Oz takes and that make this program larger, 3 KB in all: copies of a function for one value of an
# argument, or in the place of a call, where the frame gets too large for short offsets; expressions repeated; members of a
# structure apart; tables of addresses, each with a relocation; values that are carried to their use; and the order of
# instructions of an i486, which nobody waits for.
smaller := -mtune=generic -fno-forward-propagate -fno-if-conversion -fno-shrink-wrap -fno-ipa-cp -fno-inline-functions-called-once -fno-early-inlining -fno-ipa-sra -fno-tree-sra -fno-tree-forwprop -fno-jump-tables
# All sources are compiled as one, when the program is linked. The tests link some of the same objects, one by one.
whole := -flto -flto-partition=one -ffat-lto-objects
one_by_one := -fno-lto
# The compiler itself puts in calls of these, which it would not find any more.
build/%/service/win/guard.o build/%/service/win/divide.o: whole := -fno-lto
# The stack probe is in one of those libraries. A frame below a page (4 KB) cannot step over the guard page and
# needs none; a larger one is an error.
small_frames := -Werror=frame-larger-than=3500 -Werror=alloca -Werror=vla
link_flags := -Wl,--gc-sections -nostartfiles -nostdlib -nodefaultlibs -s -Wl,--no-insert-timestamp \
    -Wl,--major-os-version=4 -Wl,--minor-os-version=0 \
    -Wl,--dynamicbase -Wl,--enable-reloc-section -Wl,--nxcompat -Wl,--tsaware -Wl,--no-seh
libraries := -lkernel32 -ladvapi32 -lmsvcrt -lntdll

# C on x86 has no use for unwind tables; on x64 Windows needs them. Windows promises a stack that is
# aligned to 4 bytes, and no instruction of an i486 wants more.
x86_FLAGS := -march=i486 -mno-stack-arg-probe -mpreferred-stack-boundary=2 -fno-asynchronous-unwind-tables
x86_LINK := -Wl,--subsystem,console:4.0 -Wl,--entry,_entry
x86_RES := pe-i386
x64_FLAGS := -mno-stack-arg-probe
# 5.2 is the first Windows for x64.
x64_LINK := -Wl,--subsystem,console:5.2 -Wl,--entry,entry -Wl,--high-entropy-va
x64_RES := pe-x86-64

.PHONY: all
all: build/x86/kmrepair.exe build/x64/kmrepair.exe build/kmrepair-setup.exe

# messages.h with the numbers of the events; the texts themselves go into the resources.
build/gen/messages.h build/gen/messages.rc &: service/messages.mc Makefile | tools
	@mkdir -p build/gen
	$(say) $(x86_PREFIX)windmc -A -h build/gen -r build/gen $<

# What the built files depend on beside their sources: the flags above, and which inih it is.
build/inih.from: FORCE
	@mkdir -p build; echo '$(INIH)' | cmp -s - $@ || echo '$(INIH)' >$@

service_includes := -Iservice -Ibuild/gen

define windows_rules # $(1): x86 or x64
$(1)_compile = $($(1)_PREFIX)gcc $$(win_flags) $($(1)_FLAGS) $$(small_frames)
$(1)_objects := $(core:%.c=build/$(1)/%.o) $(service:%.c=build/$(1)/%.o) build/$(1)/inih.o build/$(1)/resources.o

build/$(1)/core/%.o: core/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $$(@D)
	$$(say) $$($(1)_compile) $(warnings) $(includes) $$(depends) -c $$< -o $$@

build/$(1)/service/%.o: service/%.c Makefile build/inih.from | build/gen/messages.h $(INIH)/ini.h tools
	@mkdir -p $$(@D)
	$$(say) $$($(1)_compile) $(warnings) $(service_includes) $(includes) $$(depends) -c $$< -o $$@

build/$(1)/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $$(@D)
	$$(say) $$($(1)_compile) -DNDEBUG $(includes) $$(depends) -c $$< -o $$@

build/$(1)/resources.o: service/kmrepair.rc build/gen/messages.rc Makefile \
    service/resource.h service/version.h service/kmrepair.manifest installer/kmrepair.ini | tools
	@mkdir -p $$(@D)
	$$(say) $($(1)_PREFIX)windres -F $($(1)_RES) -I service -I installer -I build/gen -i $$< -o $$@

build/$(1)/kmrepair.exe: $$($(1)_objects)
	$$(say) $$($(1)_compile) -Werror $(link_flags) $($(1)_LINK) -o $$@ $$($(1)_objects) $(libraries)

# The helpers of the tests are ordinary programs, with mingw-w64's start-up code.
build/$(1)/%.exe: tests/wine/%.c Makefile | tools
	@mkdir -p $$(@D)
	$$(say) $($(1)_PREFIX)gcc -std=c11 -O1 -s -Wall -Wextra -Werror -Wshadow -D_WIN32_WINNT=0x0601 -Iservice -MMD -MP -MF $$(@:.exe=.d) -o $$@ $$< -ladvapi32

# The product's own objects, but for the two sources that this includes, with its calls to Windows replaced.
$(1)_fake_objects := $$(filter-out %/main.o %/service.o %/events.o %/resources.o,$$($(1)_objects))
build/$(1)/fake_scm.exe: tests/wine/fake_scm.c $$($(1)_fake_objects) Makefile build/inih.from | build/gen/messages.h $(INIH)/ini.h tools
	$$(say) $($(1)_PREFIX)gcc $(one_by_one) -std=c11 -O1 -s -Wall -Wextra -Werror -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 -DWIN32_LEAN_AND_MEAN \
	    $(service_includes) $(includes) -MMD -MP -MF $$(@:.exe=.d) -o $$@ $$< $$($(1)_fake_objects) -ladvapi32 -lntdll

# For the bench: the product's own objects around a main() that looks through a folder again and again.
$(1)_rescan_objects := $$(filter-out %/main.o %/resources.o,$$($(1)_objects))
build/bench/$(1)/rescan.exe: tests/bench/rescan.c $$($(1)_rescan_objects) Makefile | tools
	@mkdir -p $$(@D)
	$$(say) $($(1)_PREFIX)gcc $(one_by_one) -std=c11 -O2 -s -Wall -Wextra -Werror -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 -DWIN32_LEAN_AND_MEAN \
	    $(service_includes) $(includes) -o $$@ $$< $$($(1)_rescan_objects) -ladvapi32 -lntdll

# Built as the program is, to see that its stack protector works.
build/$(1)/guard.exe: tests/wine/guard.c build/$(1)/service/win/guard.o Makefile | tools
	$$(say) $$($(1)_compile) $(one_by_one) $(warnings) -Iservice -Icore $(link_flags) $($(1)_LINK) -MMD -MP -MF $$(@:.exe=.d) -o $$@ $$(filter %.c %.o,$$^) -lkernel32

# The product itself, with some of its calls to Windows replaced: see there.
build/$(1)/fault.exe build/$(1)/lapse.exe: build/$(1)/%.exe: tests/wine/%.c $$($(1)_objects) Makefile | tools
	$$(say) $($(1)_PREFIX)gcc -std=c11 -O1 -Wall -Wextra -Wshadow -Werror -fno-stack-protector -D_WIN32_WINNT=0x0400 -DUNICODE -MMD -MP -MF $$(@:.exe=.d) \
	    -c -o build/$(1)/$$*.o $$<
	@$($(1)_PREFIX)gcc $(one_by_one) $(link_flags) $($(1)_LINK) -o $$@ build/$(1)/$$*.o $$($(1)_objects) $(libraries)
# An ordinary program around one source of the product.
build/$(1)/expand.exe: tests/wine/expand.c build/$(1)/service/win/expand.o build/$(1)/core/text.o build/$(1)/service/win/guard.o Makefile | tools
	$$(say) $($(1)_PREFIX)gcc $(one_by_one) -std=c11 -O1 -s -Wall -Wextra -Werror -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 -Iservice -Icore -MMD -MP -MF $$(@:.exe=.d) -o $$@ $$(filter %.c %.o,$$^) -ladvapi32 -lshell32

# One source of the product with its calls to Windows replaced, and the objects that it needs.
$(1)_lists_objects := build/$(1)/service/win/acl.o build/$(1)/service/win/path.o build/$(1)/service/win/guard.o build/$(1)/core/text.o
build/$(1)/lists.exe: tests/wine/lists.c $$($(1)_lists_objects) Makefile | tools
	$$(say) $($(1)_PREFIX)gcc $(one_by_one) -std=c11 -O1 -s -Wall -Wextra -Werror -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 -Iservice -Icore -MMD -MP -MF $$(@:.exe=.d) -o $$@ $$< $$($(1)_lists_objects) -ladvapi32 -lshell32

# This one compares the product's own judgement with that of Windows.
build/$(1)/profile.exe: tests/wine/profile.c tests/wine/profile_records.h core/record.c core/profile.c core/mailbox.c core/text.c $$(wildcard core/*.h) Makefile build/inih.from | $(INIH)/ini.c tools
	@mkdir -p $$(@D)
	$$(say) $($(1)_PREFIX)gcc -std=c11 -O1 -s -municode -Wall -Wextra -Werror -Wshadow -D_WIN32_WINNT=0x0601 $(includes) -o $$@ $$(filter %.c,$$^) $(INIH)/ini.c

-include $$($(1)_objects:.o=.d) $(helpers:tests/wine/%.c=build/$(1)/%.d)
endef
$(eval $(call windows_rules,x86))
$(eval $(call windows_rules,x64))

.PHONY: helpers
helpers: $(foreach arch,x86 x64,$(helpers:tests/wine/%.c=build/$(arch)/%.exe))

# Someone who has only a part of the tools gets told what to do, once.
.PHONY: tools
tools:
	@for tool in gcc $(x86_PREFIX)gcc $(x64_PREFIX)gcc $(x86_PREFIX)windmc $(x86_PREFIX)windres $(x64_PREFIX)windres makensis; do \
	    command -v $$tool >/dev/null || { echo "make: $$tool is not there: run 'make setup' first" >&2; exit 1; }; \
	done

$(INIH)/ini.c $(INIH)/ini.h:
	@echo "make: $@ is not there: run 'make setup' first" >&2; exit 1

# ---- the set-up program, and what is released
version := $(shell sed -n 's/^\#define KMREPAIR_VERSION "\(.*\)"/\1/p' service/version.h)

# For Notepad, which on NT 4.0 wants both characters at the end of a line.
build/package/README.txt: README.md
build/package/OPERATIONS.txt: docs/operations.md
build/package/EVENTS.txt: docs/events.md
build/package/README.txt build/package/OPERATIONS.txt build/package/EVENTS.txt: installer/plain.py Makefile | tools
	@mkdir -p $(@D)
	$(say) $(PYTHON) $< $(filter %.md,$^) $@
build/package/LICENSE.txt: LICENSE Makefile
	@mkdir -p $(@D)
	$(say) sed 's/\r*$$/\r/' $< >$@
# What is inside that is not ours, with the notices of those whose it is, from where it was taken.
build/package/THIRD-PARTY.txt: installer/notices.py Makefile build/inih.from $(wildcard $(INIH)/LICENSE.txt) | tools
	@mkdir -p $(@D)
	$(say) $(PYTHON) $< $(INIH)/LICENSE.txt /usr/share/doc/nsis/copyright /usr/share/doc/mingw-w64-common/copyright $@
package := $(foreach name,README OPERATIONS EVENTS LICENSE THIRD-PARTY,build/package/$(name).txt)

# NSIS as it is installed, but for the one stub that is used, which is made safe and fit for an i486.
nsis_dir := /usr/share/nsis
stub := build/nsis/Stubs/lzma_solid-x86-unicode
$(stub): installer/i486.py installer/private.py Makefile | tools
	@rm -rf build/nsis
	@mkdir -p $(@D)
	@ln -s $(nsis_dir)/Contrib $(nsis_dir)/Include $(nsis_dir)/Plugins build/nsis/
	@ln -s $(nsis_dir)/Stubs/* $(@D)/ && rm $@
	$(say) $(PYTHON) installer/private.py $(nsis_dir)/Stubs/$(@F) build/nsis/private
	$(say) $(PYTHON) installer/i486.py $(x86_PREFIX)objdump build/nsis/private $@

# $(1): the folder with the programs, $(2): the set-up program, $(3): more options
nsis = NSISDIR='$(CURDIR)/build/nsis' makensis -V2 -WX -NOCD -DX86=$(1)/x86/kmrepair.exe -DX64=$(1)/x64/kmrepair.exe -DOUT=$(2) $(3) installer/kmrepair.nsi

build/kmrepair-setup.exe: installer/kmrepair.nsi $(wildcard installer/*.nsh) installer/kmrepair.ini service/version.h $(package) \
    build/x86/kmrepair.exe build/x64/kmrepair.exe $(stub) Makefile | tools
	$(say) $(call nsis,build,$@)

# A zip holds times, rights and an order: the same ones each time, in UTC.
define release # $(1): the folder with the programs and the set-up program
	@rm -rf $(1)/dist $(1)/zip
	@mkdir -p $(1)/dist $(1)/zip/kmrepair-$(version)/x86 $(1)/zip/kmrepair-$(version)/x64
	@cp $(1)/kmrepair-setup.exe $(1)/dist/kmrepair-$(version)-setup.exe
	@cp $(1)/x86/kmrepair.exe $(1)/zip/kmrepair-$(version)/x86/
	@cp $(1)/x64/kmrepair.exe $(1)/zip/kmrepair-$(version)/x64/
	@cp installer/kmrepair.ini $(package) $(1)/zip/kmrepair-$(version)/
	@cp CHANGELOG.md SECURITY.md CONTRIBUTING.md $(1)/zip/kmrepair-$(version)/
	@cp -r docs $(1)/zip/kmrepair-$(version)/docs
	@find $(1)/zip -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
	@find $(1)/zip -exec touch -h -d @$${SOURCE_DATE_EPOCH:-946684800} {} +
	$(say) cd $(1)/zip && find . -type f | cut -c 3- | LC_ALL=C sort | TZ=UTC zip -q -X -9 -@ ../dist/kmrepair-$(version).zip
	@rm -rf $(1)/zip
	@cd $(1)/dist && sha256sum kmrepair-* >SHA256SUMS
endef

.PHONY: dist sign
dist: all
	$(call release,build)

# Of copies: what is signed twice at different times is not the same file twice. The uninstaller is a
# program of its own, which the set-up program carries, so it is signed before that.
sign: all
	@[ -f '$(CERT)' ] && [ -f '$(KEY)' ] || { echo "make: sign wants CERT=FILE and KEY=FILE" >&2; exit 1; }
	@rm -rf build/signed
	@mkdir -p build/signed/x86 build/signed/x64
	@cp build/x86/kmrepair.exe build/signed/x86/
	@cp build/x64/kmrepair.exe build/signed/x64/
	$(say) installer/sign build/signed/x86/kmrepair.exe
	$(say) installer/sign build/signed/x64/kmrepair.exe
	$(say) $(call nsis,build/signed,build/signed/kmrepair-setup.exe,-DSIGN='$(CURDIR)/installer/sign')
	$(say) installer/sign build/signed/kmrepair-setup.exe
	$(call release,build/signed)
sign: export CERT := $(CERT)
sign: export KEY := $(KEY)
sign: export PASSFILE := $(PASSFILE)
sign: export TIMESTAMP := $(TIMESTAMP)

# ---- native tests: the portable core, under the sanitizers
native_flags := -std=c11 -D_POSIX_C_SOURCE=200809L -g -O1 -fno-omit-frame-pointer \
    -fsanitize=address,undefined -fno-sanitize-recover=all
native_core := $(core:%.c=build/native/%.o) build/native/inih.o
native_shared := $(unit_shared:%.c=build/native/%.o)

build/native/core/%.o: core/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) $(warnings) $(includes) $(depends) -c $< -o $@

# Without -Wconversion and the like: they take offence at cmocka's own macros.
build/native/tests/unit/%.o: tests/unit/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) -Wall -Wextra -Werror -Wshadow -Itests/unit $(includes) $(depends) -c $< -o $@

build/native/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) -DNDEBUG $(includes) $(depends) -c $< -o $@

build/native/test_%: build/native/tests/unit/test_%.o $(native_shared) $(native_core)
	$(say) gcc $(native_flags) -o $@ $^ -lcmocka

-include $(native_core:.o=.d) $(native_shared:.o=.d) $(unit_tests:build/native/%=build/native/tests/unit/%.d)

# ---- fuzzing: the same core, and two sources of the service, under clang's libFuzzer and sanitizers
fuzz_flags := -std=c11 -D_POSIX_C_SOURCE=200809L -fshort-wchar -Itests/fuzz/windows -Iservice -g -O2 -fno-omit-frame-pointer \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
fuzz_shared := $(core:%.c=build/fuzz/%.o) build/fuzz/tests/unit/record_reference.o build/fuzz/inih.o

build/fuzz/%.o: %.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) clang $(fuzz_flags) -Wall -Wextra -Werror -Wshadow -Itests/unit $(includes) $(depends) -c $< -o $@

build/fuzz/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $(@D)
	$(say) clang $(fuzz_flags) -DNDEBUG $(includes) $(depends) -c $< -o $@

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o $(fuzz_shared)
	$(say) clang $(fuzz_flags) -o $@ $^

build/fuzz/fuzz_watch: build/fuzz/service/watch.o build/fuzz/service/result.o
build/fuzz/fuzz_options: $(patsubst %,build/fuzz/service/%.o,options grammar help win/path)

-include $(wildcard build/fuzz/service/*.d build/fuzz/service/win/*.d) $(fuzz_shared:.o=.d) $(fuzz_targets:build/fuzz/%=build/fuzz/tests/fuzz/%.d)

# What is worth keeping is what reaches code that no file of the corpus reaches yet.
.PHONY: build-fuzz fuzz fuzz-corpus
build-fuzz: $(fuzz_targets)
fuzz:
	@tests/check fuzz
fuzz-corpus: build-fuzz
	@for target in $(fuzz_targets:build/fuzz/fuzz_%=%); do \
	    mkdir -p build/fuzz/corpus/$$target; \
	    build/fuzz/fuzz_$$target -merge=1 -use_counters=0 -max_len=4608 tests/fuzz/corpus/$$target build/fuzz/corpus/$$target \
	        2>&1 | grep 'MERGE-OUTER: .* new files' || exit 1; \
	done

# ---- the simulation: fast, and once more under the sanitizers
sim_sources := $(core) $(wildcard tests/sim/*.c) tests/unit/record_reference.c
sim_objects := $(sim_sources:%.c=build/sim/%.o) build/sim/inih.o
sim_safe := $(native_core) $(patsubst %.c,build/native/%.o,$(wildcard tests/sim/*.c)) build/native/tests/unit/record_reference.o
sim_flags := -std=c11 -D_GNU_SOURCE -g -Itests/sim -Itests/unit $(includes)

build/sim/%.o: %.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(sim_flags) -O2 $(warnings) $(depends) -c $< -o $@

build/sim/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $(@D)
	$(say) gcc $(sim_flags) -O2 -DNDEBUG $(depends) -c $< -o $@

build/native/tests/sim/%.o: tests/sim/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) -D_GNU_SOURCE $(warnings) -Itests/unit $(includes) $(depends) -c $< -o $@

build/native/sim: $(sim_objects)
	@mkdir -p $(@D)
	$(say) gcc -o $@ $^

build/native/sim-safe: $(sim_safe)
	$(say) gcc $(native_flags) -o $@ $^

# What tests/sim/plants.py builds its variants with: flags, and behind `--` the objects.
build/sim/flags: $(sim_sources) Makefile build/inih.from
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" >$@
build/sim/flags: export FLAGS = $(sim_flags) -- $(sim_objects:build/sim/%=%)

.PHONY: build-sim sim plants
SEEDS ?= 10000
build-sim: build/native/sim build/native/sim-safe build/sim/flags
sim: build/native/sim
	@build/native/sim --seeds $(SEEDS) $(if $(START),--start $(START))
plants: build-sim
	@tests/sim/plants.py

-include $(sim_objects:.o=.d) $(sim_safe:.o=.d)

# ---- unit tests without the sanitizers, for what runs them very often
quick := $(unit_tests:build/native/%=build/quick/tests/unit/%.o) $(unit_shared:%.c=build/quick/%.o)
quick_shared := $(unit_shared:%.c=build/quick/%.o)

build/quick/tests/unit/%.o: tests/unit/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(sim_flags) -O2 -g0 $(depends) -c $< -o $@

-include $(quick:.o=.d)

# ---- coverage: the core alone is watched
coverage_core := $(core:%.c=build/coverage/%.o)

build/coverage/core/%.o: core/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(sim_flags) -O0 --coverage $(depends) -c $< -o $@

build/coverage/test_%: build/quick/tests/unit/test_%.o $(quick_shared) $(coverage_core) build/sim/inih.o
	$(say) gcc --coverage -o $@ $^ -lcmocka

build/coverage/sim: $(coverage_core) $(filter-out build/sim/core/%,$(sim_objects))
	$(say) gcc --coverage -o $@ $^

.PHONY: build-coverage coverage
build-coverage: $(unit_tests:build/native/%=build/coverage/%) build/coverage/sim
coverage: build-coverage
	@$(PYTHON) tests/coverage.py

-include $(coverage_core:.o=.d)

# ---- mutants: what tests/mutants/mutants.py builds its variants with and compares them to. The core is a library
# there, so that one source is compiled and nothing but that is linked anew: `fast`, and `safe` with the sanitizers.
mutants_flags := $(sim_flags) -O2 -g0 -fPIC
mutants_fast := $(core:%.c=build/mutants/fast/%.o) build/mutants/fast/inih.o
mutants_safe := $(core:%.c=build/mutants/safe/%.o) build/mutants/safe/inih.o
core_library := -shared -Wl,-soname,libcore.so

build/mutants/fast/core/%.o: core/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(mutants_flags) $(depends) -c $< -o $@
build/mutants/safe/core/%.o: core/%.c Makefile build/inih.from | $(INIH)/ini.h tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) -fPIC $(includes) $(depends) -c $< -o $@
build/mutants/fast/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $(@D)
	$(say) gcc $(mutants_flags) -DNDEBUG $(depends) -c $< -o $@
build/mutants/safe/inih.o: $(INIH)/ini.c Makefile build/inih.from | tools
	@mkdir -p $(@D)
	$(say) gcc $(native_flags) -fPIC -DNDEBUG $(includes) $(depends) -c $< -o $@

build/mutants/fast/libcore.so: $(mutants_fast)
	$(say) gcc $(core_library) -o $@ $^
build/mutants/safe/libcore.so: $(mutants_safe)
	$(say) gcc $(native_flags) $(core_library) -o $@ $^

# Out of archives the linker takes what is used, and says so in test_NAME.uses.
build/mutants/core.a: $(mutants_fast)
	@ar rcs $@ $^
build/mutants/shared.a: $(quick_shared)
	@ar rcs $@ $^
build/mutants/fast/test_%: build/quick/tests/unit/test_%.o $(quick_shared) build/mutants/fast/libcore.so build/mutants/core.a build/mutants/shared.a
	@gcc -Wl,-t,-t -o $@ $< build/mutants/shared.a build/mutants/core.a -lcmocka >$@.uses
	$(say) gcc -o $@ $(filter %.o %.so,$^) -lcmocka
build/mutants/safe/test_%: build/native/tests/unit/test_%.o $(native_shared) build/mutants/safe/libcore.so
	$(say) gcc $(native_flags) -o $@ $^ -lcmocka
build/mutants/fast/sim: $(filter-out build/sim/core/% build/sim/inih.o,$(sim_objects)) build/mutants/fast/libcore.so
	$(say) gcc -o $@ $^

build/mutants/flags: Makefile build/inih.from
	@mkdir -p $(@D)
	@printf '%s\n' "fast: $$FAST" "safe: $$SAFE" "library: $$LIBRARY" >$@
build/mutants/flags: export FAST = $(mutants_flags)
build/mutants/flags: export SAFE = $(native_flags) -fPIC $(includes)
build/mutants/flags: export LIBRARY = $(core_library)

.PHONY: build-mutants mutants
COUNT ?= 300
build-mutants: $(unit_tests:build/native/%=build/mutants/fast/%) $(unit_tests:build/native/%=build/mutants/safe/%) \
    build/mutants/fast/sim build/mutants/flags
mutants: build-mutants
	@nice $(PYTHON) tests/mutants/mutants.py --count $(COUNT) $(if $(SEED),--seed $(SEED)) $(MUTANTS)

-include $(mutants_fast:.o=.d) $(mutants_safe:.o=.d)

# ---- measuring: no test, and in no other target. The native programs as a release would be built, without
# sanitizers and all sources as one; the floor with the flags of the program it is compared with.
bench_flags := -std=c11 -O2 -flto -Itests/bench $(includes)
bench_sources := tests/bench/folder.c core/record.c core/profile.c core/mailbox.c core/text.c
bench_exes := build/bench/x86/floor.exe build/bench/x64/floor.exe

build/bench/judge build/bench/scan: build/bench/%: tests/bench/%.c $(bench_sources) tests/bench/folder.h $(wildcard core/*.h) \
    Makefile build/inih.from | $(INIH)/ini.c tools
	@mkdir -p $(@D)
	$(say) gcc $(bench_flags) -DNDEBUG $(warnings) -o $@ $(filter %.c,$^) $(INIH)/ini.c

build/bench/run: tests/bench/run.c Makefile | tools
	@mkdir -p $(@D)
	$(say) gcc -std=c11 -O2 -static $(warnings) -o $@ $<

$(bench_exes): build/bench/%/floor.exe: tests/bench/floor.c service/win/guard.c Makefile | tools
	@mkdir -p $(@D)
	$(say) $($*_compile) $(one_by_one) $(warnings) -Iservice $(link_flags) $($*_LINK) -o $@ $(filter %.c,$^) -lkernel32

.PHONY: build-bench bench
build-bench: build/bench/judge build/bench/scan build/bench/run $(bench_exes) $(bench_exes:floor.exe=rescan.exe)
bench: all helpers build-bench
	@$(PYTHON) tests/bench/bench.py $(if $(SIZES),--sizes $(SIZES)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(IDLE),--idle $(IDLE))

# tests/check builds what a suite needs, runs it and counts.
.PHONY: build-unit unit lint floor docs wine wine-quick
build-unit: $(unit_tests)
unit:
	@tests/check unit
lint:
	@tests/check lint
floor: all
	@tests/check floor
docs:
	@tests/check docs

# Writes the examples of output in the documents anew, where they are not what the program prints.
.PHONY: examples
examples: build/x86/kmrepair.exe build/x64/kmrepair.exe build/x86/probe.exe build/x64/probe.exe
	@$(PYTHON) tests/examples.py --write

wine:
	@tests/check --full wine
wine-quick:
	@tests/check wine

# Set-up over each state that it may find, as a table. SETUP=FILE: another set-up program.
.PHONY: setup-matrix
setup-matrix: all helpers
	@$(if $(SETUP),KMREPAIR_SETUP='$(abspath $(SETUP))') $(PYTHON) tests/wine/setup_matrix.py

# The page of `kmrepair report` in a real browser, with pictures to look at.
.PHONY: report-picture
report-picture: all helpers
	@tests/report.py $(if $(WRITE),--write)

# ---- static checks of the sources, one target for each tool
.PHONY: lint-format lint-cppcheck lint-tidy format
lint-format:
	@clang-format --dry-run -Werror $(formatted)

format:
	@clang-format -i $(formatted)

# It is quiet when all is well. Whatever it says is a failure, for it gives up on a file without an exit
# code that would tell. inih's settings are not for it: it can not take a macro that holds a string.
# Left out: lstr*, for what it would have instead is not on NT 4.0; a NULL that ends a list of arguments,
# since NULL is a pointer with all our compilers; a variable's scope, which is a matter of taste.
cppcheck := cppcheck --quiet --std=c11 --enable=warning,style,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=lstrlenWCalled --suppress=lstrcpynWCalled --suppress=varFuncNullUB --suppress=variableScope \
    --error-exitcode=1 --template=gcc -Icore
lint-cppcheck: | build/gen/messages.h
	@said=$$($(cppcheck) --platform=unix64 $(core) 2>&1) && [ -z "$$said" ] || { echo "$$said"; exit 1; }
	@said=$$($(cppcheck) --platform=win32W --library=windows -D_WIN32 -DUNICODE -D_UNICODE $(service_includes) \
	    $(service) 2>&1) && [ -z "$$said" ] || { echo "$$said"; exit 1; }

tidy_core := $(core:%=tidy-%)
tidy_service := $(service:%=tidy-%)
.PHONY: $(tidy_core) $(tidy_service)
lint-tidy: $(tidy_core) $(tidy_service)
$(tidy_core): tidy-%: %
	@set -o pipefail; clang-tidy --quiet $< -- -std=c11 $(includes) 2>&1 | { grep -v 'warnings\? generated\.$$' || true; }
# The 32-bit program is the product, so it is what is looked at.
$(tidy_service): tidy-%: % | build/gen/messages.h
	@set -o pipefail; clang-tidy --quiet $< -- --target=i686-w64-mingw32 -std=c11 -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601 \
	    -DWIN32_LEAN_AND_MEAN -Wshadow $(service_includes) $(includes) 2>&1 | { grep -v 'warnings\? generated\.$$' || true; }

# ---- everything together
# The set-up may bring what a makefile looks at when it is read, so the rest is a make of its own.
.PHONY: setup check check-full demo
setup:
	@.ci/setup

# A set-up that failed is a test that failed, for whoever reads only the last line.
check check-full:
	@.ci/setup || { echo '0 passed, 1 failed'; exit 1; }
	@tests/check $(if $(filter check-full,$@),--full)

# What the tests and the demo need to know, and where Wine finds its 32-bit half.
export INIH PYTEST
# By another name, for a shell changes its own SECONDS.
export FUZZ_SECONDS := $(SECONDS)
export KMREPAIR_X86 := $(CURDIR)/build/x86
export KMREPAIR_X64 := $(CURDIR)/build/x64
export KMREPAIR_SETUP := $(CURDIR)/build/kmrepair-setup.exe
export WINEDLLPATH := $(CURDIR)/build/wine32/usr/lib/i386-linux-gnu/wine

demo: setup
	@$(MAKE) --no-print-directory -s all helpers
	@tests/demo

.PHONY: clean distclean FORCE
FORCE:
clean:
	rm -rf build/kmrepair-setup.exe build/demo-report.html build/report build/package build/nsis build/dist build/signed
	rm -rf build/wine-prefix-* build/x86 build/x64 build/gen build/native build/fuzz build/sim build/quick build/coverage build/mutants build/bench build/elsewhere build/inih.from build/wine-*.xml build/wine-*.log
distclean:
	rm -rf build
