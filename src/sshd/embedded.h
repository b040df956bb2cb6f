/*
 * embedded: OpenSSH's programs inside this binary.
 *
 * Chosen by argv[0]. They run unpatched; what a container may lack (a passwd entry, the user for
 * privilege separation, a shell) and what no configuration line can say (a value with a newline) is
 * given to them by wrapping the few C functions through which they ask. The facts they need come in
 * three variables of sshd's own environment, which no session sees.
 */
#ifndef SSHINIT_SSHD_EMBEDDED_H
#define SSHINIT_SSHD_EMBEDDED_H

#include "base/arena.h"

struct account;
struct state;

/* Runs the program that argv[0] names and returns its status, or returns -1 where it names none. */
int embedded_main(int argc, char **argv);

/* Lets libcrypto ask the processor for its instructions, which sshd/wrap.c keeps it from doing
 * before main. embedded_main calls it for the programs that need it. */
void embedded_prepare(void);

/* The names under which this binary does nothing and succeeds: a package's scripts call them to
 * start services, and sshinit starts its sshd itself. NULL-terminated. */
const char *const *embedded_idle(void);

/* "OpenSSH_10.0p1"; "" in a binary built without it. */
const char *embedded_version(void);

/* The names of the links to make for this binary, NULL-terminated. */
const char *const *embedded_programs(void);

/* The environment for sshd: a PATH and the facts for the wrapped functions. */
char **embedded_environment(
    struct arena *arena, const struct account *accounts, const struct state *state);

/* The name by which the configuration tells the session's environment to the wrapped function: a
 * SetEnv of this name holds the directory of one file per user id (pod/session_env). */
#define EMBEDDED_SESSION_ENV "SSHINIT_SESSION_ENV"

/* Two names in such a file are no variables for the session, but say where it starts (a path) and
 * with which umask (octal). */
#define EMBEDDED_SESSION_DIR "SSHINIT_SESSION_DIR"
#define EMBEDDED_UMASK       "SSHINIT_UMASK"

/* The program that stands in for a missing shell (sshd/noshell). */
#define EMBEDDED_NO_SHELL "no-shell"

#endif
