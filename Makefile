# otelop: tiny programs that turn any command into a well-behaved background daemon.
#
#	make		build into $(BUILD), usable from there
#	make demo	fetch what is missing, start a real daemon, show it, stop it
#	make check	fetch what is missing, build, run all tests
#	make model fault fuzz storm	try to break it
#	make bench	what it costs, beside what one would take instead
#	make daemons	fetch real daemons, and live through each
#	make supervisors	the same under systemd, OpenRC, Slurm, on NFS
#	make matrix	other compilers, libcs, machines, makes, shells and kernels
#	make html	the pages, in $(BUILD)/html
#	make kqueue	what is for FreeBSD and its kin, here, against doubles of their calls
#	make places	odd languages, clocks, paths, users, file systems and trees
#	make install	into $(DESTDIR)$(PREFIX)
#	make packages	.deb, .rpm, npm, tarballs and recipes, each built, installed where nothing else is, and tried
#
# GNU and BSD make both: the top lists and delegates, the objects are made by two suffix rules in
# a make of their own inside $(BUILD).

PREFIX = /usr/local
LIBDIR = $(PREFIX)/lib
BUILD = build
# Whose files of lib/platform are built; posix is for every system, and kqueue for any that has that call.
PLATFORM != case `uname -s` in Linux) echo linux ;; FreeBSD) echo freebsd ;; OpenBSD) echo openbsd ;; \
	NetBSD) echo netbsd ;; DragonFly) echo kqueue ;; Darwin) echo darwin ;; *) echo posix ;; esac
CFLAGS != $(CC) -Oz -E -x c /dev/null >/dev/null 2>&1 && echo -Oz -g || echo -Os -g
# The language's edition: it is written in C99, and later ones take it too.
STD = c99
SANITIZE =
# What makes programs small, where CC takes it: a section for each function, of which the linker takes those that are
# called, and no padding between segments.  STRIP is for what is installed; to debug there is the build.
SMALL != small='-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'; \
	$(CC) $$small -E -x c /dev/null >/dev/null 2>&1 && echo $$small || :
SHRINK != shrink='-Wl,--gc-sections -Wl,-z,noseparate-code'; \
	$(CC) $$shrink -Wl,--version >/dev/null 2>&1 && echo $$shrink || :
STRIP != $(CC) -print-prog-name=strip 2>/dev/null || echo strip
# Static against musl where it is there and CC makes code for the same machine: an exec costs about half of one
# with glibc's loader (make bench).
LIBC != same() { [ "`$(CC) $(CFLAGS) $$1 2>&1`" = "`musl-gcc $$1 2>&1`" ]; }; \
	[ -z "$(SANITIZE)" ] && same -dumpmachine && same -print-multi-directory && echo musl || echo system
# How CC writes down which headers an object was made from.
DEPEND != $(CC) -MMD -MP -MF /dev/null -E - </dev/null >/dev/null 2>&1 && echo -MMD -MP || echo -MD
# The tools that know the objects of CC.
AR != $(CC) -print-prog-name=ar 2>/dev/null || echo ar
OBJCOPY != case `uname -s` in Darwin) echo : ;; *) $(CC) -print-prog-name=objcopy 2>/dev/null || echo objcopy ;; esac
# macOS has no objcopy, and a linker that does its work here.
HIDE_darwin = -Wl,-exported_symbol,'_otelop_*'
JOBS = 3

PROGRAMS = otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run
SCRIPTS = otelop otelop-with
# The house, from the top down; lib/README.md is its map.
BIN = again.o again_words.o attend_words.o cli.o cli_place.o cli_values.o colour.o commands.o explain.o list.o \
	log_tail.o progress.o request.o request_outfit.o run_words.o running.o servers.o show.o show_live.o tail.o \
	try.o values.o wait.o
DAEMON = ask.o attend.o chain.o endless.o extension.o held.o join.o listening.o live.o log.o log_lines.o logger.o \
	modes.o neighbours.o notify.o outcome.o outfit.o parents.o readiness.o readiness_look.o reaper.o record.o \
	remnants.o reported.o respawn.o run.o run_again.o run_background.o run_end.o run_join.o run_say.o \
	run_setup.o run_state.o run_stop.o same.o spawn.o stop.o stop_record.o stop_say.o stop_signal.o \
	stop_time.o target.o target_below.o url.o verdict.o
STATE = endpoint.o form.o holder.o identity.o instance.o lock.o lock_busy.o lock_probe.o lock_publish.o \
	lock_remove.o lock_start.o lock_wait.o members.o meta.o meta_change.o path.o state.o statedir.o vanish.o
PROCESS = addresses.o child.o ending.o environment.o errand.o exec.o interpreter.o jobserver.o listener.o output.o \
	process.o selfpipe.o socket_line.o socket_path.o sockets.o tree.o tree_end.o
# DOUBLE, with CPPFLAGS: objects that stand for calls which this system lacks, for tests (tests/kqueue).
SYSTEM = portable.o $(SYSTEM_$(PLATFORM)) $(DOUBLE)
SYSTEM_linux = linux.o linux_descriptors.o linux_files.o linux_flock.o linux_notify.o linux_numbers.o linux_proc.o \
	linux_process.o linux_processes.o linux_share.o linux_sockets.o no_listeners_of.o
SYSTEM_posix = $(POSIX) $(PS) no_listeners_of.o posix_close.o posix_flock.o posix_handle.o posix_listeners.o posix_orphans.o \
	posix_queue.o posix_watch.o
SYSTEM_kqueue = $(POSIX) $(PS) kqueue.o no_listeners_of.o posix_close.o posix_flock.o posix_listeners.o \
	posix_orphans.o posix_queue.o
SYSTEM_freebsd = $(BSD) bsd_close.o freebsd.o freebsd_flock.o freebsd_orphans.o posix_queue.o sockstat.o command.o
SYSTEM_netbsd = $(BSD) bsd_close.o netbsd.o posix_children.o posix_flock.o posix_orphans.o posix_queue.o sockstat.o command.o
SYSTEM_openbsd = $(BSD) bsd_close.o no_queue.o openbsd.o posix_children.o posix_flock.o posix_orphans.o
SYSTEM_darwin = $(BSD) darwin.o darwin_flock.o darwin_sockets.o no_queue.o posix_children.o posix_close.o posix_orphans.o
POSIX = posix.o posix_descriptors.o posix_files.o posix_notify.o
PS = command.o posix_children.o posix_cwd.o posix_peer.o posix_process.o
BSD = $(POSIX) bsd_process.o kqueue.o
JSON = json.o json_text.o json_tokens.o
BASE = clock.o io.o message.o pids.o status.o text.o
LIBRARY = $(DAEMON) $(STATE) $(PROCESS) $(SYSTEM) $(JSON) $(BASE)
PAGES = $(PROGRAMS) $(SCRIPTS)
PAGES_7 = otelop otelop-bats otelop-make otelop-supervisors

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wformat=2 -Wformat-nonliteral
CC_musl = musl-gcc
CC_system = $(CC)
# There is no relocation that could be protected.
LINK_musl = -static -Wl,-z,norelro
SMALL_musl = -fno-pie
FLAGS_1 = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# POSIX and flock(2): a BSD shows both as long as nothing is asked for, and macOS has names of its own for a file's times.
SHOWN_linux = -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE
SHOWN_posix = $(SHOWN_linux)
SHOWN_netbsd = -D_NETBSD_SOURCE
SHOWN_darwin = -D_DARWIN_C_SOURCE -Dst_mtim=st_mtimespec -Dst_ctim=st_ctimespec
# Wide offsets and times also where the system's own are 32 bits.
COMPILE = $(CFLAGS) $(PIC) $(FLAGS_$(SANITIZE)) $(WARNINGS) -std=$(STD) $(SHOWN_$(PLATFORM)) \
	-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 $(CPPFLAGS) -I$(TOP)/lib -I$(TOP)/bin -I../include

all: compiler jsmn
	@mkdir -p "$(BUILD)"/tools "$(BUILD)"/library
	@for link in "$(BUILD)/tools/top" "$(BUILD)/library/top"; do \
		[ "`readlink "$$link"`" = "`pwd`" ] || { rm -f "$$link" && ln -sn "`pwd`" "$$link" 2>/dev/null; } || \
		[ "`readlink "$$link"`" = "`pwd`" ] || exit; \
	done
	@(cd "$(BUILD)"/tools && $(MAKE) -s -f top/Makefile TOP=top CC="$(CC_$(LIBC))" \
		LDFLAGS="$(LINK_$(LIBC)) $(SHRINK) $(LDFLAGS)" SANITIZE="$(SANITIZE)" \
		CFLAGS="$(SMALL) $(SMALL_$(LIBC)) $(CFLAGS)" PLATFORM="$(PLATFORM)" STD="$(STD)" CPPFLAGS="$(CPPFLAGS)" programs)
	@(cd "$(BUILD)"/library && $(MAKE) -s -f top/Makefile TOP=top CC="$(CC)" SANITIZE="$(SANITIZE)" \
		CFLAGS="$(CFLAGS)" PIC=-fPIC PLATFORM="$(PLATFORM)" STD="$(STD)" CPPFLAGS="$(CPPFLAGS)" libotelop.a)
	@(cd "$(BUILD)" && for program in $(PROGRAMS); do ln -f tools/$$program $$program || exit; done)
	@for script in $(SCRIPTS); do cp -fp bin/$$script "$(BUILD)"/$$script || exit; done

compiler:
	@[ -n "$(PLATFORM)" ] || { \
		echo "otelop needs GNU make 4, or a BSD's: this one is older; on macOS install make, and call gmake" >&2; \
		exit 1; \
	}
	@[ -n "$(SYSTEM_$(PLATFORM))" ] || { \
		echo "otelop has no files for PLATFORM=$(PLATFORM): there are linux, freebsd, netbsd, openbsd, darwin, kqueue and posix" >&2; \
		exit 1; \
	}
	@set -- $(CC); command -v "$$1" >/dev/null || { \
		case $$1 in cc | c99) package=gcc ;; *-gcc) package=gcc-$${1%-gcc} ;; *) package=$$1 ;; esac; \
		echo "otelop needs a C compiler, and $$1 is not there: install $$package, or set CC" >&2; \
		exit 1; \
	}
	@[ "$(LIBC)" != musl ] || command -v musl-gcc >/dev/null || { \
		echo "otelop needs musl-gcc for LIBC=musl: install musl-tools, or set LIBC=system" >&2; \
		exit 1; \
	}

# Only this header, so that a compiler for another libc or machine sees nothing else of this system's.  A tarball of
# make dist brings it along.
jsmn: compiler
	@[ ! -f "$(BUILD)"/include/jsmn.h ] || exit 0; \
	mkdir -p "$(BUILD)"/include; \
	for compiler in "$(CC)" cc "$(CC) -Ishare/packaging/jsmn"; do \
		jsmn=`printf '#include <jsmn.h>\n' | $$compiler $(CPPFLAGS) -E - 2>/dev/null | \
			sed -n 's/^# 1 "\(.*jsmn\.h\)".*/\1/p'`; \
		[ -z "$$jsmn" ] || break; \
	done; \
	if [ -z "$$jsmn" ]; then \
		echo "otelop needs jsmn.h: run \`sh .ci/deps build\`, or install libjsmn-dev" >&2; \
		exit 1; \
	fi; \
	printf '#include <stdio.h>\n' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 || { \
		set -- $(CC); \
		case $$1 in \
		*-linux-gnu*) package=libc6-dev-`echo $$1 | sed 's/-.*//; s/^aarch64/arm64/; s/^i.86/i386/; s/^arm/armhf/'`-cross ;; \
		*) package=libc6-dev ;; \
		esac; \
		echo "otelop needs a C library for $(CC), and its headers are not there: install $$package" >&2; \
		exit 1; \
	}; \
	cp "$$jsmn" "$(BUILD)"/include/jsmn.h

# Inside $(BUILD)/tools and $(BUILD)/library, with CC given, and TOP: a link, for no path of the
# caller's may be among the words of make, whatever blanks it has.
.SUFFIXES:
.SUFFIXES: .c .o
VPATH = $(TOP)/bin:$(TOP)/lib/daemon:$(TOP)/lib/state:$(TOP)/lib/process:$(TOP)/lib/platform:$(TOP)/lib/json:$(TOP)/lib/base:$(TOP)/tests/kqueue

.c.o:
	@echo "$(CC) $@"
	@$(CC) $(COMPILE) $(DEPEND) -c -o $@ $<

# The headers that each object was made from, as the compiler saw them.
-include $(PROGRAMS:=.d) $(BIN:.o=.d) $(LIBRARY:.o=.d)

programs: $(PROGRAMS)

# From an archive the linker takes what a program needs, and nothing else.
shared.a: $(BIN) $(LIBRARY)
	@rm -f $@
	@$(AR) rc $@ $(BIN) $(LIBRARY)

$(PROGRAMS): $(PROGRAMS:=.o) shared.a
	@echo "$(CC) $@"
	@$(CC) $(COMPILE) $(LDFLAGS) -o $@ $@.o shared.a

# One object with the public names alone, so that ours cannot meet a daemon's; and with what each object of 32-bit
# x86 shares with all others.
libotelop.a: $(LIBRARY)
	@echo "ar $@"
	@$(CC) -r -nostdlib $(HIDE_$(PLATFORM)) -o public.o $(LIBRARY)
	@$(OBJCOPY) --wildcard --keep-global-symbol='otelop_*' --keep-global-symbol='__x86.get_pc_thunk.*' public.o
	@rm -f $@
	@$(AR) rc $@ public.o

# What the library is made of, for those who compile it otherwise.
sources:
	@for object in $(LIBRARY); do ls lib/*/$${object%.o}.c tests/kqueue/$${object%.o}.c 2>/dev/null || :; done

demo:
	@sh .ci/deps build demo
	@$(MAKE) -s all
	@PATH=`cd "$(BUILD)" && pwd`:"$$PATH" sh share/examples/demo

check:
	@sh .ci/deps build check
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` CC="$(CC)" SANITIZE="$(SANITIZE)" PLATFORM="$(PLATFORM)" JOBS="$(JOBS)" TAGS="$(TAGS)" \
		sh tests/run $(TESTS)

lint:
	@sh .ci/deps build check lint
	@$(MAKE) -s jsmn
	@BUILD="$(BUILD)" sh .ci/lint

# The harder ones, each with a table at its end; tests/README.md says what they try.
model:
	@sh .ci/deps model
	@mkdir -p "$(BUILD)"
	@BUILD=`cd "$(BUILD)" && pwd` sh tests/model/run

fault:
	@sh .ci/deps build check fault
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` sh tests/fault/run

fuzz:
	@sh .ci/deps build fuzz
	@$(MAKE) -s jsmn
	@BUILD=`cd "$(BUILD)" && pwd` sh tests/fuzz/run

storm:
	@sh .ci/deps build check
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` python3 tests/storm/run
	@BUILD=`cd "$(BUILD)" && pwd` python3 tests/storm/run upstream

bench:
	@sh .ci/deps build
	@sh .ci/deps bench || echo "bench: what is missing is skipped" >&2
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` python3 tests/bench/run

# SUPERVISORS, DAEMONS: their names, if not all.
supervisors:
	@sh .ci/deps build check supervisors
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` PLATFORM="$(PLATFORM)" sh tests/supervisors/run $(SUPERVISORS)

daemons:
	@sh .ci/deps build
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` sh tests/daemons/run $(DAEMONS)

# PLACES: their names, if not all.
places:
	@sh .ci/deps build check places || echo "places: what is missing is skipped" >&2
	@$(MAKE) -s all
	@BUILD=`cd "$(BUILD)" && pwd` JOBS="$(JOBS)" sh tests/places/run $(PLACES)

html:
	@sh .ci/deps html
	@mkdir -p "$(BUILD)"
	@BUILD=`cd "$(BUILD)" && pwd` sh share/html/run

# CELLS: patterns of their names, if not all; MATRIX=quick: a few of them, and less in each.
matrix:
	@sh .ci/deps build check matrix || echo "matrix: what is missing is skipped" >&2
	@mkdir -p "$(BUILD)"
	@BUILD=`cd "$(BUILD)" && pwd` CELLS="$(CELLS)" MATRIX="$(MATRIX)" JOBS="$(JOBS)" sh tests/matrix/run

kqueue:
	@mkdir -p "$(BUILD)"
	@BUILD=`cd "$(BUILD)" && pwd` sh tests/kqueue/run

# What they are, and the words that they take, is in share/packaging/README.md.
dist deb rpm npm recipes packages:
	@mkdir -p "$(BUILD)"
	@BUILD=`cd "$(BUILD)" && pwd` sh share/packaging/run $@

# In the recipes words of the shell, whatever blanks they have.
TO = "$(DESTDIR)$(PREFIX)"
TO_LIB = "$(DESTDIR)$(LIBDIR)"

install: all
	umask 022 && mkdir -p $(TO)/bin $(TO_LIB)/pkgconfig $(TO)/lib/bats/otelop $(TO)/include \
		$(TO)/share/man/man1 $(TO)/share/man/man3 $(TO)/share/man/man7 \
		$(TO)/share/bash-completion/completions $(TO)/share/zsh/site-functions \
		$(TO)/share/fish/vendor_completions.d
	for program in $(PROGRAMS) $(SCRIPTS); do \
		install -m 755 "$(BUILD)"/$$program $(TO)/bin/$$program || exit; \
	done
	for program in $(PROGRAMS); do $(STRIP) $(TO)/bin/$$program 2>/dev/null || :; done
	for page in $(PAGES); do \
		install -m 644 share/man/$$page.1 $(TO)/share/man/man1/$$page.1 || exit; \
	done
	install -m 644 share/man/otelop.3 $(TO)/share/man/man3/otelop.3
	for page in $(PAGES_7); do \
		install -m 644 share/man/$$page.7 $(TO)/share/man/man7/$$page.7 || exit; \
	done
	for file in otelop.mk otelop.posix.mk; do \
		install -m 644 share/make/$$file $(TO)/include/$$file || exit; \
	done
	install -m 644 share/bats/otelop/load.bash $(TO)/lib/bats/otelop/load.bash
	install -m 644 "$(BUILD)"/library/libotelop.a $(TO_LIB)/libotelop.a
	install -m 644 lib/otelop.h $(TO)/include/otelop.h
	version=`sed -n 's/^#define OTELOP_VERSION "\(.*\)"/\1/p' lib/otelop.h` && \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|^libdir=$(PREFIX)/|libdir=$${prefix}/|' \
		-e "s|@VERSION@|$$version|" share/otelop.pc.in > "$(BUILD)"/library/otelop.pc
	install -m 644 "$(BUILD)"/library/otelop.pc $(TO_LIB)/pkgconfig/otelop.pc
	install -m 644 share/completions/otelop.bash $(TO)/share/bash-completion/completions/otelop
	install -m 644 share/completions/_otelop $(TO)/share/zsh/site-functions/_otelop
	install -m 644 share/completions/otelop.fish $(TO)/share/fish/vendor_completions.d/otelop.fish
	for program in $(PROGRAMS) otelop-with; do \
		ln -sf otelop $(TO)/share/bash-completion/completions/$$program && \
		ln -sf otelop.fish $(TO)/share/fish/vendor_completions.d/$$program.fish || exit; \
	done

uninstall:
	for program in $(PROGRAMS) $(SCRIPTS); do \
		rm -f $(TO)/bin/$$program $(TO)/share/man/man1/$$program.1 \
			$(TO)/share/bash-completion/completions/$$program \
			$(TO)/share/fish/vendor_completions.d/$$program.fish; \
	done
	for page in $(PAGES_7); do rm -f $(TO)/share/man/man7/$$page.7; done
	rm -f $(TO)/share/man/man3/otelop.3 $(TO_LIB)/libotelop.a $(TO)/include/otelop.h \
		$(TO)/include/otelop.mk $(TO)/include/otelop.posix.mk $(TO)/lib/bats/otelop/load.bash \
		$(TO_LIB)/pkgconfig/otelop.pc $(TO)/share/zsh/site-functions/_otelop

clean:
	rm -rf "$(BUILD)"

.PHONY: all compiler jsmn programs sources demo check lint model fault fuzz storm bench supervisors daemons places kqueue \
	matrix html dist deb rpm npm recipes packages install uninstall clean
