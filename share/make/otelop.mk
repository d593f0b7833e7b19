# Daemons of a project, for GNU make; otelop-make(7) says how.
#
#	include otelop.mk
#	$(eval $(call otelop-daemon,web,./server --port 0))
#
# gives web-start, web-stop, web-restart, web-status and web-logs.  What they do is in otelop.posix.mk, beside this file.

ifndef otelop-daemon

# No target of ours is what `make` alone makes.
otelop.goal := $(.DEFAULT_GOAL)
include $(dir $(lastword $(MAKEFILE_LIST)))otelop.posix.mk
.DEFAULT_GOAL := $(otelop.goal)

# The daemons of a make below this one end with this one.
ifneq ($(filter-out no,$(OTELOP_STOP_AT_END)),)
ifndef OTELOP_MAKE
OTELOP_MAKE := $(shell echo $$PPID)
endif
export OTELOP_MAKE
endif

# A command of words alone is run as it is, and known by its name; any other is a line for the shell of the recipes, as it
# would be in a recipe.
otelop.special := ; | & < > ( ) { } [ ] $$ ` \ " ' * ? ~ ! \#
otelop.needs-shell = $(strip $(foreach special,$(otelop.special),$(findstring $(special),$(1))) \
	$(findstring =,$(firstword $(1))) $(filter exec eval command .,$(firstword $(1))))
otelop.words = $(if $(call otelop.needs-shell,$(1)),$(SHELL) -c '$(subst ','\'',$(1))',$(1))

define otelop.newline


endef
otelop.wrong = $(strip $(if $(1),,there is no name) \
	$(if $(word 2,$(1)),the name has a blank: $(1)) \
	$(if $(strip $(2)),,$(1): there is no command) \
	$(if $(findstring $(otelop.newline),$(2)$(3)),$(1): a command is one line) \
	$(if $(4),$(1): put what has a comma into a variable: $(3)$(otelop.comma)$(4)))
otelop.comma := ,

# For eval, which takes each dollar sign as a makefile does, and so do the recipes.
define otelop.rules
$(if $(call otelop.wrong,$(1),$(2),$(3),$(4)),$(error otelop-daemon: $(call otelop.wrong,$(1),$(2),$(3),$(4))))
otelop.goal := $$(.DEFAULT_GOAL)
.PHONY: $(1)-start $(1)-stop $(1)-restart $(1)-status $(1)-logs
$(1)-start: ; @$$(OTELOP_START) $(1) $(subst $$,$$$$,$(3) -- $(call otelop.words,$(2)))
$(1)-restart: ; @$$(OTELOP_RESTART) $(1) $(subst $$,$$$$,$(3) -- $(call otelop.words,$(2)))
$(1)-stop: ; @$$(OTELOP) -n $(1) stop $$(OTELOP_STOP_OPTIONS)
$(1)-status: ; @$$(OTELOP) -n $(1) status
$(1)-logs: ; @$$(OTELOP) -n $(1) logs
.DEFAULT_GOAL := $$(otelop.goal)
endef

# $(call otelop-daemon,NAME,COMMAND[,OPTIONS]), COMMAND with a $$ for each $ of the shell's, as in a recipe.
otelop-daemon = $(call otelop.rules,$(strip $(1)),$(2),$(value 3),$(value 4))

# $(call otelop-address,NAME): in a recipe, where one connects to it.
otelop-address = $$($(OTELOP_META) -n $(1) get address)

endif
