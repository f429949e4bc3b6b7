/* A detector that does not exist. What is promised is in detector.h. */
#include "detector.h"

enum {
    DARK_COUNTS = 1000,
    PEAK_COUNTS = 30000, /* above dark, of the strongest line at 100 ms */
    LINES_AT_MOST = 8,
    WIDTH_PM = 250, /* half, at half height */
    FIRST_PM = 534800,
    SPAN_PM = 50200
};

/* Wavelengths in pm for a laser of 532 nm and heights in percent; 0 ends a list. */
typedef struct { uint32_t at_pm[LINES_AT_MOST], percent[LINES_AT_MOST]; } lines;

static const lines minerals[] = {
    {{535648, 537912, 545480}, {40, 30, 100}},                        /* quartz */
    {{536429, 540074, 552942, 564615}, {15, 40, 20, 100}},            /* calcite */
    {{541360, 543331, 551527, 562256}, {30, 25, 100, 60}}             /* diopside */
};

static const lines targets[] = { /* from OIP_SILICON on */
    {{547157}, {100}},
    {{550173, 555519, 561937, 562898, 566839, 576485, 580926, 581575},
     {15, 12, 100, 30, 12, 12, 18, 40}},
    {{536429, 540074, 552942, 564615}, {15, 40, 20, 100}},
    {{572587}, {100}},
    {{540056, 576442, 582016}, {100, 60, 40}}                         /* neon: air wavelengths */
};

static uint32_t mixed(uint32_t x) /* xorshift-multiply: every bit depends on all */
{
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

static uint32_t line_counts(const lines *shown, uint64_t at_pm)
{
    uint64_t counts = 0, width2 = (uint64_t)WIDTH_PM * WIDTH_PM;
    for (unsigned i = 0; i < LINES_AT_MOST && shown->at_pm[i] != 0; i++) {
        uint64_t centre = shown->at_pm[i], away = at_pm > centre ? at_pm - centre : centre - at_pm;
        counts += (uint64_t)PEAK_COUNTS * shown->percent[i] / 100 * width2 / (width2 + away * away);
    }
    return (uint32_t)counts;
}

static const lines *shown_as(uint8_t kind, uint32_t turn)
{
    if (kind == OIP_LIGHT)
        return minerals + turn % (sizeof minerals / sizeof *minerals);
    return targets + (kind - OIP_SILICON);
}

void detector_expose(const oip_spectrum *spectrum, uint8_t *frame, uint32_t seed, uint32_t sequence,
                     uint32_t turn, bool laser)
{
    uint32_t stream = mixed(seed ^ mixed(sequence)), last = spectrum->pixel_count - 1;
    bool lit = spectrum->kind != OIP_DARK && (laser || spectrum->kind == OIP_NEON);
    for (uint32_t pixel = 0; pixel < spectrum->pixel_count; pixel++) {
        uint64_t at_pm = FIRST_PM + (uint64_t)SPAN_PM * pixel / (last > 0 ? last : 1);
        uint64_t counts = DARK_COUNTS + mixed(stream + pixel) % 32;
        if (lit)
            counts += (uint64_t)line_counts(shown_as(spectrum->kind, turn), at_pm) *
                      spectrum->integration_time_us / 100000;
        if (counts > spectrum->saturation_counts)
            counts = spectrum->saturation_counts;
        oip_put_count(spectrum, frame, pixel, (uint32_t)counts);
    }
}
