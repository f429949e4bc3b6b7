/* An instrument on a tty that speaks OIP: what a firmware's main() looks like, on POSIX.
 *
 *   oip_instrument TTY [--baud N] [--count N] [--rate HZ] [--pixels N] [--seed N] [--boot-id N]
 *                      [--id NAME] [--dark-every N] [--slots N]
 *
 * TTY is a device, `pty` for a new pseudo-terminal, or `pty:LINK` for one with a link to it.
 * Prints a line of JSON when it listens and one when it ends: with --count when so many light
 * spectra are acknowledged, else at SIGTERM or SIGINT. Exit code 0; 1 if frames were not
 * acknowledged or the line is gone; 2 for wrong usage.
 */
#define _XOPEN_SOURCE 600

#include "detector.h"
#include "instrument.h"
#include "line.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIXELS_MAX = 16000, SLOTS_MAX = 64, TICK_MS = 5, AHEAD_US = 20000 };
enum { FRAME_ROOM = OIP_SPECTRUM_HEADER_BYTES + 2 * PIXELS_MAX + OIP_CRC_BYTES };

static uint8_t frames[SLOTS_MAX][FRAME_ROOM];
static oip_slot slots[SLOTS_MAX];
static volatile sig_atomic_t stopped;

typedef struct {
    const char *tty, *id;
    uint32_t baud, count, pixels, seed, boot_id, dark_every, slots;
    double rate_hz;
} options;

static int fail(int code, const char *what, const char *why)
{
    fprintf(stderr, "oip_instrument: %s: %s\n", what, why);
    return code;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool whole_number(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
    char *end;
    errno = 0;
    unsigned long long read = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || read < least || read > most)
        return false;
    *value = (uint32_t)read;
    return true;
}

static bool frequency(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value >= 0.001 && *value <= 10000.0;
}

static bool rate_of_a_line(const char *text, uint32_t *value)
{
    bool known = false;
    if (!whole_number(text, 0, UINT32_MAX, value))
        return false;
    for (unsigned i = 0; i < LINE_RATES; i++)
        known = known || line_rates[i] == *value;
    return known;
}

static bool option(const char *name, const char *text, options *it)
{
    if (strcmp(name, "--baud") == 0)
        return rate_of_a_line(text, &it->baud);
    if (strcmp(name, "--count") == 0)
        return whole_number(text, 1, UINT32_MAX, &it->count);
    if (strcmp(name, "--rate") == 0)
        return frequency(text, &it->rate_hz);
    if (strcmp(name, "--pixels") == 0)
        return whole_number(text, 8, PIXELS_MAX, &it->pixels);
    if (strcmp(name, "--seed") == 0)
        return whole_number(text, 0, UINT32_MAX, &it->seed);
    if (strcmp(name, "--boot-id") == 0)
        return whole_number(text, 0, UINT32_MAX, &it->boot_id);
    if (strcmp(name, "--dark-every") == 0)
        return whole_number(text, 0, UINT32_MAX, &it->dark_every);
    if (strcmp(name, "--slots") == 0)
        return whole_number(text, 1, SLOTS_MAX, &it->slots);
    if (strcmp(name, "--id") == 0) {
        it->id = text;
        return *text != '\0' && strlen(text) <= OIP_MAX_NAME_BYTES;
    }
    return false;
}

static bool read_options(int count, char **words, options *it)
{
    uint32_t boot = (uint32_t)time(NULL) * 2654435761u ^ (uint32_t)getpid();
    *it = (options){.id = "C-1", .baud = 921600, .pixels = 2048, .boot_id = boot,
                    .dark_every = 50, .slots = SLOTS_MAX, .rate_hz = 2.0};
    if (count < 2 || words[1][0] == '-' || count % 2 != 0)
        return fail(2, "usage", "oip_instrument TTY [--option value ...], see main.c"), false;
    it->tty = words[1];
    for (int i = 2; i < count; i += 2)
        if (!option(words[i], words[i + 1], it))
            return fail(2, words[i], "no such option, or its value cannot be"), false;
    return true;
}

/* ---- the main loop --------------------------------------------------------------------------- */

static uint64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void expose(oip_instrument *it, const options *asked, uint64_t now_us)
{
    oip_spectrum spectrum;
    oip_slot *slot;
    if (asked->count > 0 && it->acquired >= asked->count)
        it->running = false;
    while ((slot = oip_instrument_due(it, now_us, &spectrum)) != NULL) {
        bool laser = it->settings.laser != OIP_LASER_OFF;
        uint32_t sequence = it->next_sequence;
        detector_expose(&spectrum, slot->frame, asked->seed, sequence, it->acquired, laser);
        oip_instrument_keep(it, slot, &spectrum);
        if (asked->count > 0 && it->acquired >= asked->count)
            it->running = false;
    }
}

/* At the pace of the line, no further ahead than a few ticks. */
static bool send(oip_instrument *it, line *wire, uint64_t now_us, uint64_t *free_us)
{
    uint8_t frame[OIP_MAX_FRAME_BYTES];
    if (*free_us < now_us)
        *free_us = now_us;
    while (*free_us < now_us + AHEAD_US) {
        size_t bytes = oip_instrument_next(it, now_us, frame);
        if (bytes == 0)
            break;
        *free_us += bytes * 10000000u / it->line_baud;
        if (!line_write(wire, frame, bytes))
            return false;
    }
    if (it->line_baud != it->baud && it->reply_bytes == 0) {
        if (!line_set_rate(wire, it->baud))
            return false;
        it->line_baud = it->baud;
    }
    return true;
}

static bool is_finished(const oip_instrument *it, const options *asked)
{
    bool taken = asked->count > 0 && it->acquired >= asked->count;
    return taken && oip_instrument_retained(it) == 0 && it->reply_bytes == 0;
}

static bool run(oip_instrument *it, line *wire, const options *asked)
{
    uint8_t data[4096];
    uint64_t boot_us = clock_us(), free_us = 0;
    while (!stopped && !is_finished(it, asked)) {
        long got = line_read(wire, data, sizeof data, TICK_MS);
        if (got < 0)
            return fail(1, wire->path, "the far side is gone"), false;
        oip_instrument_receive(it, data, (size_t)got, clock_us() - boot_us);
        expose(it, asked, clock_us() - boot_us);
        if (!send(it, wire, clock_us() - boot_us, &free_us))
            return fail(1, wire->path, strerror(errno)), false;
    }
    return true;
}

static void describe(oip_describe *is, const options *asked)
{
    is->boot_id = asked->boot_id;
    is->pixel_count = asked->pixels;
    is->saturation_counts = DETECTOR_SATURATION_COUNTS;
    is->laser_wavelength_nm = DETECTOR_LASER_NM;
    is->n_wavelength = 2;
    is->wavelength_nm[0] = DETECTOR_FIRST_NM;
    is->wavelength_nm[1] = DETECTOR_SPAN_NM / (asked->pixels - 1);
    is->instrument_id = (oip_text){asked->id, (uint8_t)strlen(asked->id)};
    is->firmware_version = (oip_text){"c-1", 3};
}

static void build(oip_instrument *it, const options *asked, uint32_t *bauds)
{
    describe(&it->describe, asked);
    it->status.detector_temperature_c = 20.0f;
    it->status.laser_temperature_c = 25.0f;
    it->status.supply_voltage_v = 5.0f;
    bauds[0] = asked->baud; /* the rate it wakes at */
    memcpy(bauds + 1, line_rates, sizeof line_rates);
    it->bauds = bauds;
    it->baud_count = LINE_RATES + 1;
    it->slots = slots;
    it->slot_count = asked->slots;
    it->frame_room = FRAME_ROOM;
    for (size_t i = 0; i < it->slot_count; i++)
        slots[i].frame = frames[i];
    it->count_bytes = 2;
    it->dark_every = asked->dark_every;
    uint32_t period_us = (uint32_t)(1e6 / asked->rate_hz);
    it->settings.period_us = period_us;
    it->settings.integration_time_us = period_us < 100000 ? period_us : 100000;
    it->settings.averages = 1;
}

static int report(const oip_instrument *it, const line *wire)
{
    unsigned left = oip_instrument_retained(it);
    printf("{\"boot_id\": %u, \"acquired\": %u, \"retained\": %u, \"refused\": %u, ",
           it->describe.boot_id, it->acquired, left, it->refused_frames);
    printf("\"unheard_bytes\": %llu}\n", (unsigned long long)wire->unheard_bytes);
    return left == 0 ? 0 : 1;
}

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

int main(int count, char **words)
{
    static oip_instrument it; /* too large for many a firmware's stack */
    uint32_t bauds[LINE_RATES + 1];
    options asked;
    line wire;
    if (!read_options(count, words, &asked))
        return 2;
    if (!line_open(&wire, asked.tty, asked.baud))
        return fail(1, asked.tty, strerror(errno));
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    build(&it, &asked, bauds);
    oip_instrument_boot(&it);
    printf("{\"listening\": \"%s\"}\n", wire.path);
    fflush(stdout);
    bool well = run(&it, &wire, &asked);
    int code = report(&it, &wire);
    line_close(&wire);
    return well ? code : 1;
}
