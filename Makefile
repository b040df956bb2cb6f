# sshinit: an SSH server for any container.
#
#   make              build/sshinit, one static binary with its own sshd
#   make EMBEDDED=no  the same without the sshd: seconds, once the libraries are there
#   make ARCH=aarch64 build/sshinit-aarch64, for another machine than this
#   make demo         the whole story in one minute: a pod, a key, a login
#   make test         unit tests, fuzz corpora, real containers
#   make fuzz         libFuzzer on every parser; make differential: OpenSSH as the judge
#   make bench        side by side with sshd, tini and others
#   make lint         compilers' warnings, clang-tidy, cppcheck, shellcheck, formatting
#   make docs         the documents' tables, from the source's
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

# What is built for another machine stands beside, under its name.
CROSS    := $(if $(filter-out $(shell uname -m),$(ARCH)),-$(ARCH))

ifeq ($(EMBEDDED),yes)
SOURCES  += src/sshd/wrap.c
FLAGS    += -DSSHINIT_EMBEDDED
OUT      := $(B)/full$(CROSS)
WRAP     := $(patsubst %,-Wl$(comma)--wrap=%,getpwnam getpwuid getspnam chroot chdir chown chmod \
	OPENSSL_cpuid_setup)
PROGRAMS := $(DEPS_OPENSSH_OBJS)
else
OUT      := $(B)/slim$(CROSS)
endif

BINARY  := $(B)/sshinit$(CROSS)
OBJECTS := $(SOURCES:src/%.c=$(OUT)/%.o)
GENERATED := $(B)/gen/version.h $(B)/gen/embedded_version.h $(B)/gen/template_sshd_config.h \
	$(B)/gen/template_profile.h $(B)/gen/licenses.h

.PHONY: all demo test bench lint format docs dist install clean
.DELETE_ON_ERROR:
all: $(OUT)/sshinit
	@cmp -s $(OUT)/sshinit $(BINARY) || { cp $(OUT)/sshinit $(BINARY).new && mv $(BINARY).new $(BINARY); }

$(OUT)/sshinit: $(OBJECTS) $(PROGRAMS) $(DEPS_BASE_STAMP) Makefile
	@echo "link    $@"
	@$(DEPS_CC) $(DEPS_LDFLAGS) $(WRAP) -o $@.unstripped $(OBJECTS) $(PROGRAMS) $(DEPS_LIBS)
	@$(DEPS_STRIP) -s -o $@ $@.unstripped

$(OUT)/%.o: src/%.c Makefile $(DEPS_BASE_STAMP) | $(GENERATED)
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

# ---- releases ---------------------------------------------------------------------------------

# The same commit gives the same bytes: times are the commit's, order and owners are fixed.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
DIST    := $(B)/dist
RELEASE := sshinit-$(VERSION)-linux-$(ARCH)
PAGES   := README.md LICENSE src/sshinit.1 $(DEPS_LICENSES)
SAMPLES := templates/sshinit.ini templates/sshd_config templates/profile.sh

dist: all
	@rm -rf $(DIST)/$(RELEASE) && mkdir -p $(DIST)/$(RELEASE)/templates
	@cp $(OUT)/sshinit $(PAGES) $(DIST)/$(RELEASE) && cp $(SAMPLES) $(DIST)/$(RELEASE)/templates
	@cp $(OUT)/sshinit $(DIST)/$(RELEASE).bare
	@cd $(DIST) && tar --sort=name --mtime=@$(SOURCE_DATE_EPOCH) --owner=0 --group=0 --numeric-owner \
	    --mode=u+rw,go+r,go-w,a+X --format=ustar -cf - $(RELEASE) | xz -9 -T1 >$(RELEASE).tar.xz
	@rm -r $(DIST)/$(RELEASE) && mv $(DIST)/$(RELEASE).bare $(DIST)/$(RELEASE)
	@sed 's/sshinit-[0-9.]*-linux-/sshinit-$(VERSION)-linux-/' examples/start-command/line >$(DIST)/start-command
	@cd $(DIST) && for each in sshinit-$(VERSION)-linux-*; do case $$each in *.tar.xz) continue; esac; \
	    arch=$$(echo $${each##*-} | tr a-z A-Z) sum=$$(sha256sum <$$each); \
	    sed -i "s/SUM_$$arch/$${sum%% *}/" start-command; done
	@cd $(DIST) && sha256sum sshinit-$(VERSION)-linux-* >SHA256SUMS && cat SHA256SUMS

install: all
	install -D -m 0755 $(OUT)/sshinit $(DESTDIR)$(PREFIX)/bin/sshinit
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man1 src/sshinit.1
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/sshinit README.md LICENSE $(DEPS_LICENSES)
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/sshinit $(SAMPLES)

clean:
	rm -rf $(B)/full* $(B)/slim* $(B)/gen $(B)/test $(B)/lint $(B)/dist $(B)/sshinit*
