/*
 * decoration: what people's tools put around a key, one layer at a time.
 */
#ifndef SSHINIT_KEYS_DECORATION_H
#define SSHINIT_KEYS_DECORATION_H

#include "base/finding.h"
#include "base/span.h"

/* The layer at the front of text: its length and what it is; 0 where there is none. */
size_t decoration_front(struct span text, enum code *code);

/* Quotation marks, and commas, semicolons and brackets behind them, at the end of text: their
 * length, 0 where there is no quotation mark. */
size_t decoration_back(struct span text);

#endif
