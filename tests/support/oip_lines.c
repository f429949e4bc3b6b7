/* The C codec behind a pipe: one line in, one line out, so that Python can compare the two.
 *
 *   frames HEX          what a receiver finds in these bytes: body:HEX, cobs, crc, short, oversized
 *   decode HEX          the message of a body: its fields, or `refused TYPE ID`
 *   encode FIELDS       the message as a frame for the line: HEX, or `refused`
 *   spectrum HEX        a packed spectrum: its fields and counts, or `refused`
 *   pack FIELDS         a spectrum packed: HEX, or `refused`
 *   cut PIECE HEX       a packed frame in fragments: INDEX COUNT HEX ...
 *
 * Fields are what `tests/support/c_codec.py` writes: decimal, floating numbers as the integer
 * their bits are, bytes as .HEX (the point alone: none).
 */
#include "oip.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1 << 20 };
static char line[LINE_BYTES];
static uint8_t bytes[LINE_BYTES / 2], text[1024];
static size_t text_bytes;
static bool reading; /* fields from the line into the message; else out of it */

static uint64_t number(uint64_t value)
{
    if (reading) {
        const char *word = strtok(NULL, " \n");
        return word != NULL ? strtoull(word, NULL, 10) : 0;
    }
    printf(" %" PRIu64, value);
    return value;
}

static float single(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (uint32_t)number(bits);
    memcpy(&value, &bits, sizeof bits);
    return value;
}

static double wide(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = number(bits);
    memcpy(&value, &bits, sizeof bits);
    return value;
}

static size_t from_hex(const char *word, uint8_t *to)
{
    size_t count = 0;
    unsigned byte;
    for (; word != NULL && sscanf(word, "%2x", &byte) == 1; word += 2)
        to[count++] = (uint8_t)byte;
    return count;
}

static void put_hex(const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%02x", from[i]);
}

static const uint8_t *octets(const void *from, size_t *count)
{
    if (!reading) {
        printf(" .");
        put_hex(from, *count);
        return from;
    }
    const char *word = strtok(NULL, " \n");
    uint8_t *to = text + text_bytes;
    *count = word != NULL ? from_hex(word + 1, to) : 0;
    text_bytes += *count;
    return to;
}

#define N(field) ((field) = (__typeof__(field))number(field))

static void name(oip_text *it)
{
    size_t count = it->bytes;
    it->text = (const char *)octets(it->text, &count);
    it->bytes = (uint8_t)count;
}

static void describe(oip_describe *it)
{
    N(it->boot_id), N(it->pixel_count), N(it->saturation_counts);
    it->laser_wavelength_nm = wide(it->laser_wavelength_nm);
    N(it->retained_frames), N(it->next_sequence), N(it->oldest_sequence), N(it->baud_max);
    N(it->n_wavelength), N(it->n_nonlinearity);
    for (unsigned i = 0; i < it->n_wavelength && i < OIP_MAX_COEFFICIENTS; i++)
        it->wavelength_nm[i] = wide(it->wavelength_nm[i]);
    for (unsigned i = 0; i < it->n_nonlinearity && i < OIP_MAX_COEFFICIENTS; i++)
        it->nonlinearity[i] = wide(it->nonlinearity[i]);
    name(&it->instrument_id);
    name(&it->firmware_version);
}

static void status(oip_status *it)
{
    N(it->boot_id), N(it->instrument_time_us);
    it->detector_temperature_c = single(it->detector_temperature_c);
    it->laser_temperature_c = single(it->laser_temperature_c);
    it->supply_voltage_v = single(it->supply_voltage_v);
    N(it->running), N(it->laser_on), N(it->fault_bits), N(it->retained_frames);
    N(it->refused_frames);
}

static void acknowledge(oip_acknowledge *it)
{
    N(it->boot_id), N(it->send_before), N(it->n);
    for (unsigned i = 0; i < it->n && i < OIP_MAX_RANGES; i++)
        N(it->ranges[i].first), N(it->ranges[i].last);
}

static void not_acknowledge(oip_not_acknowledge *it)
{
    N(it->boot_id), N(it->sequence), N(it->n);
    for (unsigned i = 0; i < it->n && i < OIP_MAX_MISSING; i++)
        N(it->missing[i]);
}

static void configure(oip_configure *it)
{
    N(it->integration_time_us), N(it->averages), N(it->period_us), N(it->laser);
}

static void fragment(oip_fragment *it)
{
    N(it->boot_id), N(it->sequence), N(it->index), N(it->count);
    it->data = octets(it->data, &it->data_bytes);
}

static void message(oip_message *m)
{
    N(m->type), N(m->id);
    switch (m->type) {
    case OIP_CONFIGURE: configure(&m->as.configure); break;
    case OIP_START: N(m->as.start_count); break;
    case OIP_ACKNOWLEDGE: acknowledge(&m->as.acknowledge); break;
    case OIP_NOT_ACKNOWLEDGE: not_acknowledge(&m->as.not_acknowledge); break;
    case OIP_SINGLE: N(m->as.single_kind); break;
    case OIP_TIME_SYNC: N(m->as.host_utc_us); break;
    case OIP_SET_BAUD: N(m->as.baud); break;
    case OIP_DESCRIBE: describe(&m->as.describe); break;
    case OIP_STATUS: status(&m->as.status); break;
    case OIP_SPECTRUM_FRAGMENT: fragment(&m->as.fragment); break;
    case OIP_COMMAND_REFUSED: N(m->as.refused.code), name(&m->as.refused.detail); break;
    case OIP_TIME_REPORT: N(m->as.time_report.boot_id), N(m->as.time_report.instrument_time_us); break;
    default: break;
    }
}

static void spectrum(oip_spectrum *it)
{
    N(it->kind), N(it->averages), N(it->count_bytes), N(it->pixel_count);
    N(it->integration_time_us), N(it->saturation_counts), N(it->instrument_time_us);
    it->detector_temperature_c = single(it->detector_temperature_c);
    it->laser_wavelength_nm = wide(it->laser_wavelength_nm);
}

static void do_frames(size_t count)
{
    static const char *const names[] = {"", "", " cobs", " crc", " short", " oversized"};
    oip_receiver receiver = {0};
    for (size_t i = 0; i < count; i++) {
        oip_found found = oip_receive(&receiver, bytes[i]);
        printf("%s", names[found]);
        if (found == OIP_BODY) {
            printf(" body:");
            put_hex(receiver.held, receiver.body_bytes);
        }
    }
}

/* A copy of just the right size: so a sanitizer sees what is read past its end. */
static uint8_t *exact(size_t count)
{
    uint8_t *copy = malloc(count > 0 ? count : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, count);
    return copy;
}

static void do_decode(size_t count)
{
    oip_message m;
    uint8_t *copy = exact(count);
    reading = false;
    if (oip_decode(copy, count, &m))
        message(&m);
    else
        printf(" refused %u %u", m.type, m.id);
    free(copy);
}

static void do_encode(void)
{
    oip_message m;
    uint8_t frame[OIP_MAX_FRAME_BYTES];
    memset(&m, 0, sizeof m);
    reading = true;
    text_bytes = 0;
    message(&m);
    size_t count = oip_encode(&m, frame);
    printf(count > 0 ? " " : " refused");
    put_hex(frame, count);
}

static void do_spectrum(size_t count)
{
    oip_spectrum it;
    uint8_t *copy = exact(count);
    reading = false;
    if (oip_read_spectrum(copy, count, &it)) {
        spectrum(&it);
        for (uint32_t pixel = 0; pixel < it.pixel_count; pixel++)
            printf(" %" PRIu32, oip_get_count(&it, copy, pixel));
    } else {
        printf(" refused");
    }
    free(copy);
}

static void do_pack(void)
{
    oip_spectrum it;
    reading = true;
    memset(&it, 0, sizeof it);
    spectrum(&it);
    if (!oip_begin_spectrum(&it, bytes, sizeof bytes)) {
        printf(" refused");
        return;
    }
    for (uint32_t pixel = 0; pixel < it.pixel_count; pixel++)
        oip_put_count(&it, bytes, pixel, (uint32_t)number(0));
    oip_seal_spectrum(&it, bytes);
    printf(" ");
    put_hex(bytes, (size_t)oip_spectrum_bytes(&it));
}

static void do_cut(size_t piece_bytes, size_t count)
{
    oip_fragment it;
    for (uint16_t index = 0; oip_cut(bytes, count, piece_bytes, index, &it); index++) {
        printf(" %u %u .", it.index, it.count);
        put_hex(it.data, it.data_bytes);
    }
}

int main(void)
{
    while (fgets(line, sizeof line, stdin) != NULL) {
        const char *what = strtok(line, " \n");
        if (what == NULL)
            continue;
        if (strcmp(what, "encode") == 0)
            do_encode();
        else if (strcmp(what, "pack") == 0)
            do_pack();
        else {
            size_t piece = strcmp(what, "cut") == 0 ? strtoul(strtok(NULL, " "), NULL, 10) : 0;
            size_t count = from_hex(strtok(NULL, " \n"), bytes);
            if (strcmp(what, "frames") == 0)
                do_frames(count);
            else if (strcmp(what, "decode") == 0)
                do_decode(count);
            else if (strcmp(what, "spectrum") == 0)
                do_spectrum(count);
            else if (piece > 0)
                do_cut(piece, count);
        }
        puts("");
        fflush(stdout);
    }
    return 0;
}
