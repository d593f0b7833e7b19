# Daemons of a project, for any make that knows `?=`; otelop-make(7) says how.  It stands behind the first target:
#
#	web-start:
#		@$(OTELOP_START) web -- ./server --port 0
#	web-stop:
#		@$(OTELOP) -n web stop
#
# A makefile can do nothing when its make ends, least of all when that is killed: with OTELOP_STOP_AT_END it is each
# daemon that follows the make.  One whose make has gone may take its time to end, and is of no use to the next make: that
# waits until it has ended.

OTELOP_DIR ?= .otelop
OTELOP_STOP_AT_END ?=
OTELOP_STOP_OPTIONS ?=

OTELOP = otelop -C '$(OTELOP_DIR)'
OTELOP_META = otelop-meta -C '$(OTELOP_DIR)'

# In front of NAME [OPTION...] -- CMD [ARG...].
OTELOP_START = $(OTELOP_FUNCTIONS) otelop_begin start
OTELOP_RESTART = $(OTELOP_FUNCTIONS) otelop_begin restart

# The shell of a recipe may have been told to stop at an error and at a variable that is not set.
OTELOP_FUNCTIONS = \
	otelop_find_owner() { \
		otelop_owner=`$(OTELOP_META) -n "$$otelop_name" get withParent 2>/dev/null` || otelop_owner=; \
		case " $$otelop_owner " in *" $$otelop_make "*) otelop_owner= ;; esac; \
	}; \
	otelop_is_left() { \
		otelop_find_owner; \
		for otelop_pid in $$otelop_owner; do \
			otelop-stop -n "$$otelop_pid" || return 0; \
		done; \
		return 1; \
	}; \
	otelop_begin() { \
		otelop_verb=$$1 otelop_name=$$2 otelop_make=; \
		shift 2; \
		case '$(OTELOP_STOP_AT_END)' in '' | no) ;; *) otelop_make=$${OTELOP_MAKE:-$$PPID} ;; esac; \
		if [ "$$otelop_verb" = restart ] && ! otelop_is_left; then \
			otelop_make=$${otelop_owner:-$$otelop_make}; \
		fi; \
		for otelop_pid in $$otelop_make; do \
			set -- --with-parent "$$otelop_pid" "$$@"; \
		done; \
		case $$otelop_verb in restart) set -- $(OTELOP_STOP_OPTIONS) "$$@" ;; esac; \
		while :; do \
			if [ "$$otelop_verb" = start ] && otelop_is_left; then \
				$(OTELOP) -n "$$otelop_name" wait --stopped -t 60 || return; \
			fi; \
			$(OTELOP) -n "$$otelop_name" "$$otelop_verb" "$$@" >/dev/null || return; \
			otelop_is_left || break; \
		done; \
		[ -z "$$otelop_owner" ] || echo "$$otelop_name: it ends with process $$otelop_owner, which has started it" >&2; \
	};

# All of them, and what the makefile has no name for any more; who was started last goes first.
OTELOP_STOP_ALL = $(OTELOP) list | while read -r otelop_name otelop_state otelop_pid; do \
		[ "$$otelop_name" != . ] || otelop_name=; \
		echo "`$(OTELOP_META) $${otelop_name:+-n "$$otelop_name"} get startedAt 2>/dev/null` $$otelop_name"; \
	done | sort -r | { \
		otelop_status=0; \
		while read -r otelop_at otelop_name; do \
			$(OTELOP) $${otelop_name:+-n "$$otelop_name"} stop $(OTELOP_STOP_OPTIONS) </dev/null || otelop_status=$$?; \
		done; \
		exit $$otelop_status; \
	}

.PHONY: otelop-stop
otelop-stop: ; @$(OTELOP_STOP_ALL)
