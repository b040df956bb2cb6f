/*
 * noshell: the login shell of an image that has none.
 *
 * Not a shell: it says so to who wants one, and runs a single plain command ("scp -t dir",
 * "sshinit --connect"), because that needs no shell at all.
 */
#ifndef SSHINIT_SSHD_NOSHELL_H
#define SSHINIT_SSHD_NOSHELL_H

/* argv as a shell gets it: "-sh", or "sh" "-c" "command". */
int noshell_main(int argc, char **argv);

#endif
