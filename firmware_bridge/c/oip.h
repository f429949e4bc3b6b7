/* Outcrop Instrument Protocol (OIP), version 1: frames, messages and spectra. See ../PROTOCOL.md.
 *
 * C99, no allocation, no static state; needs <stddef.h>, <stdint.h>, <stdbool.h> and <string.h>.
 * Fields are copied byte by byte, so neither the machine's byte order nor its alignment matters;
 * float and double must be the 4 and 8 byte formats of IEEE 754.
 * No input makes a function fail otherwise than by what it returns.
 */
#ifndef OIP_H
#define OIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OIP_VERSION = 1,
    OIP_MAX_BODY_BYTES = 512,
    OIP_MAX_FRAME_BYTES = 520, /* on the line, the zero byte at its end included */
    OIP_MAX_RANGES = 32, OIP_MAX_MISSING = 128, OIP_MAX_COEFFICIENTS = 8,
    OIP_MAX_NAME_BYTES = 16, OIP_MAX_DETAIL_BYTES = 64,
    OIP_MAX_FRAGMENT_BYTES = 480, OIP_MAX_FRAGMENTS = 256,
    OIP_SPECTRUM_HEADER_BYTES = 37, OIP_CRC_BYTES = 4
};

/* ---- frames on the line: COBS(body, CRC-32) and a zero byte ---------------------------------- */

typedef enum {
    OIP_NOTHING, /* no frame has ended yet */
    OIP_BODY,    /* a verified body: `held`, `body_bytes` */
    OIP_BAD_COBS, OIP_BAD_CRC, OIP_SHORT, OIP_OVERSIZED /* a frame ended and is of no use */
} oip_found;

typedef struct {
    uint8_t held[OIP_MAX_FRAME_BYTES - 1];
    size_t count;      /* encoded bytes held of an unfinished frame */
    size_t body_bytes; /* of the body in `held`, until the next byte is received */
    bool oversized;
} oip_receiver; /* begin with {0} */

/* Takes one received byte. */
oip_found oip_receive(oip_receiver *receiver, uint8_t byte);

/* CRC-32 of IEEE 802.3, as zlib's crc32(): begin with 0, go on with what the last call returned. */
uint32_t oip_crc32(uint32_t crc, const uint8_t *data, size_t bytes);

/* ---- messages -------------------------------------------------------------------------------- */

enum { /* oip_message.type, and where its payload is */
    OIP_HELLO = 0x01,
    OIP_CONFIGURE = 0x02,       /* as.configure */
    OIP_START = 0x03,           /* as.start_count: light spectra, 0 without end */
    OIP_STOP = 0x04,
    OIP_STATUS_REQUEST = 0x05,
    OIP_ACKNOWLEDGE = 0x06,     /* as.acknowledge */
    OIP_NOT_ACKNOWLEDGE = 0x07, /* as.not_acknowledge */
    OIP_SINGLE = 0x08,          /* as.single_kind */
    OIP_TIME_SYNC = 0x09,       /* as.host_utc_us: 0 not known */
    OIP_SET_BAUD = 0x0A,        /* as.baud */
    OIP_DESCRIBE = 0x81,        /* as.describe */
    OIP_STATUS = 0x82,          /* as.status */
    OIP_SPECTRUM_FRAGMENT = 0x83, /* as.fragment */
    OIP_COMMAND_DONE = 0x84,
    OIP_COMMAND_REFUSED = 0x85, /* as.refused */
    OIP_TIME_REPORT = 0x86      /* as.time_report */
};

enum { OIP_UNKNOWN_COMMAND = 1, OIP_OUT_OF_BOUNDS = 2, OIP_STALE_BOOT_ID = 3, OIP_NOT_NOW = 4 };

enum { OIP_LASER_LEAVE, OIP_LASER_OFF, OIP_LASER_WHILE_EXPOSING, OIP_LASER_ALWAYS };

enum { OIP_LIGHT, OIP_DARK, OIP_SILICON, OIP_POLYSTYRENE, OIP_CALCITE, OIP_DIAMOND, OIP_NEON };

enum { /* oip_status.fault_bits; from bit 16 on they are the maker's own */
    OIP_DETECTOR_HOT = 1 << 0, OIP_SUPPLY_LOW = 1 << 1, OIP_INTERLOCK_OPEN = 1 << 2,
    OIP_LASER_FAULT = 1 << 3, OIP_DETECTOR_FAULT = 1 << 4, OIP_BUFFER_FULL = 1 << 5,
    OIP_CALIBRATION_DAMAGED = 1 << 6, OIP_BROWN_OUT = 1 << 7
};

typedef struct {
    const char *text; /* UTF-8 without a zero at its end; decoded: inside the body that was given */
    uint8_t bytes;
} oip_text;

typedef struct {
    uint32_t integration_time_us, period_us;
    uint16_t averages;
    uint8_t laser;
} oip_configure; /* a zero leaves that one as it is */

typedef struct {
    uint32_t boot_id, send_before;
    uint8_t n;
    struct { uint32_t first, last; } ranges[OIP_MAX_RANGES];
} oip_acknowledge;

typedef struct {
    uint32_t boot_id, sequence;
    uint8_t n; /* 0: the whole frame */
    uint16_t missing[OIP_MAX_MISSING];
} oip_not_acknowledge;

typedef struct {
    uint32_t boot_id, pixel_count, saturation_counts;
    double laser_wavelength_nm;
    uint32_t retained_frames, next_sequence, oldest_sequence, baud_max;
    uint8_t n_wavelength, n_nonlinearity;
    double wavelength_nm[OIP_MAX_COEFFICIENTS]; /* of pixel p: c0 + c1 p + c2 p^2 ... */
    double nonlinearity[OIP_MAX_COEFFICIENTS];
    oip_text instrument_id, firmware_version;
} oip_describe;

typedef struct {
    uint32_t boot_id;
    uint64_t instrument_time_us;
    float detector_temperature_c, laser_temperature_c, supply_voltage_v; /* NaN: not measured */
    uint8_t running, laser_on;
    uint32_t fault_bits, retained_frames, refused_frames;
} oip_status;

typedef struct {
    uint32_t boot_id, sequence;
    uint16_t index, count;
    const uint8_t *data; /* as in oip_text */
    size_t data_bytes;
} oip_fragment;

typedef struct { uint8_t code; oip_text detail; } oip_refused;

typedef struct { uint32_t boot_id; uint64_t instrument_time_us; } oip_time_report;

typedef struct {
    uint8_t type;
    uint16_t id; /* a reply carries that of its request; 0 where nobody asked */
    union {
        oip_configure configure;
        uint32_t start_count;
        oip_acknowledge acknowledge;
        oip_not_acknowledge not_acknowledge;
        uint8_t single_kind;
        uint64_t host_utc_us;
        uint32_t baud;
        oip_describe describe;
        oip_status status;
        oip_fragment fragment;
        oip_refused refused;
        oip_time_report time_report;
    } as;
} oip_message;

/* Writes the message as a whole frame for the line; returns its bytes, 0 if a value cannot be. */
size_t oip_encode(const oip_message *message, uint8_t frame[OIP_MAX_FRAME_BYTES]);

/* Reads a body. If it is no message of this protocol false is returned; type and id are then
 * those of its header, or 0 where it has none. */
bool oip_decode(const uint8_t *body, size_t bytes, oip_message *message);

/* ---- spectra --------------------------------------------------------------------------------- */

typedef struct {
    uint8_t kind, count_bytes; /* OIP_LIGHT ...; 2 or 4 */
    uint16_t averages;
    uint32_t pixel_count, integration_time_us, saturation_counts;
    uint64_t instrument_time_us;
    float detector_temperature_c; /* NaN: not measured */
    double laser_wavelength_nm;
} oip_spectrum;

/* Bytes of the packed frame. */
uint64_t oip_spectrum_bytes(const oip_spectrum *spectrum);

/* To pack one: begin, put every count, seal. Begin is false if it does not fit in `room`. */
bool oip_begin_spectrum(const oip_spectrum *spectrum, uint8_t *frame, size_t room);
void oip_put_count(const oip_spectrum *spectrum, uint8_t *frame, uint32_t pixel, uint32_t counts);
void oip_seal_spectrum(const oip_spectrum *spectrum, uint8_t *frame);

/* To read one: false if its CRC is wrong or its lengths contradict each other. */
bool oip_read_spectrum(const uint8_t *frame, size_t bytes, oip_spectrum *spectrum);
uint32_t oip_get_count(const oip_spectrum *spectrum, const uint8_t *frame, uint32_t pixel);

/* Fragments a packed frame takes if all but the last have `piece_bytes`; 0 if it cannot be. */
uint16_t oip_fragment_count(size_t frame_bytes, size_t piece_bytes);

/* Fills in index, count and data of one fragment; false if there is no such. */
bool oip_cut(const uint8_t *frame, size_t frame_bytes, size_t piece_bytes, uint16_t index,
             oip_fragment *fragment);

#endif
