#pragma once

// Bytes of JSON text: their classes, the digits of escapes, and searches that look at many at once.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sbjson {

enum : uint8_t { blank = 1, structural = 2, digit = 4 };

struct ByteClasses {
    uint8_t of[256] = {};
    constexpr ByteClasses() {
        for (uint8_t byte : {' ', '\t', '\n', '\r'}) of[byte] = blank;
        for (uint8_t byte : {'{', '}', '[', ']', ':', ','}) of[byte] = structural;
        for (int byte = '0'; byte <= '9'; byte++) of[byte] = digit;
    }
};
constexpr ByteClasses classes;

inline int hex_value(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// Four hexadecimal digits, or -1.
inline int code_unit(const uint8_t *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int part = hex_value(at[i]);
        if (part < 0) return -1;
        value = value << 4 | part;
    }
    return value;
}

// The first backslash in [at, end), or `end`. Escapes stand close together, so this must be cheap to start.
inline const uint8_t *find_backslash(const uint8_t *at, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8('\\');
    for (; end - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted));
        if (hits) return at + __builtin_ctz(unsigned(hits));
    }
    while (at < end && *at != '\\') at++;
    return at;
#else
    const void *found = at < end ? memchr(at, '\\', size_t(end - at)) : nullptr;
    return found ? static_cast<const uint8_t *>(found) : end;
#endif
}

// The first byte in [at, end) that a JSON string must escape, or `end`.
inline const uint8_t *find_escaped(const uint8_t *at, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    for (; end - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash));
        int hits = _mm_movemask_epi8(_mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(block, control), block)));
        if (hits) return at + __builtin_ctz(unsigned(hits));
    }
#else
    constexpr uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t hits = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
        if (hits & high) break;
    }
#endif
    while (at < end && *at >= 0x20 && *at != '"' && *at != '\\') at++;
    return at;
}

// Whether eight bytes are digits.
inline bool eight_digits(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    constexpr uint64_t ones = 0x0101010101010101u;
    return ((word & ones * 0xF0) | (((word + ones * 0x06) & ones * 0xF0) >> 4)) == ones * 0x33;
}

} // namespace sbjson
