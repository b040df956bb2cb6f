# sshinit: an SSH server for any container.
#
#   make              build/sshinit, one static binary with its own sshd
#   make EMBEDDED=no  the same without the sshd: seconds, once the libraries are there
#   make demo         the whole story in one minute: a pod, a key, a login
#   make test         unit tests, fuzz corpora, real containers
#   make bench        side by side with sshd, tini and others
#   make lint         compilers' warnings, clang-tidy, cppcheck, shellcheck, formatting
#   make dist         the release archive and its checksums
#   make install      to $(DESTDIR)$(PREFIX)
#
# Third-party source comes from Debian's packages at build time (src/deps) and is cached under
# build/deps, or where DEPS says.

.DEFAULT_GOAL := all
EMBEDDED ?= yes
PREFIX   ?= /usr/local
B        := build
VERSION  := 0.1.0

include src/deps/deps.mk

SOURCES := $(filter-out src/sshd/wrap.c,$(wildcard src/*.c src/*/*.c))
FLAGS   := -std=c17 -D_GNU_SOURCE -O2 -Isrc -I$(B)/gen -Wall -Wextra -Werror -Wshadow -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith

ifeq ($(EMBEDDED),yes)
SOURCES  += src/sshd/wrap.c
FLAGS    += -DSSHINIT_EMBEDDED
OUT      := $(B)/full
WRAP     := $(patsubst %,-Wl$(comma)--wrap=%,getpwnam getpwuid getspnam chroot chdir)
PROGRAMS := $(DEPS_OPENSSH_OBJS)
else
OUT      := $(B)/slim
endif

BINARY  := $(B)/sshinit
OBJECTS := $(SOURCES:src/%.c=$(OUT)/%.o)
GENERATED := $(B)/gen/version.h $(B)/gen/embedded_version.h $(B)/gen/template_sshd_config.h \
	$(B)/gen/template_profile.h $(B)/gen/licenses.h

.PHONY: all demo test bench lint format dist install clean
.DELETE_ON_ERROR:
all: $(OUT)/sshinit
	@cmp -s $(OUT)/sshinit $(BINARY) || { cp $(OUT)/sshinit $(BINARY).new && mv $(BINARY).new $(BINARY); }

$(OUT)/sshinit: $(OBJECTS) $(PROGRAMS) Makefile
	@echo "link    $@"
	@$(DEPS_CC) $(DEPS_LDFLAGS) $(WRAP) -o $@.unstripped $(OBJECTS) $(PROGRAMS) $(DEPS_LIBS)
	@strip -s -o $@ $@.unstripped

$(OUT)/%.o: src/%.c Makefile | $(DEPS_BASE_STAMP) $(GENERATED)
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(DEPS_CC) $(DEPS_CFLAGS) $(FLAGS) -MMD -MP -c $< -o $@

# ---- what is made into C ----------------------------------------------------------------------

# Text as C string literals, a line each.
as_strings := sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/'

$(B)/gen/template_sshd_config.h: templates/sshd_config Makefile
	@mkdir -p $(@D)
	@$(as_strings) $< > $@

$(B)/gen/template_profile.h: templates/profile.sh Makefile
	@mkdir -p $(@D)
	@$(as_strings) $< > $@

$(B)/gen/licenses.h: LICENSE $(DEPS_LICENSES) Makefile
	@mkdir -p $(@D)
	@{ cat LICENSE; echo; cat $(DEPS_LICENSES); } | $(as_strings) > $@

$(B)/gen/version.h: $(DEPS_VERSIONS) Makefile
	@mkdir -p $(@D)
	@{ echo '#define SSHINIT_VERSION "$(VERSION)"'; echo '#define SSHINIT_COMPONENTS \'; \
	   sed -e 's/.*/    "  &\\n" \\/' $(DEPS_VERSIONS); echo '    ""'; } > $@

$(B)/gen/embedded_version.h: $(DEPS_VERSIONS) Makefile
	@mkdir -p $(@D)
	@awk '$$1 == "openssh" { print "#ifdef SSHINIT_EMBEDDED"; \
	   print "#define EMBEDDED_VERSION \"OpenSSH_" $$2 "\""; \
	   print "#else"; print "#define EMBEDDED_VERSION \"\""; print "#endif" }' $(DEPS_VERSIONS) > $@

-include $(OBJECTS:.o=.d)

# ---- tests ------------------------------------------------------------------------------------

include tests/tests.mk
include tests/lint.mk
include templates/docs.mk

demo: all
	@tests/demo

clean:
	rm -rf $(B)/full $(B)/slim $(B)/gen $(B)/test $(BINARY)
