// Strings of JSON: taking escapes out and putting them in.

#include "CSimdJSON.h"
#include "Text.hpp"

using namespace sbjson;

namespace {

uint8_t *put_utf8(uint32_t scalar, uint8_t *out) {
    if (scalar < 0x80) {
        *out++ = uint8_t(scalar);
    } else if (scalar < 0x800) {
        *out++ = uint8_t(0xC0 | scalar >> 6);
        *out++ = uint8_t(0x80 | (scalar & 63));
    } else if (scalar < 0x10000) {
        *out++ = uint8_t(0xE0 | scalar >> 12);
        *out++ = uint8_t(0x80 | (scalar >> 6 & 63));
        *out++ = uint8_t(0x80 | (scalar & 63));
    } else {
        *out++ = uint8_t(0xF0 | scalar >> 18);
        *out++ = uint8_t(0x80 | (scalar >> 12 & 63));
        *out++ = uint8_t(0x80 | (scalar >> 6 & 63));
        *out++ = uint8_t(0x80 | (scalar & 63));
    }
    return out;
}

// What an escaped byte becomes: 0 itself, 'u' the long form, else the letter behind the backslash.
struct Escapes {
    uint8_t of[256] = {};
    constexpr Escapes() {
        for (int byte = 0; byte < 0x20; byte++) of[byte] = 'u';
        of['\b'] = 'b';
        of['\f'] = 'f';
        of['\n'] = 'n';
        of['\r'] = 'r';
        of['\t'] = 't';
        of['"'] = '"';
        of['\\'] = '\\';
    }
};
constexpr Escapes escapes;

} // namespace

extern "C" {

size_t sbjson_unescape(const void *bytes, size_t length, uint8_t *out) {
    const uint8_t *at = static_cast<const uint8_t *>(bytes);
    const uint8_t *end = at + length;
    uint8_t *start = out;
    while (at < end) {
        size_t plain = size_t(find_backslash(at, end) - at);
        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (at + 1 >= end) break;
        uint8_t letter = at[1];
        at += 2;
        switch (letter) {
        case 'b': *out++ = '\b'; break;
        case 'f': *out++ = '\f'; break;
        case 'n': *out++ = '\n'; break;
        case 'r': *out++ = '\r'; break;
        case 't': *out++ = '\t'; break;
        case 'u': {
            int unit = end - at >= 4 ? code_unit(at) : -1;
            if (unit < 0) return size_t(out - start);
            at += 4;
            uint32_t scalar = uint32_t(unit);
            if (unit >= 0xD800 && unit <= 0xDFFF) {
                int low = unit < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? code_unit(at + 2) : -1;
                if (low >= 0xDC00 && low <= 0xDFFF) {
                    at += 6;
                    scalar = 0x10000 + (uint32_t(unit - 0xD800) << 10) + uint32_t(low - 0xDC00);
                } else {
                    scalar = 0xFFFD;
                }
            }
            out = put_utf8(scalar, out);
            break;
        }
        default: *out++ = letter;
        }
    }
    return size_t(out - start);
}

size_t sbjson_plain_prefix(const void *bytes, size_t length) {
    const uint8_t *text = static_cast<const uint8_t *>(bytes);
    return size_t(find_escaped(text, text + length) - text);
}

size_t sbjson_find(const void *bytes, size_t length, const void *wanted, size_t wanted_length) {
    const void *found = memmem(bytes, length, wanted, wanted_length);
    return found ? size_t(static_cast<const uint8_t *>(found) - static_cast<const uint8_t *>(bytes)) : SIZE_MAX;
}

size_t sbjson_escaped_size(const void *bytes, size_t length) {
    const uint8_t *text = static_cast<const uint8_t *>(bytes);
    const uint8_t *end = text + length;
    size_t size = length;
    while ((text = find_escaped(text, end)) < end) size += escapes.of[*text++] == 'u' ? 5 : 1;
    return size;
}

size_t sbjson_escape(const void *bytes, size_t length, uint8_t *out) {
    const uint8_t *text = static_cast<const uint8_t *>(bytes);
    const uint8_t *end = text + length;
    const uint8_t *start = out;
    while (true) {
        const uint8_t *next = find_escaped(text, end);
        memcpy(out, text, size_t(next - text));
        out += next - text;
        if (next == end) break;
        uint8_t byte = *next;
        text = next + 1;
        *out++ = '\\';
        *out++ = escapes.of[byte];
        if (escapes.of[byte] == 'u') {
            *out++ = '0';
            *out++ = '0';
            *out++ = uint8_t('0' + (byte >> 4));
            *out++ = uint8_t("0123456789abcdef"[byte & 15]);
        }
    }
    return size_t(out - start);
}

} // extern "C"
