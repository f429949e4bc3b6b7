/* Outcrop Instrument Protocol (OIP), version 1. What is promised is in oip.h. */
#include "oip.h"

#include <string.h>

/* On a machine with other sizes this is no array, and the compiler says so. */
typedef char sizes_are_ieee_754[sizeof(float) == 4 && sizeof(double) == 8 ? 1 : -1];

/* ---- CRC and COBS ---------------------------------------------------------------------------- */

uint32_t oip_crc32(uint32_t crc, const uint8_t *data, size_t bytes)
{
    static const uint32_t of_nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = (crc >> 4) ^ of_nibble[crc & 15u];
        crc = (crc >> 4) ^ of_nibble[crc & 15u];
    }
    return ~crc;
}

static uint64_t take_le(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static void put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static void put_crc(uint8_t *data, size_t bytes)
{
    put_le(data + bytes, oip_crc32(0, data, bytes), OIP_CRC_BYTES);
}

static bool crc_follows(const uint8_t *data, size_t bytes)
{
    return take_le(data + bytes, OIP_CRC_BYTES) == oip_crc32(0, data, bytes);
}

/* Where a body stands in a frame's memory so that it can be encoded there: COBS puts one byte
 * before it and one more for every 254 without a zero, so never overtakes what it still reads. */
enum { BODY_AT = 3 };

static size_t cobs_encode(uint8_t *frame, size_t content_bytes)
{
    size_t code_at = 0, to = 1;
    uint8_t code = 1;
    for (size_t i = 0; i < content_bytes; i++) {
        uint8_t byte = frame[BODY_AT + i];
        int closes = (code == 0xFF) + (byte == 0); /* a full block stands for no zero */
        for (; closes > 0; closes--, code = 1) {
            frame[code_at] = code;
            code_at = to++;
        }
        if (byte != 0) {
            frame[to++] = byte;
            code++;
        }
    }
    frame[code_at] = code;
    frame[to++] = 0;
    return to;
}

/* Decodes in place; false if a code points past the end. */
static bool cobs_decode(uint8_t *held, size_t count, size_t *decoded)
{
    size_t from = 0, to = 0;
    while (from < count) {
        size_t run = held[from++] - (size_t)1;
        if (run > count - from)
            return false;
        memmove(held + to, held + from, run);
        from += run;
        to += run;
        if (run < 254 && from < count)
            held[to++] = 0;
    }
    *decoded = to;
    return true;
}

static oip_found finish(oip_receiver *receiver)
{
    size_t bytes = 0;
    if (receiver->oversized)
        return OIP_OVERSIZED;
    if (receiver->count == 0)
        return OIP_NOTHING; /* zero bytes in a row: an idle line */
    if (!cobs_decode(receiver->held, receiver->count, &bytes))
        return OIP_BAD_COBS;
    if (bytes < OIP_CRC_BYTES)
        return OIP_SHORT;
    bytes -= OIP_CRC_BYTES;
    if (!crc_follows(receiver->held, bytes))
        return OIP_BAD_CRC;
    if (bytes > OIP_MAX_BODY_BYTES)
        return OIP_OVERSIZED;
    receiver->body_bytes = bytes;
    return OIP_BODY;
}

oip_found oip_receive(oip_receiver *receiver, uint8_t byte)
{
    receiver->body_bytes = 0;
    if (byte == 0) {
        oip_found found = finish(receiver);
        receiver->count = 0;
        receiver->oversized = false;
        return found;
    }
    if (receiver->count == sizeof receiver->held)
        receiver->oversized = true;
    else
        receiver->held[receiver->count++] = byte;
    return OIP_NOTHING;
}

/* ---- messages: every layout is written once, for both directions ----------------------------- */

typedef struct {
    uint8_t *at, *end;
    bool writing; /* from the message to the bytes; the message is then only read */
    bool failed;
} walker;

static bool is_big_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 0;
}

static void require(walker *w, bool holds)
{
    w->failed = w->failed || !holds;
}

/* One number, integer or IEEE 754, between the machine's byte order and the line's. */
static void number(walker *w, void *field, size_t bytes)
{
    uint8_t *own = field;
    require(w, bytes <= (size_t)(w->end - w->at));
    for (size_t i = 0; i < bytes && !w->failed; i++) {
        uint8_t *ours = own + (is_big_endian() ? bytes - 1 - i : i);
        if (w->writing)
            w->at[i] = *ours;
        else
            *ours = w->at[i];
    }
    w->at += w->failed ? 0 : bytes;
}

#define FIELD(w, field) number((w), &(field), sizeof(field))

/* Bytes of any kind; returns where they are: inside the body, in both directions. */
static const uint8_t *octets(walker *w, const void *from, size_t bytes)
{
    const uint8_t *here = w->at;
    require(w, bytes <= (size_t)(w->end - w->at));
    if (w->failed)
        return here;
    if (w->writing && bytes > 0)
        memcpy(w->at, from, bytes);
    w->at += bytes;
    return here;
}

/* Bytes that begin at `at` and are one character of UTF-8 (RFC 3629); 0 if they are none. */
static size_t utf8_character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes > left || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90))
        return 0; /* longer than it need be */
    if ((lead == 0xED && at[1] > 0x9F) || (lead == 0xF4 && at[1] > 0x8F))
        return 0; /* a surrogate; beyond U+10FFFF */
    return bytes;
}

static void text(walker *w, oip_text *field, size_t most)
{
    require(w, field->bytes <= most);
    const uint8_t *here = octets(w, field->text, field->bytes);
    for (size_t done = 0, step; done < field->bytes && !w->failed; done += step) {
        step = utf8_character(here + done, field->bytes - done);
        require(w, step > 0);
    }
    if (!w->writing)
        field->text = (const char *)here;
}

static void configure(walker *w, oip_configure *it)
{
    FIELD(w, it->integration_time_us); FIELD(w, it->averages);
    FIELD(w, it->period_us); FIELD(w, it->laser);
}

static void acknowledge(walker *w, oip_acknowledge *it)
{
    FIELD(w, it->boot_id); FIELD(w, it->send_before);
    FIELD(w, it->n);
    require(w, it->n <= OIP_MAX_RANGES);
    for (unsigned i = 0; i < it->n && !w->failed; i++) {
        FIELD(w, it->ranges[i].first); FIELD(w, it->ranges[i].last);
        require(w, it->ranges[i].first <= it->ranges[i].last);
    }
}

static void not_acknowledge(walker *w, oip_not_acknowledge *it)
{
    FIELD(w, it->boot_id); FIELD(w, it->sequence);
    FIELD(w, it->n);
    require(w, it->n <= OIP_MAX_MISSING);
    for (unsigned i = 0; i < it->n && !w->failed; i++)
        FIELD(w, it->missing[i]);
}

static void describe(walker *w, oip_describe *it)
{
    FIELD(w, it->boot_id);
    FIELD(w, it->pixel_count); FIELD(w, it->saturation_counts);
    FIELD(w, it->laser_wavelength_nm);
    FIELD(w, it->retained_frames); FIELD(w, it->next_sequence); FIELD(w, it->oldest_sequence);
    FIELD(w, it->baud_max);
    FIELD(w, it->n_wavelength); FIELD(w, it->n_nonlinearity);
    FIELD(w, it->instrument_id.bytes); FIELD(w, it->firmware_version.bytes);
    require(w, it->n_wavelength >= 1 && it->n_wavelength <= OIP_MAX_COEFFICIENTS);
    require(w, it->n_nonlinearity <= OIP_MAX_COEFFICIENTS && it->instrument_id.bytes >= 1);
    for (unsigned i = 0; i < it->n_wavelength && !w->failed; i++)
        FIELD(w, it->wavelength_nm[i]);
    for (unsigned i = 0; i < it->n_nonlinearity && !w->failed; i++)
        FIELD(w, it->nonlinearity[i]);
    text(w, &it->instrument_id, OIP_MAX_NAME_BYTES);
    text(w, &it->firmware_version, OIP_MAX_NAME_BYTES);
}

static void status(walker *w, oip_status *it)
{
    FIELD(w, it->boot_id); FIELD(w, it->instrument_time_us);
    FIELD(w, it->detector_temperature_c); FIELD(w, it->laser_temperature_c);
    FIELD(w, it->supply_voltage_v);
    FIELD(w, it->running); FIELD(w, it->laser_on);
    FIELD(w, it->fault_bits); FIELD(w, it->retained_frames); FIELD(w, it->refused_frames);
}

static void fragment(walker *w, oip_fragment *it)
{
    FIELD(w, it->boot_id); FIELD(w, it->sequence);
    FIELD(w, it->index); FIELD(w, it->count);
    require(w, it->count >= 1 && it->count <= OIP_MAX_FRAGMENTS && it->index < it->count);
    if (!w->writing)
        it->data_bytes = (size_t)(w->end - w->at);
    require(w, it->data_bytes <= OIP_MAX_FRAGMENT_BYTES);
    const uint8_t *here = octets(w, it->data, it->data_bytes);
    if (!w->writing)
        it->data = here;
}

static void refused(walker *w, oip_refused *it)
{
    FIELD(w, it->code);
    require(w, w->writing || w->end - w->at <= OIP_MAX_DETAIL_BYTES);
    if (!w->writing)
        it->detail.bytes = (uint8_t)(w->end - w->at);
    text(w, &it->detail, OIP_MAX_DETAIL_BYTES);
}

static void message_body(walker *w, oip_message *m)
{
    uint8_t version = OIP_VERSION;
    FIELD(w, version); FIELD(w, m->type); FIELD(w, m->id);
    require(w, version == OIP_VERSION);
    switch (m->type) {
    case OIP_HELLO: case OIP_STOP: case OIP_STATUS_REQUEST: case OIP_COMMAND_DONE: break;
    case OIP_CONFIGURE: configure(w, &m->as.configure); break;
    case OIP_START: FIELD(w, m->as.start_count); break;
    case OIP_ACKNOWLEDGE: acknowledge(w, &m->as.acknowledge); break;
    case OIP_NOT_ACKNOWLEDGE: not_acknowledge(w, &m->as.not_acknowledge); break;
    case OIP_SINGLE: FIELD(w, m->as.single_kind); break;
    case OIP_TIME_SYNC: FIELD(w, m->as.host_utc_us); break;
    case OIP_SET_BAUD: FIELD(w, m->as.baud); break;
    case OIP_DESCRIBE: describe(w, &m->as.describe); break;
    case OIP_STATUS: status(w, &m->as.status); break;
    case OIP_SPECTRUM_FRAGMENT: fragment(w, &m->as.fragment); break;
    case OIP_COMMAND_REFUSED: refused(w, &m->as.refused); break;
    case OIP_TIME_REPORT:
        FIELD(w, m->as.time_report.boot_id); FIELD(w, m->as.time_report.instrument_time_us);
        break;
    default: w->failed = true;
    }
}

size_t oip_encode(const oip_message *message, uint8_t frame[OIP_MAX_FRAME_BYTES])
{
    uint8_t *body = frame + BODY_AT;
    walker w = {body, body + OIP_MAX_BODY_BYTES, true, false};
    message_body(&w, (oip_message *)message); /* not written to: w.writing */
    if (w.failed)
        return 0;
    size_t bytes = (size_t)(w.at - body);
    put_crc(body, bytes);
    return cobs_encode(frame, bytes + OIP_CRC_BYTES);
}

bool oip_decode(const uint8_t *body, size_t bytes, oip_message *message)
{
    walker w = {(uint8_t *)body, (uint8_t *)body + bytes, false, false}; /* nor is this */
    memset(message, 0, sizeof *message);
    message_body(&w, message);
    require(&w, w.at == w.end);
    return !w.failed;
}

/* ---- spectra --------------------------------------------------------------------------------- */

static void spectrum_header(walker *w, oip_spectrum *it)
{
    uint8_t format = 1;
    FIELD(w, format); FIELD(w, it->kind); FIELD(w, it->averages); FIELD(w, it->count_bytes);
    FIELD(w, it->pixel_count); FIELD(w, it->integration_time_us); FIELD(w, it->saturation_counts);
    FIELD(w, it->instrument_time_us);
    FIELD(w, it->detector_temperature_c); FIELD(w, it->laser_wavelength_nm);
    require(w, format == 1 && it->kind <= OIP_NEON);
    require(w, it->count_bytes == 2 || it->count_bytes == 4);
}

uint64_t oip_spectrum_bytes(const oip_spectrum *spectrum)
{
    return OIP_SPECTRUM_HEADER_BYTES + (uint64_t)spectrum->pixel_count * spectrum->count_bytes +
           OIP_CRC_BYTES;
}

bool oip_begin_spectrum(const oip_spectrum *spectrum, uint8_t *frame, size_t room)
{
    if (oip_spectrum_bytes(spectrum) > room)
        return false;
    walker w = {frame, frame + OIP_SPECTRUM_HEADER_BYTES, true, false};
    spectrum_header(&w, (oip_spectrum *)spectrum);
    return !w.failed;
}

static size_t offset_of(const oip_spectrum *spectrum, uint32_t pixel)
{
    return OIP_SPECTRUM_HEADER_BYTES + (size_t)pixel * spectrum->count_bytes;
}

void oip_put_count(const oip_spectrum *spectrum, uint8_t *frame, uint32_t pixel, uint32_t counts)
{
    if (pixel < spectrum->pixel_count)
        put_le(frame + offset_of(spectrum, pixel), counts, spectrum->count_bytes);
}

void oip_seal_spectrum(const oip_spectrum *spectrum, uint8_t *frame)
{
    put_crc(frame, offset_of(spectrum, spectrum->pixel_count));
}

bool oip_read_spectrum(const uint8_t *frame, size_t bytes, oip_spectrum *spectrum)
{
    memset(spectrum, 0, sizeof *spectrum);
    if (bytes < OIP_SPECTRUM_HEADER_BYTES + OIP_CRC_BYTES)
        return false;
    size_t content = bytes - OIP_CRC_BYTES;
    walker w = {(uint8_t *)frame, (uint8_t *)frame + content, false, false};
    spectrum_header(&w, spectrum);
    return !w.failed && oip_spectrum_bytes(spectrum) == bytes && crc_follows(frame, content);
}

uint32_t oip_get_count(const oip_spectrum *spectrum, const uint8_t *frame, uint32_t pixel)
{
    if (pixel >= spectrum->pixel_count)
        return 0;
    return (uint32_t)take_le(frame + offset_of(spectrum, pixel), spectrum->count_bytes);
}

uint16_t oip_fragment_count(size_t frame_bytes, size_t piece_bytes)
{
    if (frame_bytes == 0 || piece_bytes == 0 || piece_bytes > OIP_MAX_FRAGMENT_BYTES)
        return 0;
    size_t count = (frame_bytes - 1) / piece_bytes + 1;
    return count <= OIP_MAX_FRAGMENTS ? (uint16_t)count : 0;
}

bool oip_cut(const uint8_t *frame, size_t frame_bytes, size_t piece_bytes, uint16_t index,
             oip_fragment *it)
{
    uint16_t count = oip_fragment_count(frame_bytes, piece_bytes);
    if (index >= count)
        return false;
    size_t from = index * piece_bytes, left = frame_bytes - from;
    it->index = index;
    it->count = count;
    it->data = frame + from;
    it->data_bytes = left < piece_bytes ? left : piece_bytes;
    return true;
}
