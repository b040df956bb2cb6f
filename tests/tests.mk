# The targets that test. Unit tests and fuzzers are dynamic builds against Debian's own libraries,
# under AddressSanitizer and UndefinedBehaviorSanitizer; what runs in containers is the real binary.

TEST_CC    ?= gcc
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TEST_OUT   := $(B)/test
TEST_FLAGS := $(filter-out -DSSHINIT_EMBEDDED -O2,$(FLAGS)) -O1 -g $(SANITIZE)
TEST_LIBS  := -lcmocka -ljansson -lmicrohttpd -linih -lcap -lmd -lbsd -lcrypto
# All of the product but its main, and but what only the final link can hold together.
TEST_OBJECTS := $(patsubst src/%.c,$(TEST_OUT)/obj/%.o,$(filter-out src/main.c src/sshd/wrap.c,$(SOURCES)))
# A tests/unit/test_*.c is a program; the other files there are what several of them share.
UNIT_SHARED := $(patsubst tests/unit/%.c,$(TEST_OUT)/obj/unit/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(TEST_OUT)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(TEST_OUT)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: tests-build test-tools
test: test-tools all tests-build
	@DEPS='$(DEPS_DIR)' tests/run

test-tools:
	@tests/tools

tests-build: $(UNIT_TESTS) $(FUZZERS) $(TEST_OUT)/sk-dummy.so

# A security key that is none, for the clients of the bats tests.
$(TEST_OUT)/sk-dummy.so: $(DEPS_SK_DUMMY) | test-tools
	@mkdir -p $(@D)
	@cp $< $@

$(TEST_OUT)/obj/%.o: src/%.c Makefile tests/tests.mk | test-tools $(GENERATED)
	@mkdir -p $(@D)
	@echo "compile $< (sanitizers)"
	@$(TEST_CC) $(TEST_FLAGS) -MMD -MP -c $< -o $@

$(TEST_OUT)/libsshinit.a: $(TEST_OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(TEST_OUT)/obj/unit/%.o: tests/unit/%.c Makefile tests/tests.mk | test-tools $(GENERATED)
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(TEST_CC) $(TEST_FLAGS) -Itests -MMD -MP -c $< -o $@

$(TEST_OUT)/libunit.a: $(UNIT_SHARED)
	@rm -f $@ && ar rcs $@ $^

$(TEST_OUT)/unit/%: tests/unit/%.c $(TEST_OUT)/libunit.a $(TEST_OUT)/libsshinit.a
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(TEST_CC) $(TEST_FLAGS) -Itests -MMD -MP $< $(TEST_OUT)/libunit.a $(TEST_OUT)/libsshinit.a -o $@ $(TEST_LIBS)

# A fuzzer with the main that replays files; libFuzzer's own comes with make fuzz.
$(TEST_OUT)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c tests/fuzz/harness.h $(TEST_OUT)/libsshinit.a
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(TEST_CC) $(TEST_FLAGS) -Itests $< tests/fuzz/replay.c $(TEST_OUT)/libsshinit.a -o $@ $(TEST_LIBS)

-include $(TEST_OBJECTS:.o=.d) $(UNIT_SHARED:.o=.d) $(UNIT_TESTS:=.d)

# ---- side by side with others -----------------------------------------------------------------

# make bench measures (tests/bench/run says what, into build/bench); make bench-results keeps what it
# found as the files that the README shows. Static like the product: they start inside containers.
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))

.PHONY: bench-results
bench: all $(BENCH_PROGRAMS)
	@tests/bench/run

bench-results:
	@cp $(B)/bench/results.md $(B)/bench/results.svg tests/bench/

$(B)/bench/%: tests/bench/%.c tests/tests.mk $(DEPS_BASE_STAMP)
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(DEPS_CC) -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Wshadow -static -s -o $@ $<

# ---- longer hunts, not part of make test --------------------------------------------------------

# make fuzz: libFuzzer (clang) on every harness, FUZZ_SECONDS each, from the corpora that make test
# replays. make differential: 100,000 damaged values, judged by OpenSSH's own code.
FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
HUNTERS      := $(FUZZERS:$(TEST_OUT)/fuzz/%=$(TEST_OUT)/hunt/%)

.PHONY: fuzz differential
fuzz: $(HUNTERS)
	@for hunter in $^; do name=$${hunter##*/fuzz_}; mkdir -p $(TEST_OUT)/found/$$name; \
	    corpus=tests/fuzz/corpus/$$name; test -d $$corpus || corpus=tests/vectors; \
	    echo "fuzz    $$name"; $$hunter -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	        -artifact_prefix=$(TEST_OUT)/found/$$name/ $(TEST_OUT)/found/$$name $$corpus || exit 1; done

$(TEST_OUT)/hunt/%: tests/fuzz/%.c $(TEST_OBJECTS)
	@mkdir -p $(@D)
	@echo "compile $< (libFuzzer)"
	@$(FUZZ_CC) $(filter-out $(SANITIZE),$(TEST_FLAGS)) -fsanitize=fuzzer,address,undefined \
	    -Itests $< $(filter-out src/main.c src/sshd/wrap.c,$(SOURCES)) -o $@ $(TEST_LIBS)

differential: tests-build $(DEPS_BASE_STAMP)
	@DEPS='$(DEPS_DIR)' TEST_OUT='$(TEST_OUT)' tests/differential/keys $(COUNT) $(SEED)
