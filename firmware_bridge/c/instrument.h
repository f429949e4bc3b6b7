/* The instrument's half of OIP: bytes and time in, frames for the line out; no I/O, no allocation.
 *
 *   for ever:
 *       oip_instrument_receive(&it, bytes that came, how many, now)
 *       if ((slot = oip_instrument_due(&it, now, &spectrum)) != NULL) {
 *           expose as `spectrum` says; oip_put_count(&spectrum, slot->frame, ...) for every pixel
 *           oip_instrument_keep(&it, slot, &spectrum)
 *       }
 *       while ((bytes = oip_instrument_next(&it, now, frame)) > 0)
 *           write `frame`
 *       if (it.line_baud != it.baud) {
 *           wait until all is written, run the line at it.baud, it.line_baud = it.baud
 *       }
 *
 * `now_us` is the time since boot, µs. A frame is kept until the host acknowledges it; with no
 * slot free nothing is acquired, and that is counted.
 */
#ifndef OIP_INSTRUMENT_H
#define OIP_INSTRUMENT_H

#include "oip.h"

enum {
    OIP_INTEGRATION_MIN_US = 10,
    OIP_INTEGRATION_MAX_US = 60000000,
    OIP_AVERAGES_MAX = 1000,
    OIP_PERIOD_MIN_US = 100,
    OIP_RESEND_AFTER_US = 1000000,    /* a frame that is not acknowledged */
    OIP_BAUD_GIVEN_UP_US = 3000000,   /* without a valid frame the line wakes up again */
    OIP_CATCH_UP_US = 1000000,        /* acquisitions further behind than this are left out */
    OIP_SINGLES = 4                   /* asked for and not taken yet, at most */
};

typedef struct {
    uint8_t *frame;   /* set by the maker: `frame_room` bytes */
    size_t bytes;     /* of the packed frame; 0: the slot is free */
    uint32_t sequence;
    uint64_t resend_us;
    uint8_t to_send[OIP_MAX_FRAGMENTS / 8]; /* one bit a fragment */
} oip_slot;

typedef struct {
    /* set by the maker, the rest {0} */
    oip_describe describe; /* without the counters, which are kept here */
    oip_status status;     /* temperatures, voltage and the maker's faults; kept up to date */
    oip_slot *slots;
    size_t slot_count, frame_room;
    const uint32_t *bauds; /* bit/s, the wake-up rate first */
    size_t baud_count;
    uint8_t count_bytes; /* 2 or 4 */
    uint32_t dark_every; /* a dark frame before every so many light ones; 0: at a start only */
    oip_configure settings;

    /* kept by oip_instrument_... */
    oip_receiver receiver;
    uint8_t replies[1024];
    size_t reply_bytes;
    uint32_t baud, line_baud;
    uint64_t heard_us;
    uint32_t credit, next_sequence, refused_frames, acquired;
    bool running, has_order;
    uint32_t order_crc;
    oip_message order_reply;
    uint32_t left, until_dark;
    uint64_t due_us;
    uint8_t singles[OIP_SINGLES];
    size_t single_count;
} oip_instrument;

/* After what the maker sets is set. */
void oip_instrument_boot(oip_instrument *it);

void oip_instrument_receive(oip_instrument *it, const uint8_t *data, size_t bytes, uint64_t now_us);

/* Where to put the next spectrum, and what it is to be; NULL while none is due. */
oip_slot *oip_instrument_due(oip_instrument *it, uint64_t now_us, oip_spectrum *spectrum);

void oip_instrument_keep(oip_instrument *it, oip_slot *slot, const oip_spectrum *spectrum);

/* Writes the next frame for the line; returns its bytes, 0 if there is none now. */
size_t oip_instrument_next(oip_instrument *it, uint64_t now_us, uint8_t frame[OIP_MAX_FRAME_BYTES]);

/* Frames not acknowledged so far. */
uint32_t oip_instrument_retained(const oip_instrument *it);

#endif
