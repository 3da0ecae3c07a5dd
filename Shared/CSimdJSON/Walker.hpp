#pragma once

// Walks the structural bytes that simdjson found, checks the grammar, and tells a sink about every value.

#include "CSimdJSON.h"
#include "Text.hpp"

#include <simdjson.h>

#include <memory>
#include <vector>

struct sbjson_parser {
    uint32_t max_depth = 0;
    uint32_t max_values = 0;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> index;
    std::vector<sbjson_node> nodes;
    std::vector<sbjson_member> members;
    std::vector<uint8_t> key;
    std::unique_ptr<uint32_t[]> open; // the open containers: node index << 1 | is object

    static constexpr size_t smallest_capacity = 4096;

    bool reserve(size_t length) {
        size_t wanted = smallest_capacity;
        while (wanted < length) wanted *= 2;
        if (!index) {
            return simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, index) ==
                simdjson::SUCCESS;
        }
        return index->capacity() >= length || index->set_capacity(wanted) == simdjson::SUCCESS;
    }
};

namespace sbjson {

// Where the first ill-formed sequence starts; only called when simdjson has found that there is one.
inline size_t bad_utf8_offset(const uint8_t *bytes, size_t length) {
    size_t i = 0;
    while (i < length) {
        uint8_t lead = bytes[i];
        if (lead < 0x80) {
            i++;
            continue;
        }
        size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || i + more >= length) return i;
        uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        for (size_t k = 1; k <= more; k++) {
            uint8_t byte = bytes[i + k];
            if (byte < (k == 1 ? low : 0x80) || byte > (k == 1 ? high : 0xBF)) return i;
        }
        i += more + 1;
    }
    return length;
}

// Where the string flaw that simdjson reported stands: a control character, or the quote that is never closed.
inline size_t bad_string_offset(const uint8_t *bytes, size_t length, bool control) {
    size_t opened = length;
    bool inside = false;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = bytes[i];
        if (!inside) {
            if (byte == '"') {
                inside = true;
                opened = i;
            }
        } else if (byte == '\\') {
            i++;
            if (control && i < length && bytes[i] < 0x20) return i;
        } else if (byte == '"') {
            inside = false;
        } else if (control && byte < 0x20) {
            return i;
        }
    }
    return control ? length : opened;
}

template <typename Sink> class Walker {
public:
    Walker(sbjson_parser &parser, const uint8_t *bytes, size_t length, Sink &sink)
        : parser(parser), sink(sink), bytes(bytes), length(uint32_t(length)) {}

    // The kind of the top value, when the walk succeeds.
    uint8_t top_kind = SBJSON_NULL;

    sbjson_result walk() {
        using namespace simdjson;
        if (length == 0) return {SBJSON_EMPTY, 0};
        if (!parser.reserve(length)) return {SBJSON_NO_MEMORY, 0};
        switch (parser.index->stage1(bytes, length, stage1_mode::regular)) {
        case SUCCESS: break;
        case EMPTY: return {SBJSON_EMPTY, 0};
        case UTF8_ERROR: return fail(SBJSON_BAD_UTF8, uint32_t(bad_utf8_offset(bytes, length)));
        case UNCLOSED_STRING:
            return fail(SBJSON_UNCLOSED_STRING, uint32_t(bad_string_offset(bytes, length, false)));
        case UNESCAPED_CHARS:
            return fail(SBJSON_CONTROL_CHARACTER, uint32_t(bad_string_offset(bytes, length, true)));
        default: return {SBJSON_NO_MEMORY, 0};
        }
        places = parser.index->structural_indexes.get();
        count = parser.index->n_structural_indexes;
        backslash = next_backslash(0);
        return values();
    }

private:
    sbjson_parser &parser;
    Sink &sink;
    const uint8_t *bytes;
    uint32_t length;
    const uint32_t *places = nullptr;
    uint32_t count = 0;
    uint32_t next = 0;      // the structural byte that comes next
    uint32_t backslash = 0; // the first backslash that no string seen so far holds
    uint32_t end = 0;       // one past the scalar read last
    bool escaped = false;   // whether the string read last holds a backslash

    static sbjson_result fail(uint32_t code, uint32_t offset) { return {code, offset}; }

    uint32_t next_backslash(uint32_t from) const {
        const void *found = memchr(bytes + from, '\\', length - from);
        return found ? uint32_t(static_cast<const uint8_t *>(found) - bytes) : UINT32_MAX;
    }

    sbjson_result values() {
        uint32_t *open = parser.open.get();
        uint32_t depth = 0;
        bool in_object = false;
        sbjson_result bad{};

    value: {
        if (next >= count) return fail(SBJSON_TRUNCATED, length);
        uint32_t at = places[next++];
        bool top = depth == 1 && in_object;
        uint8_t kind;
        switch (bytes[at]) {
        case '{':
        case '[': {
            bool is_object = bytes[at] == '{';
            kind = is_object ? SBJSON_OBJECT : SBJSON_ARRAY;
            if (depth == parser.max_depth) return fail(SBJSON_TOO_DEEP, at);
            if (depth == 0) top_kind = kind;
            uint32_t slot = 0;
            depth++;
            if (!sink.opened(depth, kind, at, top, &slot)) return fail(SBJSON_TOO_MANY_VALUES, at);
            open[depth] = slot << 1 | uint32_t(is_object);
            in_object = is_object;
            if (next >= count) return fail(SBJSON_TRUNCATED, length);
            if (bytes[places[next]] == (is_object ? '}' : ']')) goto close;
            sink.counted(slot);
            if (is_object) goto key;
            goto value;
        }
        case '"':
            kind = SBJSON_STRING;
            if (!string(at, bad)) return bad;
            break;
        case 't':
            kind = SBJSON_BOOL;
            if (!word(at, "true", 4, bad)) return bad;
            break;
        case 'f':
            kind = SBJSON_BOOL;
            if (!word(at, "false", 5, bad)) return bad;
            break;
        case 'n':
            kind = SBJSON_NULL;
            if (!word(at, "null", 4, bad)) return bad;
            break;
        case '-':
        case '0':
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6':
        case '7':
        case '8':
        case '9':
            kind = SBJSON_NUMBER;
            if (!number(at, bad)) return bad;
            break;
        default: return fail(SBJSON_UNEXPECTED_CHARACTER, at);
        }
        if (depth == 0) top_kind = kind;
        if (!sink.scalar(top, kind, at, end, escaped)) return fail(SBJSON_TOO_MANY_VALUES, at);
    }

    after_value:
        if (depth == 0) {
            return next == count ? sbjson_result{SBJSON_OK, 0} : fail(SBJSON_TRAILING_BYTES, places[next]);
        }
        if (next >= count) return fail(SBJSON_TRUNCATED, length);
        {
            uint8_t byte = bytes[places[next]];
            if (byte == ',') {
                next++;
                sink.counted(open[depth] >> 1);
                if (in_object) goto key;
                goto value;
            }
            if (byte != (in_object ? '}' : ']')) return fail(SBJSON_UNEXPECTED_CHARACTER, places[next]);
        }

    close: {
        uint32_t at = places[next++];
        uint32_t slot = open[depth] >> 1;
        depth--;
        in_object = depth > 0 && (open[depth] & 1);
        if (!sink.closed(depth, at + 1, depth == 1 && in_object, slot)) return fail(SBJSON_TOO_MANY_VALUES, at);
        goto after_value;
    }

    key: {
        if (next >= count) return fail(SBJSON_TRUNCATED, length);
        uint32_t at = places[next++];
        if (bytes[at] != '"') {
            bool scalar = !(classes.of[bytes[at]] & structural) || bytes[at] == '{' || bytes[at] == '[';
            return fail(scalar ? SBJSON_KEY_NOT_STRING : SBJSON_UNEXPECTED_CHARACTER, at);
        }
        if (!string(at, bad)) return bad;
        if (!sink.key(depth, at, end, escaped)) return fail(SBJSON_TOO_MANY_VALUES, at);
        if (next >= count) return fail(SBJSON_TRUNCATED, length);
        if (bytes[places[next]] != ':') return fail(SBJSON_UNEXPECTED_CHARACTER, places[next]);
        next++;
        goto value;
    }
    }

    // The closing quote is the last byte before the next structural one that is not blank.
    bool string(uint32_t at, sbjson_result &bad) {
        uint32_t quote = (next < count ? places[next] : length) - 1;
        while (quote > at && (classes.of[bytes[quote]] & blank)) quote--;
        if (quote == at || bytes[quote] != '"') {
            bad = fail(SBJSON_UNCLOSED_STRING, at);
            return false;
        }
        end = quote + 1;
        escaped = backslash < quote;
        if (escaped) return escapes(quote, bad);
        return true;
    }

    // Checks the escapes up to a quote and moves on to the backslash after it.
    bool escapes(uint32_t quote, sbjson_result &bad) {
        uint32_t at = backslash;
        while (at < quote) {
            switch (bytes[at + 1]) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't': at += 2; break;
            case 'u':
                if (quote - at >= 6 && code_unit(bytes + at + 2) >= 0) {
                    at += 6;
                    break;
                }
                [[fallthrough]];
            default: bad = fail(SBJSON_BAD_ESCAPE, at); return false;
            }
            if (at < quote) at = uint32_t(find_backslash(bytes + at, bytes + quote) - bytes);
        }
        backslash = next_backslash(quote);
        return true;
    }

    bool ends(uint32_t at) const { return at == length || (classes.of[bytes[at]] & (blank | structural)); }

    bool word(uint32_t at, const char *text, uint32_t size, sbjson_result &bad) {
        escaped = false;
        end = at + size;
        if (length - at >= size && memcmp(bytes + at, text, size) == 0 && ends(end)) return true;
        uint32_t same = 0;
        while (same < size && at + same < length && bytes[at + same] == uint8_t(text[same])) same++;
        bad = at + same == length ? fail(SBJSON_TRUNCATED, length) : fail(SBJSON_UNEXPECTED_CHARACTER, at + same);
        return false;
    }

    uint32_t digits(uint32_t at) const {
        while (length - at >= 8 && eight_digits(bytes + at)) at += 8;
        while (at < length && (classes.of[bytes[at]] & digit)) at++;
        return at;
    }

    bool number(uint32_t start, sbjson_result &bad) {
        escaped = false;
        uint32_t at = start;
        if (bytes[at] == '-') at++;
        uint32_t whole = at;
        at = digits(at);
        bool good = at > whole && (bytes[whole] != '0' || at == whole + 1);
        if (good && at < length && bytes[at] == '.') {
            uint32_t fraction = ++at;
            at = digits(at);
            good = at > fraction;
        }
        if (good && at < length && (bytes[at] | 0x20) == 'e') {
            at++;
            if (at < length && (bytes[at] == '+' || bytes[at] == '-')) at++;
            uint32_t exponent = at;
            at = digits(at);
            good = at > exponent;
        }
        end = at;
        if (good && ends(at)) return true;
        bad = !good && at == length ? fail(SBJSON_TRUNCATED, length) : fail(SBJSON_BAD_NUMBER, start);
        return false;
    }
};

} // namespace sbjson
