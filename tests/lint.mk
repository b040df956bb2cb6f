# make lint: what can be found without running the program. Each file has a stamp per tool, so a
# second lint looks only at what changed. make format puts the code into shape.
#
# The compilers see musl's flags and Debian's headers alike: gcc compiles as the product is compiled,
# with its analyzer; clang and clang-tidy read the same sources against this machine's libc.

LINT       := $(B)/lint
LINT_C     := $(SOURCES)
LINT_FLAGS := $(filter-out -Werror -O2,$(FLAGS)) $(filter -isystem /%,$(DEPS_CFLAGS))
LINT_GCC   := -Wconversion -Wformat=2 -Wduplicated-cond -Wduplicated-branches -Wlogical-op \
	-Wnull-dereference -Wundef -fanalyzer
# Off: what only matters for C++ or C89, padding, and casts that POSIX itself asks for.
LINT_CLANG := -Weverything $(addprefix -Wno-,c++98-compat padded disabled-macro-expansion \
	declaration-after-statement reserved-identifier reserved-macro-identifier cast-qual \
	bad-function-cast overlength-strings vla switch-enum covered-switch-default \
	unsafe-buffer-usage unknown-warning-option)

.PHONY: lint lint-text lint-cppcheck
lint: lint-tools lint-text lint-cppcheck $(LINT_C:src/%.c=$(LINT)/%.gcc) \
	$(LINT_C:src/%.c=$(LINT)/%.clang) $(LINT_C:src/%.c=$(LINT)/%.tidy)
	@echo "lint    clean"

.PHONY: lint-tools
lint-tools:
	@tests/tools lint

lint-text: | lint-tools
	@tests/lint

lint-cppcheck: $(GENERATED) | lint-tools
	@echo "lint    cppcheck"
	@mkdir -p $(LINT)/cppcheck
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --library=posix,gnu,bsd \
	    --enable=warning,performance --cppcheck-build-dir=$(LINT)/cppcheck \
	    --suppress=missingIncludeSystem -DSSHINIT_EMBEDDED -Isrc -I$(B)/gen src

$(LINT)/%.gcc: src/%.c tests/lint.mk | lint-tools $(GENERATED) $(DEPS_BASE_STAMP)
	@mkdir -p $(@D)
	@echo "lint    gcc $<"
	@$(DEPS_CC) $(DEPS_CFLAGS) $(FLAGS) $(LINT_GCC) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.o
	@rm $@.o && touch $@

$(LINT)/%.clang: src/%.c tests/lint.mk | lint-tools $(GENERATED) $(DEPS_BASE_STAMP)
	@mkdir -p $(@D)
	@echo "lint    clang $<"
	@clang -fsyntax-only -Werror $(LINT_FLAGS) $(LINT_CLANG) -MMD -MP -MT $@ -MF $@.d $<
	@touch $@

$(LINT)/%.tidy: src/%.c .clang-tidy tests/lint.mk | lint-tools $(GENERATED) $(DEPS_BASE_STAMP)
	@mkdir -p $(@D)
	@echo "lint    clang-tidy $<"
	@clang-tidy --quiet $< -- $(LINT_FLAGS) >$@.log 2>$@.err || { cat $@.log; exit 1; }
	@clang -fsyntax-only $(LINT_FLAGS) -MMD -MP -MT $@ -MF $@.d $<
	@touch $@

.PHONY: format
format: | lint-tools
	@clang-format -i $(wildcard src/*.[ch] src/*/*.[ch] tests/*/*.[ch] templates/*.c)

-include $(foreach tool,gcc clang tidy,$(LINT_C:src/%.c=$(LINT)/%.$(tool).d))
