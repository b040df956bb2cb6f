/*
 * pasted: which of ssh's options are taken from a line that somebody pasted. Pure; tables.
 *
 * What is not named here refuses the line: an option that this sshinit does not know may run a
 * program.
 */
#ifndef SSHINIT_LAPTOP_PASTED_H
#define SSHINIT_LAPTOP_PASTED_H

#include "base/arena.h"
#include "base/span.h"

/* An -o option that neither runs, loads nor reads anything: it goes into the Host block. */
bool pasted_is_harmless(const char *key);

/* An -o option with which consoles switch host key checks off; sshinit pins the pod's key instead,
 * so it is left out. */
bool pasted_is_replaced(const char *key);

/* An option of sshfs itself, which says nothing about the way to the pod. */
bool pasted_is_of_sshfs(struct span key);

/* The last colon that stands outside brackets; NULL when there is none. */
char *pasted_last_colon(char *text);

/* -L [bind:]port:host:port as LocalForward takes it, "[bind:]port host:port", in arena; NULL when
 * it is not that. */
char *pasted_forward(struct arena *arena, const char *text);

/* Whether text is made as addresses and ports are: -D [address:]port. */
bool pasted_is_address(const char *text);

/* The line as it was before a web page, a word processor or a terminal got at it: odd spaces and
 * dashes made plain, invisible characters gone, lines that a \ at their end continues joined. */
struct span pasted_plain(struct arena *arena, struct span text);

/* The command alone: without blanks around it, quotation marks around all of it, and a prompt in
 * front, such as "$ ", "me@host:~$ ", "C:\Users\me>". */
struct span pasted_command(struct span text);

#endif
