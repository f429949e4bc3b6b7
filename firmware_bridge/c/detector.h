/* A detector that does not exist: minerals, calibration targets and noise, in whole numbers.
 *
 * The same seed, sequence and settings give the same counts on any machine, so that a test can
 * compute what must have arrived. */
#ifndef DETECTOR_H
#define DETECTOR_H

#include "oip.h"

#define DETECTOR_LASER_NM 532.0
#define DETECTOR_FIRST_NM 534.8 /* wavelength of the first pixel */
#define DETECTOR_SPAN_NM 50.2   /* to the last */
enum { DETECTOR_SATURATION_COUNTS = 65535 };

/* Puts every count of `spectrum` into `frame`. `turn` chooses the mineral of a light spectrum. */
void detector_expose(const oip_spectrum *spectrum, uint8_t *frame, uint32_t seed, uint32_t sequence,
                     uint32_t turn, bool laser);

#endif
