/* Coil frame, version 1: what a metal detector's firmware needs to send its channels to detectkit.
 * C99, no allocation, any byte order of the processor. Layout, reasons and use: coil.md.
 * BSD-3-Clause, like detectkit; copy it into your firmware. */
#include <stdint.h>
#include <string.h>

enum { COIL_HEADER = 8, COIL_PAYLOAD = 1024, COIL_LONGEST = COIL_HEADER + COIL_PAYLOAD + 2 };
enum { COIL_SAMPLES = 0x11, COIL_DESCRIPTION = 0x12 };                    /* kinds */
enum { COIL_FLOAT = 0x01, COIL_OVERLOAD = 0x02, COIL_BALANCING = 0x04 };  /* flags */

static size_t coil_put32(uint8_t *to, uint32_t value)
{
    for (int byte = 0; byte < 4; byte++)
        to[byte] = (uint8_t)(value >> (8 * byte));
    return 4;
}

static size_t coil_put_float(uint8_t *to, float value)
{
    uint32_t bits; /* IEEE 754 single precision */
    memcpy(&bits, &value, sizeof bits);
    return coil_put32(to, bits);
}

static uint16_t coil_crc(const uint8_t *data, size_t length)
{
    uint16_t crc = 0xFFFF;
    while (length--) {
        crc ^= (uint16_t)((uint16_t)*data++ << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    return crc;
}

/* Put header and checksum around a payload of `length` bytes that lies at frame + COIL_HEADER. */
static size_t coil_close(uint8_t *frame, uint8_t kind, uint8_t flags, uint8_t channels, size_t length)
{
    size_t end = COIL_HEADER + length;
    memcpy(frame, "\xC0\x11", 2); /* sync */
    frame[2] = kind;
    frame[3] = flags;
    frame[4] = channels;
    frame[5] = (uint8_t)(length & 0xFF);
    frame[6] = (uint8_t)(length >> 8);
    frame[7] = (uint8_t)~(frame[2] ^ frame[3] ^ frame[4] ^ frame[5] ^ frame[6]);
    uint16_t crc = coil_crc(frame + 2, end - 2);
    frame[end] = (uint8_t)(crc & 0xFF);
    frame[end + 1] = (uint8_t)(crc >> 8);
    return end + 2;
}

/* One row of `channels` (1 to 64) whole counts; returns the number of bytes to send. */
size_t coil_int32(uint8_t *frame, uint32_t sequence, uint32_t microseconds, uint8_t flags,
                  const int32_t *values, uint8_t channels)
{
    size_t at = COIL_HEADER;
    at += coil_put32(frame + at, sequence);
    at += coil_put32(frame + at, microseconds);
    for (uint8_t channel = 0; channel < channels; channel++)
        at += coil_put32(frame + at, (uint32_t)values[channel]);
    return coil_close(frame, COIL_SAMPLES, flags & (uint8_t)~COIL_FLOAT, channels, at - COIL_HEADER);
}

/* The same for floating-point values. */
size_t coil_float(uint8_t *frame, uint32_t sequence, uint32_t microseconds, uint8_t flags,
                  const float *values, uint8_t channels)
{
    size_t at = COIL_HEADER;
    at += coil_put32(frame + at, sequence);
    at += coil_put32(frame + at, microseconds);
    for (uint8_t channel = 0; channel < channels; channel++)
        at += coil_put_float(frame + at, values[channel]);
    return coil_close(frame, COIL_SAMPLES, flags | COIL_FLOAT, channels, at - COIL_HEADER);
}

static size_t coil_put_text(uint8_t *frame, size_t at, const char *text)
{
    size_t length = strlen(text) + 1; /* with its 0 */
    if (at + length > COIL_HEADER + COIL_PAYLOAD)
        return at; /* does not fit: this description will be refused, the rows are still read */
    memcpy(frame + at, text, length);
    return at + length;
}

/* What the rows mean: scale is the unit per count (1 for none), rate in rows a second (0: varies). */
size_t coil_describe(uint8_t *frame, const char *firmware, const char *unit, float scale,
                     float rate_hz, const char *const *names, uint8_t channels)
{
    size_t at = COIL_HEADER;
    at += coil_put_float(frame + at, scale);
    at += coil_put_float(frame + at, rate_hz);
    at = coil_put_text(frame, at, firmware);
    at = coil_put_text(frame, at, unit);
    for (uint8_t channel = 0; channel < channels; channel++)
        at = coil_put_text(frame, at, names[channel]);
    return coil_close(frame, COIL_DESCRIPTION, 0, channels, at - COIL_HEADER);
}
