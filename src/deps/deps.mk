# deps.mk: the libraries and the embedded sshd, built from Debian's sources.
#
# The top-level Makefile includes this file and uses:
#   DEPS, ARCH          the cache directory and the architecture; set them to change
#   DEPS_CC             the compiler: gcc against musl
#   DEPS_CFLAGS         where the headers are, and the flags a hardened static-pie needs
#   DEPS_STRIP          strip for ARCH
#   DEPS_LDFLAGS        the final link, before the objects
#   DEPS_LIBS           the libraries, after the objects
#   DEPS_BASE_STAMP     what our own objects have to wait for: compiler and libraries
#   DEPS_OPENSSH_OBJS   OpenSSH's programs, one object each (see build-openssh), to be
#                       linked before DEPS_LIBS; DEPS_OPENSSH_STAMP waits for them
#   DEPS_VERSIONS       a line for each component: package, upstream's version, Debian's
#   DEPS_LICENSES       their licences, whole
#   DEPS_SK_DUMMY       for tests: a pretended security key (SecurityKeyProvider)
# and the targets deps (all of it), deps-tools (is what the build needs there?
# install it where possible), deps-update (look for newer sources) and deps-clean.
#
# Every part is built into a directory named for the hash of its recipe. So a changed
# recipe builds what it must and nothing else, a second make does nothing, and
# checkouts that differ can share one cache.

DEPS_HERE := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
DEPS ?= build/deps
ARCH ?= $(shell uname -m)
DEPS_DIR := $(abspath $(DEPS))
comma := ,

# The compiler's version is asked for below, while make still reads: on a fresh machine
# the tools have to come before that, or the next make would build everything again.
ifneq ($(filter-out clean deps-clean,$(or $(MAKECMDGOALS),all)),)
ifeq ($(and $(or $(shell command -v $(ARCH)-linux-gnu-gcc),$(shell command -v gcc)),$(shell command -v ld)),)
DEPS_ASKED := $(shell ARCH='$(ARCH)' $(DEPS_HERE)/tools >&2 || echo missing)
$(if $(DEPS_ASKED),$(error build tools are missing))
endif
endif

# The cache's place and the compiler are part of what is built: the wrapper names
# both, and objects of two compilers had better not mix.
DEPS_GCC := $(or $(shell command -v $(ARCH)-linux-gnu-gcc),gcc)
DEPS_WHERE := $(DEPS_DIR) $(shell $(DEPS_GCC) -dumpfullversion 2>/dev/null)

# $(call deps_key,scripts,key of what it stands on)
deps_key = $(shell { cat $(addprefix $(DEPS_HERE)/,flags $(1)); echo $(DEPS_WHERE) $(2); } | sha256sum | cut -c1-12)

DEPS_MUSL := $(DEPS_DIR)/$(ARCH)/musl-$(call deps_key,build-musl)
DEPS_SMALL := $(DEPS_DIR)/$(ARCH)/libs-$(call deps_key,build-libs,$(DEPS_MUSL))

DEPS_OPENSSL := $(DEPS_DIR)/$(ARCH)/openssl-$(call deps_key,build-openssl,$(DEPS_MUSL))
DEPS_OPENSSH := $(DEPS_DIR)/$(ARCH)/openssh-$(call deps_key,build-openssh,$(DEPS_OPENSSL))

DEPS_STRIP := $(or $(shell command -v $(ARCH)-linux-gnu-strip),strip)
DEPS_CC := $(DEPS_MUSL)/bin/musl-gcc
DEPS_CFLAGS := -isystem $(DEPS_SMALL)/include -isystem $(DEPS_OPENSSL)/include \
	-fPIE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
# binutils before 2.38 do not know packed relocations, and some architectures got
# them later: the binary is a little larger there.
DEPS_RELR := $(if $(shell $(or $(shell command -v $(ARCH)-linux-gnu-ld),ld) --help 2>/dev/null | grep pack-relative-relocs),-Wl$(comma)-z$(comma)pack-relative-relocs)
DEPS_LDFLAGS := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--gc-sections $(DEPS_RELR)
DEPS_LIBS := -L$(DEPS_SMALL)/lib -lmicrohttpd -ljansson -linih -lcap -lbsd -lmd -L$(DEPS_OPENSSL)/lib -lcrypto
DEPS_BASE_STAMP := $(DEPS_MUSL)/done $(DEPS_SMALL)/done $(DEPS_OPENSSL)/done
DEPS_OPENSSH_STAMP := $(DEPS_OPENSSH)/done
DEPS_OPENSSH_OBJS := $(patsubst %,$(DEPS_OPENSSH)/%.o,sshd sshd-session sshd-auth ssh-keygen sftp-server scp)

DEPS_NOTICES := $(DEPS_DIR)/$(ARCH)/notices-$(call deps_key,notices)
DEPS_VERSIONS := $(DEPS_NOTICES)/versions
DEPS_LICENSES := $(DEPS_NOTICES)/licenses.txt

DEPS_SK_DUMMY := $(DEPS_DIR)/$(ARCH)/sk-dummy-$(call deps_key,build-sk-dummy)/sk-dummy.so

DEPS_RUN = DEPS='$(DEPS_DIR)' ARCH='$(ARCH)' V='$(V)' MUSL='$(DEPS_MUSL)' OPENSSL='$(DEPS_OPENSSL)'
deps_version = $(patsubst %,$(DEPS_DIR)/src/%.version,$(1))
DEPS_PACKAGES := musl libmd libbsd libinih libcap2 jansson libmicrohttpd openssl openssh
DEPS_FETCHED := $(DEPS_DIR)/src/fetched-$(call deps_key,fetch)

# Everything starts with the sources, so this is where a missing tool shows up.
$(DEPS_FETCHED):
	@$(DEPS_RUN) $(DEPS_HERE)/tools
	@$(DEPS_RUN) $(DEPS_HERE)/fetch
	@touch $@

# Order only: looking for sources does not make them newer; what is built from a
# source hangs on its version file.
$(call deps_version,$(DEPS_PACKAGES)): | $(DEPS_FETCHED)
	@test -e $@ || $(DEPS_RUN) $(DEPS_HERE)/fetch

$(DEPS_MUSL)/done: $(call deps_version,musl)
	@$(DEPS_RUN) $(DEPS_HERE)/build-musl $(@D)

$(DEPS_SMALL)/done: $(DEPS_MUSL)/done $(call deps_version,libmd libbsd libinih libcap2 jansson libmicrohttpd)
	@$(DEPS_RUN) $(DEPS_HERE)/build-libs $(@D)

$(DEPS_OPENSSL)/done: $(DEPS_MUSL)/done $(call deps_version,openssl)
	@$(DEPS_RUN) $(DEPS_HERE)/build-openssl $(@D)

$(DEPS_OPENSSH)/done: $(DEPS_OPENSSL)/done $(call deps_version,openssh)
	@$(DEPS_RUN) $(DEPS_HERE)/build-openssh $(@D)

# Made along with their stamp; without this rule a Makefile that names them as
# prerequisites would not know where they come from.
$(DEPS_OPENSSH_OBJS): $(DEPS_OPENSSH_STAMP) ;

$(DEPS_NOTICES)/done: $(call deps_version,$(DEPS_PACKAGES))
	@$(DEPS_RUN) $(DEPS_HERE)/notices $(@D)

$(DEPS_VERSIONS) $(DEPS_LICENSES): $(DEPS_NOTICES)/done ;

$(DEPS_SK_DUMMY): $(call deps_version,openssh)
	@$(DEPS_RUN) $(DEPS_HERE)/build-sk-dummy $(@D)
	@touch $@

.PHONY: deps deps-tools deps-update deps-clean
deps: $(DEPS_BASE_STAMP) $(DEPS_OPENSSH_STAMP) $(DEPS_VERSIONS) $(DEPS_LICENSES)

deps-tools:
	@$(DEPS_RUN) $(DEPS_HERE)/tools

deps-update:
	@$(DEPS_RUN) $(DEPS_HERE)/fetch --update

deps-clean:
	rm -rf '$(DEPS_DIR)'
