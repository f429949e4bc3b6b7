/* A tty or a new pseudo-terminal, at a rate; nothing here waits for a host that does not read. */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_RATES = 8 };
extern const uint32_t line_rates[LINE_RATES]; /* bit/s */

typedef struct {
    int descriptor;
    int kept_slave;   /* of a pty, so that hosts may come and go; else -1 */
    const char *link; /* to the pty, NULL if none */
    char path[256];   /* what a host opens */
    uint64_t unheard_bytes;
} line;

/* Opens a device, `pty` or `pty:LINK`. False with errno. */
bool line_open(line *it, const char *tty, uint32_t baud);

/* Runs the line at another rate, when all that was written is out. */
bool line_set_rate(const line *it, uint32_t baud);

/* False if the far side is gone for good. What nobody reads is lost and counted. */
bool line_write(line *it, const uint8_t *bytes, size_t count);

/* Waits a while for bytes; returns how many came, -1 if the far side is gone for good. */
long line_read(const line *it, uint8_t *bytes, size_t room, int wait_ms);

void line_close(const line *it);

#endif
