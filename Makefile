# otelop: tiny programs that turn any command into a well-behaved background daemon.
#
#	make		build into $(BUILD), usable from there
#	make demo	fetch what is missing, start a real daemon, show it, stop it
#	make check	fetch what is missing, build, run all tests
#	make model fault fuzz storm	try to break it
#	make bench	what it costs
#	make install	into $(DESTDIR)$(PREFIX)
#
# GNU and BSD make both: the top lists and delegates, the objects are made by two suffix rules in
# a make of their own inside $(BUILD).

VERSION = 0.1.0
PREFIX = /usr/local
BUILD = build
CFLAGS = -O2 -g
SANITIZE =
# Static against musl where it is there: an exec costs about half of one with glibc's loader (make bench).
LIBC != if [ -z "$(SANITIZE)" ] && command -v musl-gcc >/dev/null; then echo musl; else echo system; fi
JOBS = 3

PROGRAMS = otelop-statedir otelop-spawn otelop-ready otelop-lock otelop-meta otelop-stop otelop-run
SHARED = again.o cli.o list.o run_words.o show.o tail.o
OBJECTS = chain.o clock.o environment.o exec.o holder.o io.o join.o json.o json_text.o listen.o listen_addresses.o lock.o lock_probe.o lock_wait.o logger.o meta.o meta_form.o \
	meta_look.o notify.o path.o platform.o platform_proc.o platform_sockets.o probe.o process.o readiness.o ready.o record.o run.o sigpipe.o spawn.o statedir.o status.o stop.o text.o vanish.o
HEADERS = $(TOP)/lib/chain.h $(TOP)/lib/clock.h $(TOP)/lib/exec.h $(TOP)/lib/holder.h $(TOP)/lib/io.h $(TOP)/lib/join.h $(TOP)/lib/json.h $(TOP)/lib/listen.h \
	$(TOP)/lib/lock.h $(TOP)/lib/logger.h $(TOP)/lib/meta.h $(TOP)/lib/meta_form.h $(TOP)/lib/otelop.h \
	$(TOP)/lib/notify.h $(TOP)/lib/path.h $(TOP)/lib/platform.h $(TOP)/lib/probe.h $(TOP)/lib/process.h \
	$(TOP)/lib/readiness.h $(TOP)/lib/ready.h $(TOP)/lib/record.h $(TOP)/lib/run.h \
	$(TOP)/lib/sigpipe.h $(TOP)/lib/statedir.h $(TOP)/lib/status.h $(TOP)/lib/stop.h $(TOP)/lib/text.h $(TOP)/lib/vanish.h \
	$(TOP)/bin/again.h $(TOP)/bin/cli.h $(TOP)/bin/list.h $(TOP)/bin/run_words.h $(TOP)/bin/show.h $(TOP)/bin/tail.h
PAGES = $(PROGRAMS) otelop

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wformat=2 -Wformat-nonliteral
CC_musl = musl-gcc
CC_system = $(CC)
LINK_musl = -static
FLAGS_1 = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
COMPILE = $(CFLAGS) $(FLAGS_$(SANITIZE)) $(WARNINGS) -std=c99 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE \
	$(CPPFLAGS) -I$(TOP)/lib -I$(TOP)/bin -I../include

all: $(BUILD)/include/jsmn.h
	@mkdir -p $(BUILD)/tools $(BUILD)/library
	@for link in $(BUILD)/tools/top $(BUILD)/library/top; do \
		[ "`readlink $$link`" = "`pwd`" ] || { rm -f $$link && ln -sn "`pwd`" $$link 2>/dev/null; } || \
		[ "`readlink $$link`" = "`pwd`" ] || exit; \
	done
	@(cd $(BUILD)/tools && $(MAKE) -s -f top/Makefile TOP=top CC="$(CC_$(LIBC))" \
		LDFLAGS="$(LINK_$(LIBC)) $(LDFLAGS)" SANITIZE="$(SANITIZE)" CFLAGS="$(CFLAGS)" \
		CPPFLAGS="$(CPPFLAGS)" programs)
	@(cd $(BUILD)/library && $(MAKE) -s -f top/Makefile TOP=top CC="$(CC)" SANITIZE="$(SANITIZE)" \
		CFLAGS="$(CFLAGS)" CPPFLAGS="$(CPPFLAGS)" libotelop.a)
	@(cd $(BUILD) && for program in $(PROGRAMS); do ln -f tools/$$program $$program || exit; done)
	@cp -p bin/otelop $(BUILD)/otelop

# Only this header, so that musl's compiler sees nothing else of the system's.
$(BUILD)/include/jsmn.h:
	@mkdir -p $(BUILD)/include
	@jsmn=`printf '#include <jsmn.h>\n' | $(CC) $(CPPFLAGS) -E - 2>/dev/null | \
		sed -n 's/^# 1 "\(.*jsmn\.h\)".*/\1/p'`; \
	if [ -z "$$jsmn" ]; then \
		echo "otelop needs jsmn.h: run \`sh .ci/deps build\`, or install libjsmn-dev" >&2; \
		exit 1; \
	fi; \
	cp "$$jsmn" $@

# Inside $(BUILD)/tools and $(BUILD)/library, with CC given, and TOP: a link, for no path of the
# caller's may be among the words of make, whatever blanks it has.
.SUFFIXES:
.SUFFIXES: .c .o
VPATH = $(TOP)/lib:$(TOP)/bin

.c.o:
	@echo "$(CC) $@"
	@$(CC) $(COMPILE) -c -o $@ $<

programs: $(PROGRAMS)

$(OBJECTS) $(SHARED) $(PROGRAMS:=.o): $(TOP)/lib/*.h $(TOP)/bin/*.h

$(PROGRAMS): $(PROGRAMS:=.o) $(OBJECTS) $(SHARED)
	@echo "$(CC) $@"
	@$(CC) $(COMPILE) $(LDFLAGS) -o $@ $@.o $(SHARED) $(OBJECTS)

# One object with the public names alone, so that ours cannot meet a daemon's.
libotelop.a: $(OBJECTS)
	@echo "$(AR) $@"
	@$(LD) -r -o public.o $(OBJECTS)
	@objcopy --wildcard --keep-global-symbol='otelop_*' public.o
	@rm -f $@
	@$(AR) rc $@ public.o

demo:
	@sh .ci/deps build demo
	@$(MAKE) -s all
	@PATH="`cd $(BUILD) && pwd`:$$PATH" sh share/examples/demo

check:
	@sh .ci/deps build check
	@$(MAKE) -s all
	@BUILD="`cd $(BUILD) && pwd`" CC="$(CC)" SANITIZE="$(SANITIZE)" CPPFLAGS="$(CPPFLAGS)" JOBS="$(JOBS)" sh tests/run $(TESTS)

lint:
	@sh .ci/deps build check lint
	@$(MAKE) -s $(BUILD)/include/jsmn.h
	@BUILD="$(BUILD)" sh .ci/lint

# The harder ones, each with a table at its end; tests/README.md says what they try.
model:
	@sh .ci/deps model
	@mkdir -p $(BUILD)
	@BUILD="`cd $(BUILD) && pwd`" sh tests/model/run

fault:
	@sh .ci/deps build check fault
	@$(MAKE) -s all
	@BUILD="`cd $(BUILD) && pwd`" sh tests/fault/run

fuzz:
	@sh .ci/deps build fuzz
	@$(MAKE) -s $(BUILD)/include/jsmn.h
	@BUILD="`cd $(BUILD) && pwd`" sh tests/fuzz/run

storm:
	@sh .ci/deps build check
	@$(MAKE) -s all
	@BUILD="`cd $(BUILD) && pwd`" python3 tests/storm/run
	@BUILD="`cd $(BUILD) && pwd`" python3 tests/storm/run upstream

bench:
	@sh .ci/deps build check
	@$(MAKE) -s all
	@BUILD="`cd $(BUILD) && pwd`" python3 tests/bench/run

install: all
	umask 022 && mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man3 \
		$(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	for program in $(PROGRAMS) otelop; do \
		install -m 755 $(BUILD)/$$program $(DESTDIR)$(PREFIX)/bin/$$program || exit; \
	done
	for page in $(PAGES); do \
		install -m 644 share/man/$$page.1 $(DESTDIR)$(PREFIX)/share/man/man1/$$page.1 || exit; \
	done
	install -m 644 share/man/otelop.3 $(DESTDIR)$(PREFIX)/share/man/man3/otelop.3
	install -m 644 share/man/otelop.7 $(DESTDIR)$(PREFIX)/share/man/man7/otelop.7
	install -m 644 $(BUILD)/library/libotelop.a $(DESTDIR)$(PREFIX)/lib/libotelop.a
	install -m 644 lib/otelop.h $(DESTDIR)$(PREFIX)/include/otelop.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' share/otelop.pc.in \
		> $(BUILD)/otelop.pc
	install -m 644 $(BUILD)/otelop.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/otelop.pc
	install -m 644 share/completions/otelop.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/otelop
	install -m 644 share/completions/_otelop $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_otelop
	install -m 644 share/completions/otelop.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/otelop.fish
	for program in $(PROGRAMS); do \
		ln -sf otelop $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program && \
		ln -sf otelop.fish \
			$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$program.fish || exit; \
	done

uninstall:
	for program in $(PROGRAMS) otelop; do \
		rm -f $(DESTDIR)$(PREFIX)/bin/$$program \
			$(DESTDIR)$(PREFIX)/share/man/man1/$$program.1 \
			$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program \
			$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$program.fish; \
	done
	rm -f $(DESTDIR)$(PREFIX)/share/man/man3/otelop.3 $(DESTDIR)$(PREFIX)/share/man/man7/otelop.7 \
		$(DESTDIR)$(PREFIX)/lib/libotelop.a $(DESTDIR)$(PREFIX)/include/otelop.h \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/otelop.pc \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_otelop

clean:
	rm -rf $(BUILD)

.PHONY: all programs demo check lint model fault fuzz storm bench install uninstall clean
