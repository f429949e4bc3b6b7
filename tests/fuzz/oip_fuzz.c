/* The C reference under attack: decoders, and an instrument in the middle of its life.
 *
 *   oip_fuzz RUNS SEED [FILE ...]      mutate the files' contents, keeping what reaches new code
 *
 * Compile oip.c and instrument.c with sanitizers and -fsanitize-coverage=trace-pc. With
 * -DLIBFUZZER there is no main: link it with clang's -fsanitize=fuzzer. Ends with one line of JSON;
 * a broken promise aborts, after the input was written to standard error in hex.
 */
#include "instrument.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 2048, PIXELS = 40, SLOTS = 3, FRAME_ROOM = 41 + 4 * PIXELS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
static void tell_input(void);

#define PROMISE(holds)                                                        \
    do {                                                                      \
        if (!(holds)) {                                                       \
            fprintf(stderr, "broken, line %d: %s\n", __LINE__, #holds);       \
            tell_input();                                                     \
            abort();                                                          \
        }                                                                     \
    } while (0)

/* ---- what must hold -------------------------------------------------------------------------- */

/* A body that is read is written as it was, but for flags, which are true or not. */
static void check_message(const uint8_t *body, size_t count)
{
    oip_message message, again;
    uint8_t frame[OIP_MAX_FRAME_BYTES];
    oip_receiver receiver = {0};
    if (!oip_decode(body, count, &message))
        return;
    size_t bytes = oip_encode(&message, frame);
    PROMISE(bytes > 0 && bytes <= sizeof frame && frame[bytes - 1] == 0);
    PROMISE(memchr(frame, 0, bytes - 1) == NULL);
    for (size_t i = 0; i + 1 < bytes; i++)
        PROMISE(oip_receive(&receiver, frame[i]) == OIP_NOTHING);
    PROMISE(oip_receive(&receiver, frame[bytes - 1]) == OIP_BODY);
    PROMISE(receiver.body_bytes == count && memcmp(receiver.held, body, count) == 0);
    PROMISE(oip_decode(receiver.held, receiver.body_bytes, &again) && again.type == message.type);
}

static void check_spectrum(const uint8_t *frame, size_t count)
{
    oip_spectrum spectrum;
    volatile uint32_t last = 0;
    if (!oip_read_spectrum(frame, count, &spectrum))
        return;
    PROMISE(oip_spectrum_bytes(&spectrum) == count);
    for (uint32_t pixel = 0; pixel < spectrum.pixel_count + 1; pixel++)
        last = oip_get_count(&spectrum, frame, pixel); /* one too many: it is 0 */
    PROMISE(last == 0);
}

/* Its CRC made right, so that what lies behind it is reached. */
static void check_sealed_spectrum(const uint8_t *data, size_t count)
{
    uint8_t frame[INPUT_MAX];
    if (count < OIP_CRC_BYTES)
        return;
    memcpy(frame, data, count);
    uint32_t crc = oip_crc32(0, frame, count - OIP_CRC_BYTES);
    for (unsigned i = 0; i < OIP_CRC_BYTES; i++)
        frame[count - OIP_CRC_BYTES + i] = (uint8_t)(crc >> (8 * i));
    check_spectrum(frame, count);
}

static void check_stream(const uint8_t *data, size_t count)
{
    oip_receiver receiver = {0};
    for (size_t i = 0; i < count; i++) {
        oip_found found = oip_receive(&receiver, data[i]);
        PROMISE(receiver.count <= sizeof receiver.held);
        if (found == OIP_BODY)
            check_message(receiver.held, receiver.body_bytes);
    }
}

/* ---- an instrument that hears the input as commands ------------------------------------------- */

static oip_instrument it;
static oip_slot slots[SLOTS];
static uint8_t frames[SLOTS][FRAME_ROOM];
static const uint32_t bauds[] = {115200, 9600, 921600};

static void boot(void)
{
    memset(&it, 0, sizeof it);
    memset(slots, 0, sizeof slots);
    it.describe.boot_id = 7;
    it.describe.pixel_count = PIXELS;
    it.describe.n_wavelength = 1;
    it.describe.instrument_id = (oip_text){"F", 1};
    it.slots = slots;
    it.slot_count = SLOTS;
    it.frame_room = FRAME_ROOM;
    for (size_t i = 0; i < SLOTS; i++)
        slots[i].frame = frames[i];
    it.bauds = bauds;
    it.baud_count = 3;
    it.count_bytes = 4;
    it.dark_every = 2;
    it.settings = (oip_configure){.integration_time_us = 100, .averages = 1, .period_us = 1000};
    oip_instrument_boot(&it);
}

static void live(uint64_t now_us)
{
    oip_spectrum spectrum;
    uint8_t frame[OIP_MAX_FRAME_BYTES];
    oip_slot *slot;
    for (int turn = 0; turn < 4 && (slot = oip_instrument_due(&it, now_us, &spectrum)) != NULL; turn++) {
        PROMISE(spectrum.pixel_count == PIXELS && slot->bytes == 0);
        for (uint32_t pixel = 0; pixel < PIXELS; pixel++)
            oip_put_count(&spectrum, slot->frame, pixel, pixel);
        oip_instrument_keep(&it, slot, &spectrum);
        check_spectrum(slot->frame, slot->bytes);
    }
    size_t bytes;
    for (int turn = 0; turn < 16 && (bytes = oip_instrument_next(&it, now_us, frame)) > 0; turn++) {
        oip_receiver receiver = {0};
        oip_message message;
        for (size_t i = 0; i < bytes; i++)
            if (oip_receive(&receiver, frame[i]) == OIP_BODY) {
                PROMISE(i == bytes - 1);
                PROMISE(oip_decode(receiver.held, receiver.body_bytes, &message));
                PROMISE(message.type >= OIP_DESCRIBE);
            }
    }
    PROMISE(it.reply_bytes <= sizeof it.replies && it.single_count <= OIP_SINGLES);
    PROMISE(oip_instrument_retained(&it) <= SLOTS);
    it.line_baud = it.baud;
}

static void command(const uint8_t *body, size_t count, uint64_t now_us)
{
    uint8_t content[OIP_MAX_BODY_BYTES + OIP_CRC_BYTES], line[OIP_MAX_FRAME_BYTES];
    if (count > OIP_MAX_BODY_BYTES)
        count = OIP_MAX_BODY_BYTES;
    memcpy(content, body, count);
    uint32_t crc = oip_crc32(0, content, count);
    for (unsigned i = 0; i < OIP_CRC_BYTES; i++)
        content[count + i] = (uint8_t)(crc >> (8 * i));
    size_t to = 1, code_at = 0; /* a COBS of its own, for bodies that are no messages */
    for (size_t i = 0; i < count + OIP_CRC_BYTES; i++) {
        if (to - code_at == 0xFF) {
            line[code_at] = 0xFF;
            code_at = to++;
        }
        if (content[i] != 0) {
            line[to++] = content[i];
        } else {
            line[code_at] = (uint8_t)(to - code_at);
            code_at = to++;
        }
    }
    line[code_at] = (uint8_t)(to - code_at);
    line[to++] = 0;
    oip_instrument_receive(&it, line, to, now_us);
}

/* The input as the bodies of commands, each after a byte that is its length. */
static void check_instrument(const uint8_t *data, size_t count)
{
    uint64_t now_us = 1000;
    static const uint8_t hello[] = {1, OIP_HELLO, 1, 0}, start[] = {1, OIP_START, 2, 0, 0, 0, 0, 0};
    static const uint8_t credit[] = {1, OIP_ACKNOWLEDGE, 3, 0, 7, 0, 0, 0, 255, 0, 0, 0, 0};
    boot();
    command(hello, sizeof hello, now_us);
    command(start, sizeof start, now_us);
    command(credit, sizeof credit, now_us);
    live(now_us);
    for (size_t at = 0, step; at < count; at += 1 + step) {
        step = data[at] < count - at ? data[at] : count - at - 1;
        command(data + at + 1, step, now_us += 1500);
        live(now_us);
    }
    oip_instrument_receive(&it, data, count, now_us += 4000000);
    live(now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    if (count > INPUT_MAX)
        return 0;
    uint8_t *exact = malloc(count > 0 ? count : 1); /* so that a byte too far is seen */
    PROMISE(exact != NULL);
    memcpy(exact, data, count);
    check_stream(exact, count);
    check_message(exact, count);
    check_spectrum(exact, count);
    check_sealed_spectrum(exact, count);
    check_instrument(exact, count);
    free(exact);
    return 0;
}

/* ---- a small guided fuzzer, where there is no libFuzzer --------------------------------------- */

#ifdef LIBFUZZER
static void tell_input(void) {} /* libFuzzer does */
#else
enum { EDGES = 1 << 13, KEPT_MAX = 4096 };
static uint8_t reached[EDGES], ever[EDGES];
static uintptr_t before;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    reached[(here ^ (before << 1)) % EDGES] = 1;
    before = here >> 1;
}

typedef struct { uint8_t bytes[INPUT_MAX]; size_t count; } input;
static input kept[KEPT_MAX], tried;
static size_t kept_count;
static uint64_t state;

static uint32_t drawn(uint32_t below) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return below > 0 ? (uint32_t)((state * 2685821657736338717u) >> 33) % below : 0;
}

static void change(input *one)
{
    static const uint8_t extremes[] = {0, 1, 2, 4, 7, 32, 33, 64, 127, 128, 129, 255};
    uint32_t at = drawn((uint32_t)one->count + 1), length = 1 + drawn(24);
    uint32_t left = (uint32_t)one->count - at;
    switch (drawn(8)) {
    case 0: case 1:
        if (left > 0)
            one->bytes[at] ^= (uint8_t)(1u << drawn(8));
        break;
    case 2:
        if (left > 0)
            one->bytes[at] = extremes[drawn(sizeof extremes)];
        break;
    case 3: /* lose */
        length = length < left ? length : left;
        memmove(one->bytes + at, one->bytes + at + length, left - length);
        one->count -= length;
        break;
    case 4: /* gain */
        if (one->count + length > INPUT_MAX)
            break;
        memmove(one->bytes + at + length, one->bytes + at, left);
        for (uint32_t i = 0; i < length; i++)
            one->bytes[at + i] = (uint8_t)drawn(256);
        one->count += length;
        break;
    case 5: /* cut */
        one->count = at;
        break;
    case 6: { /* end as another does */
        const input *other = kept + drawn((uint32_t)kept_count);
        uint32_t from = drawn((uint32_t)other->count + 1), take = (uint32_t)other->count - from;
        take = take < INPUT_MAX - at ? take : INPUT_MAX - at;
        memmove(one->bytes + at, other->bytes + from, take);
        one->count = at + take;
        break;
    }
    default: /* little-endian numbers at their ends */
        for (uint32_t i = 0; i < 4 && i < left; i++)
            one->bytes[at + i] = (uint8_t)(drawn(2) ? 0xFF : 0);
    }
}

static bool is_news(void)
{
    bool news = false;
    for (size_t i = 0; i < EDGES; i++)
        if (reached[i] != 0) {
            news = news || ever[i] == 0;
            ever[i] = 1;
        }
    return news;
}

static void try(void)
{
    before = 0;
    memset(reached, 0, sizeof reached);
    LLVMFuzzerTestOneInput(tried.bytes, tried.count);
    if (is_news() && kept_count < KEPT_MAX)
        kept[kept_count++] = tried;
}

static void tell_input(void)
{
    fprintf(stderr, "input: ");
    for (size_t i = 0; i < tried.count; i++)
        fprintf(stderr, "%02x", tried.bytes[i]);
    fprintf(stderr, "\n");
}

void __asan_on_error(void);
void __asan_on_error(void) { tell_input(); }

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    unsigned long runs = strtoul(words[1], NULL, 10);
    state = 0x9E3779B97F4A7C15u ^ strtoul(words[2], NULL, 10);
    kept_count = 1; /* the empty input */
    for (int i = 3; i < count; i++) {
        FILE *file = fopen(words[i], "rb");
        if (file == NULL)
            return 2;
        tried.count = fread(tried.bytes, 1, INPUT_MAX, file);
        fclose(file);
        try();
    }
    for (unsigned long run = 0; run < runs; run++) {
        tried = kept[drawn((uint32_t)kept_count)];
        for (uint32_t changes = 1 + drawn(4); changes > 0; changes--)
            change(&tried);
        try();
    }
    unsigned edges = 0;
    for (size_t i = 0; i < EDGES; i++)
        edges += ever[i];
    printf("{\"runs\": %lu, \"kept\": %zu, \"edges\": %u}\n", runs, kept_count, edges);
    return 0;
}
#endif
