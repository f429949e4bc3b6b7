/* The instrument's half of OIP. What is promised is in instrument.h.
 *
 *                 Start                       Stop, or its count is reached
 *    idle --------------------> running ----------------------------------> idle
 *      |  Single: one frame at once, in both
 *
 * Orders (Configure, Start, Stop, Single, SetBaud) are done once: one that comes again with the
 * same message id is only answered again. Frames are sent as far as the host's credit goes.
 */
#include "instrument.h"

#include <string.h>

void oip_instrument_boot(oip_instrument *it)
{
    it->baud = it->line_baud = it->bauds[0];
    it->describe.baud_max = 0;
    for (size_t i = 0; i < it->baud_count; i++)
        if (it->bauds[i] > it->describe.baud_max)
            it->describe.baud_max = it->bauds[i];
    if (it->settings.laser == OIP_LASER_LEAVE)
        it->settings.laser = OIP_LASER_WHILE_EXPOSING;
    it->status.boot_id = it->describe.boot_id;
    it->replies[0] = 0; /* ends whatever the line picked up before */
    it->reply_bytes = 1;
}

/* ---- replies --------------------------------------------------------------------------------- */

static void reply(oip_instrument *it, oip_message *message, uint16_t id)
{
    uint8_t frame[OIP_MAX_FRAME_BYTES];
    message->id = id;
    size_t bytes = oip_encode(message, frame);
    if (bytes > sizeof it->replies - it->reply_bytes)
        return; /* a host that asks faster than the line answers asks again */
    memcpy(it->replies + it->reply_bytes, frame, bytes);
    it->reply_bytes += bytes;
}

static oip_message refusal(uint8_t code, const char *detail)
{
    oip_message message = {.type = OIP_COMMAND_REFUSED};
    message.as.refused.code = code;
    message.as.refused.detail.text = detail;
    message.as.refused.detail.bytes = (uint8_t)strlen(detail); /* all of them are short */
    return message;
}

static void refuse(oip_instrument *it, uint8_t code, const char *detail, uint16_t id)
{
    oip_message message = refusal(code, detail);
    reply(it, &message, id);
}

uint32_t oip_instrument_retained(const oip_instrument *it)
{
    uint32_t retained = 0;
    for (size_t i = 0; i < it->slot_count; i++)
        retained += it->slots[i].bytes > 0;
    return retained;
}

static uint32_t oldest_sequence(const oip_instrument *it)
{
    uint32_t oldest = it->next_sequence;
    for (size_t i = 0; i < it->slot_count; i++)
        if (it->slots[i].bytes > 0 && it->slots[i].sequence < oldest)
            oldest = it->slots[i].sequence;
    return oldest;
}

static void describe(oip_instrument *it, uint16_t id)
{
    oip_message message = {.type = OIP_DESCRIBE};
    it->describe.retained_frames = oip_instrument_retained(it);
    it->describe.next_sequence = it->next_sequence;
    it->describe.oldest_sequence = oldest_sequence(it);
    message.as.describe = it->describe;
    reply(it, &message, id);
}

static void tell_status(oip_instrument *it, uint16_t id, uint64_t now_us)
{
    oip_message message = {.type = OIP_STATUS};
    oip_status *status = &message.as.status;
    *status = it->status;
    status->instrument_time_us = now_us;
    status->running = it->running;
    status->laser_on = it->settings.laser == OIP_LASER_ALWAYS ||
                       (it->settings.laser == OIP_LASER_WHILE_EXPOSING && it->running);
    status->retained_frames = oip_instrument_retained(it);
    status->refused_frames = it->refused_frames;
    if (status->retained_frames == it->slot_count)
        status->fault_bits |= OIP_BUFFER_FULL;
    reply(it, &message, id);
}

static void tell_time(oip_instrument *it, uint16_t id, uint64_t now_us)
{
    oip_message message = {.type = OIP_TIME_REPORT};
    message.as.time_report.boot_id = it->describe.boot_id;
    message.as.time_report.instrument_time_us = now_us;
    reply(it, &message, id);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static const char *out_of_bounds(const oip_configure *wanted)
{
    if (wanted->integration_time_us < OIP_INTEGRATION_MIN_US ||
        wanted->integration_time_us > OIP_INTEGRATION_MAX_US)
        return "integration_time_us not in 10..60000000";
    if (wanted->averages < 1 || wanted->averages > OIP_AVERAGES_MAX)
        return "averages not in 1..1000";
    if (wanted->period_us < OIP_PERIOD_MIN_US || wanted->period_us > 3600000000u)
        return "period_us not in 100..3600000000";
    if ((uint64_t)wanted->integration_time_us * wanted->averages > wanted->period_us)
        return "integration_time_us times averages exceeds period_us";
    if (wanted->laser > OIP_LASER_ALWAYS)
        return "laser not in 0..3";
    return NULL;
}

static oip_message configure(oip_instrument *it, const oip_configure *asked)
{
    oip_configure wanted = it->settings;
    if (asked->integration_time_us != 0)
        wanted.integration_time_us = asked->integration_time_us;
    if (asked->averages != 0)
        wanted.averages = asked->averages;
    if (asked->period_us != 0)
        wanted.period_us = asked->period_us;
    if (asked->laser != OIP_LASER_LEAVE)
        wanted.laser = asked->laser;
    const char *fault = out_of_bounds(&wanted);
    if (fault != NULL)
        return refusal(OIP_OUT_OF_BOUNDS, fault);
    it->settings = wanted;
    return (oip_message){.type = OIP_COMMAND_DONE};
}

static oip_message single(oip_instrument *it, uint8_t kind)
{
    if (kind > OIP_NEON)
        return refusal(OIP_OUT_OF_BOUNDS, "kind not in 0..6");
    if (it->single_count == OIP_SINGLES)
        return refusal(OIP_NOT_NOW, "4 single frames are to be taken already");
    it->singles[it->single_count++] = kind;
    return (oip_message){.type = OIP_COMMAND_DONE};
}

static oip_message set_baud(oip_instrument *it, uint32_t baud)
{
    for (size_t i = 0; i < it->baud_count; i++)
        if (it->bauds[i] == baud) {
            it->baud = baud; /* the line follows when the answer is out */
            return (oip_message){.type = OIP_COMMAND_DONE};
        }
    return refusal(OIP_OUT_OF_BOUNDS, "the line cannot run at this rate");
}

static oip_message carry_out(oip_instrument *it, const oip_message *order, uint64_t now_us)
{
    switch (order->type) {
    case OIP_CONFIGURE: return configure(it, &order->as.configure);
    case OIP_SINGLE: return single(it, order->as.single_kind);
    case OIP_SET_BAUD: return set_baud(it, order->as.baud);
    case OIP_STOP: it->single_count = 0; break;
    case OIP_START:
        it->left = order->as.start_count != 0 ? order->as.start_count : UINT32_MAX;
        it->until_dark = 0;
        it->due_us = now_us;
        break;
    }
    it->running = order->type == OIP_START;
    return (oip_message){.type = OIP_COMMAND_DONE};
}

static void take_order(oip_instrument *it, const oip_message *order, uint64_t now_us)
{
    uint32_t crc = oip_crc32(0, it->receiver.held, it->receiver.body_bytes);
    if (!it->has_order || it->order_crc != crc || it->order_reply.id != order->id) {
        it->order_reply = carry_out(it, order, now_us);
        it->order_crc = crc;
        it->has_order = true;
    }
    reply(it, &it->order_reply, order->id);
}

/* ---- receipts -------------------------------------------------------------------------------- */

static void acknowledge(oip_instrument *it, const oip_acknowledge *said)
{
    if (said->send_before > it->credit)
        it->credit = said->send_before;
    for (size_t i = 0; i < it->slot_count; i++)
        for (unsigned k = 0; k < said->n; k++)
            if (said->ranges[k].first <= it->slots[i].sequence &&
                it->slots[i].sequence <= said->ranges[k].last)
                it->slots[i].bytes = 0;
}

static void ask_for(oip_slot *slot, uint16_t index)
{
    if (index < oip_fragment_count(slot->bytes, OIP_MAX_FRAGMENT_BYTES))
        slot->to_send[index / 8] |= (uint8_t)(1u << (index % 8));
}

static void ask_for_all(oip_slot *slot)
{
    for (uint16_t index = 0; index < OIP_MAX_FRAGMENTS; index++)
        ask_for(slot, index);
}

static void not_acknowledge(oip_instrument *it, const oip_not_acknowledge *said)
{
    for (size_t i = 0; i < it->slot_count; i++) {
        oip_slot *slot = it->slots + i;
        if (slot->bytes == 0 || slot->sequence != said->sequence)
            continue;
        for (unsigned k = 0; k < said->n; k++)
            ask_for(slot, said->missing[k]);
        if (said->n == 0)
            ask_for_all(slot);
    }
}

static void take(oip_instrument *it, const oip_message *message, uint64_t now_us)
{
    static const char stale[] = "of another boot";
    switch (message->type) {
    case OIP_HELLO:
        it->credit = 0;
        it->has_order = false;
        it->status.fault_bits &= ~(uint32_t)OIP_BROWN_OUT;
        describe(it, message->id);
        break;
    case OIP_STATUS_REQUEST: tell_status(it, message->id, now_us); break;
    case OIP_TIME_SYNC: tell_time(it, message->id, now_us); break;
    case OIP_ACKNOWLEDGE:
        if (message->as.acknowledge.boot_id == it->describe.boot_id)
            acknowledge(it, &message->as.acknowledge);
        else
            refuse(it, OIP_STALE_BOOT_ID, stale, message->id);
        break;
    case OIP_NOT_ACKNOWLEDGE:
        if (message->as.not_acknowledge.boot_id == it->describe.boot_id)
            not_acknowledge(it, &message->as.not_acknowledge);
        else
            refuse(it, OIP_STALE_BOOT_ID, stale, message->id);
        break;
    case OIP_CONFIGURE: case OIP_START: case OIP_STOP: case OIP_SINGLE: case OIP_SET_BAUD:
        take_order(it, message, now_us);
        break;
    default: break; /* what an instrument says: an echo */
    }
}

void oip_instrument_receive(oip_instrument *it, const uint8_t *data, size_t bytes, uint64_t now_us)
{
    oip_message message;
    for (size_t i = 0; i < bytes; i++) {
        if (oip_receive(&it->receiver, data[i]) != OIP_BODY)
            continue;
        it->heard_us = now_us;
        if (oip_decode(it->receiver.held, it->receiver.body_bytes, &message))
            take(it, &message, now_us);
        else if (it->receiver.body_bytes >= 4)
            refuse(it, OIP_UNKNOWN_COMMAND, "no command of version 1", message.id);
    }
}

/* ---- frames ---------------------------------------------------------------------------------- */

static oip_slot *free_slot(const oip_instrument *it)
{
    for (size_t i = 0; i < it->slot_count; i++)
        if (it->slots[i].bytes == 0)
            return it->slots + i;
    return NULL;
}

/* What is to be taken now: a kind of spectrum, or -1. */
static int kind_due(oip_instrument *it, uint64_t now_us)
{
    if (it->single_count > 0)
        return it->singles[0];
    if (now_us > it->due_us + OIP_CATCH_UP_US)
        it->due_us = now_us - OIP_CATCH_UP_US;
    if (!it->running || now_us < it->due_us)
        return -1;
    return it->until_dark == 0 ? OIP_DARK : OIP_LIGHT;
}

static void count_down(oip_instrument *it, int kind)
{
    if (it->single_count > 0) {
        it->single_count--;
        memmove(it->singles, it->singles + 1, it->single_count);
        return;
    }
    it->due_us += it->settings.period_us;
    if (kind == OIP_DARK) {
        it->until_dark = it->dark_every != 0 ? it->dark_every : UINT32_MAX;
        return;
    }
    it->until_dark--;
    if (it->left != UINT32_MAX && --it->left == 0)
        it->running = false;
}

oip_slot *oip_instrument_due(oip_instrument *it, uint64_t now_us, oip_spectrum *spectrum)
{
    int kind = kind_due(it, now_us);
    if (kind < 0)
        return NULL;
    oip_slot *slot = free_slot(it);
    if (slot == NULL) {
        if (it->single_count == 0) { /* a single frame waits */
            it->refused_frames++;
            it->due_us += it->settings.period_us;
        }
        return NULL;
    }
    memset(spectrum, 0, sizeof *spectrum);
    spectrum->kind = (uint8_t)kind;
    spectrum->count_bytes = it->count_bytes;
    spectrum->averages = it->settings.averages;
    spectrum->pixel_count = it->describe.pixel_count;
    spectrum->integration_time_us = it->settings.integration_time_us;
    spectrum->saturation_counts = it->describe.saturation_counts;
    spectrum->instrument_time_us = now_us;
    spectrum->detector_temperature_c = it->status.detector_temperature_c;
    spectrum->laser_wavelength_nm = it->describe.laser_wavelength_nm;
    if (!oip_begin_spectrum(spectrum, slot->frame, it->frame_room))
        return NULL; /* the maker's slots are too small: nothing can be acquired */
    count_down(it, kind);
    return slot;
}

void oip_instrument_keep(oip_instrument *it, oip_slot *slot, const oip_spectrum *spectrum)
{
    oip_seal_spectrum(spectrum, slot->frame);
    slot->bytes = (size_t)oip_spectrum_bytes(spectrum);
    slot->sequence = it->next_sequence++;
    slot->resend_us = UINT64_MAX;
    memset(slot->to_send, 0, sizeof slot->to_send);
    ask_for_all(slot);
    it->acquired += spectrum->kind == OIP_LIGHT;
}

/* ---- what goes out --------------------------------------------------------------------------- */

static size_t next_reply(oip_instrument *it, uint8_t *frame)
{
    const uint8_t *end = memchr(it->replies, 0, it->reply_bytes);
    if (end == NULL)
        return 0;
    size_t bytes = (size_t)(end - it->replies) + 1;
    memcpy(frame, it->replies, bytes);
    it->reply_bytes -= bytes;
    memmove(it->replies, it->replies + bytes, it->reply_bytes);
    return bytes;
}

static bool has_something_to_send(const oip_slot *slot)
{
    for (size_t i = 0; i < sizeof slot->to_send; i++)
        if (slot->to_send[i] != 0)
            return true;
    return false;
}

/* The oldest frame within the host's credit of which something is to be sent. */
static oip_slot *slot_to_send(oip_instrument *it, uint64_t now_us)
{
    oip_slot *oldest = NULL;
    for (size_t i = 0; i < it->slot_count; i++) {
        oip_slot *slot = it->slots + i;
        if (slot->bytes == 0 || slot->sequence >= it->credit)
            continue;
        if (slot->resend_us <= now_us) {
            ask_for_all(slot);
            slot->resend_us = UINT64_MAX;
        }
        if (has_something_to_send(slot) && (oldest == NULL || slot->sequence < oldest->sequence))
            oldest = slot;
    }
    return oldest;
}

static size_t next_fragment(oip_instrument *it, uint64_t now_us, uint8_t *frame)
{
    oip_message message = {.type = OIP_SPECTRUM_FRAGMENT};
    oip_slot *slot = slot_to_send(it, now_us);
    uint16_t index = 0;
    if (slot == NULL)
        return 0;
    while ((slot->to_send[index / 8] >> (index % 8) & 1) == 0)
        index++;
    slot->to_send[index / 8] &= (uint8_t)~(1u << (index % 8));
    if (!has_something_to_send(slot))
        slot->resend_us = now_us + OIP_RESEND_AFTER_US;
    message.as.fragment.boot_id = it->describe.boot_id;
    message.as.fragment.sequence = slot->sequence;
    oip_cut(slot->frame, slot->bytes, OIP_MAX_FRAGMENT_BYTES, index, &message.as.fragment);
    return oip_encode(&message, frame);
}

size_t oip_instrument_next(oip_instrument *it, uint64_t now_us, uint8_t frame[OIP_MAX_FRAME_BYTES])
{
    size_t bytes = next_reply(it, frame);
    if (bytes > 0)
        return bytes;
    if (it->line_baud != it->bauds[0] && now_us - it->heard_us >= OIP_BAUD_GIVEN_UP_US)
        it->baud = it->bauds[0];
    if (it->line_baud != it->baud)
        return 0; /* nothing more at the old rate */
    return next_fragment(it, now_us, frame);
}
