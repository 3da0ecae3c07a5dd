// simdjson finds every structural byte of a text, checks UTF-8, and that strings are closed and free of control
// characters (its "stage 1", at several gigabytes a second). This file walks those positions once, checks the grammar,
// escapes, numbers and depth, and hands out exact byte ranges. simdjson's own second stage is not used: it forgets where
// values stand and how numbers were written, and both must survive a pass-through. No byte behind `length` is read.

#include "CSimdJSON.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace {

using simdjson::internal::dom_parser_implementation;

constexpr size_t smallest_capacity = 4096;
constexpr size_t kept_capacity = 4 << 20;
constexpr size_t kept_entries = 64 << 10;

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

int hex_value(uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// Four hexadecimal digits, or -1.
int code_unit(const uint8_t *at) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int part = hex_value(at[i]);
        if (part < 0) return -1;
        value = value << 4 | part;
    }
    return value;
}

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

// Where the first ill-formed sequence starts; only called when simdjson has found that there is one.
size_t bad_utf8_offset(const uint8_t *bytes, size_t length) {
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
size_t bad_string_offset(const uint8_t *bytes, size_t length, bool control) {
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

} // namespace

struct sbjson_parser {
    uint32_t max_depth = 0;
    uint32_t max_values = 0;
    std::unique_ptr<dom_parser_implementation> index;
    std::vector<sbjson_node> nodes;
    std::vector<sbjson_member> members;
    std::vector<uint8_t> key;
    std::unique_ptr<uint32_t[]> open; // the open containers: node index << 1 | is object

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

namespace {

// Takes nothing but the shape at depth 1. `Take` is called once for each member of the top object.
template <typename Take> struct MemberSink {
    Take take;
    sbjson_member pending{};
    uint32_t object_start = 0, object_end = 0;

    bool key(uint32_t depth, uint32_t start, uint32_t end, bool escaped) {
        if (depth == 1) {
            pending.key_start = start;
            pending.key_end = end;
            pending.key_escaped = escaped;
        }
        return true;
    }
    // `top` tells that the innermost open container is the top object.
    bool scalar(bool top, uint8_t kind, uint32_t start, uint32_t end, bool escaped) {
        if (!top) return true;
        pending.kind = kind;
        pending.start = start;
        pending.end = end;
        pending.escaped = escaped;
        return take(pending);
    }
    bool opened(uint32_t depth, uint8_t kind, uint32_t start, bool top, uint32_t *slot) {
        *slot = 0;
        if (depth == 1) object_start = start;
        if (top) {
            pending.kind = kind;
            pending.start = start;
            pending.escaped = 0;
        }
        return true;
    }
    bool closed(uint32_t depth, uint32_t end, bool top, uint32_t) {
        if (depth == 0) object_end = end;
        if (!top) return true;
        pending.end = end;
        return take(pending);
    }
    void counted(uint32_t) {}
};

// Keeps every value.
struct TreeSink {
    sbjson_parser &parser;

    bool add(uint8_t kind, uint32_t start, uint32_t end, bool escaped) {
        if (parser.nodes.size() >= parser.max_values) return false;
        parser.nodes.push_back(sbjson_node{start, end, 0, kind, escaped});
        return true;
    }
    bool key(uint32_t, uint32_t start, uint32_t end, bool escaped) { return add(SBJSON_STRING, start, end, escaped); }
    bool scalar(bool, uint8_t kind, uint32_t start, uint32_t end, bool escaped) {
        return add(kind, start, end, escaped);
    }
    bool opened(uint32_t, uint8_t kind, uint32_t start, bool, uint32_t *slot) {
        *slot = uint32_t(parser.nodes.size());
        return add(kind, start, 0, false);
    }
    bool closed(uint32_t, uint32_t end, bool, uint32_t slot) {
        parser.nodes[slot].end = end;
        return true;
    }
    void counted(uint32_t slot) { parser.nodes[slot].count++; }
};

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
        backslash = find_backslash(0);
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

    uint32_t find_backslash(uint32_t from) const {
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
            const void *found = at < quote ? memchr(bytes + at, '\\', quote - at) : nullptr;
            at = found ? uint32_t(static_cast<const uint8_t *>(found) - bytes) : quote;
        }
        backslash = find_backslash(quote);
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

bool fits(size_t length) { return length <= INT32_MAX; }

} // namespace

extern "C" {

sbjson_parser *sbjson_new(uint32_t max_depth, uint32_t max_values) {
    try {
        auto parser = std::make_unique<sbjson_parser>();
        parser->max_depth = max_depth;
        parser->max_values = max_values;
        parser->open.reset(new uint32_t[max_depth + 1]);
        return parser.release();
    } catch (...) {
        return nullptr;
    }
}

void sbjson_free(sbjson_parser *parser) { delete parser; }

sbjson_result sbjson_tree(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_node **nodes) {
    if (!fits(length)) return {SBJSON_NO_MEMORY, 0};
    try {
        parser->nodes.clear();
        TreeSink sink{*parser};
        sbjson_result result = Walker<TreeSink>(*parser, static_cast<const uint8_t *>(bytes), length, sink).walk();
        *nodes = parser->nodes.data();
        return result;
    } catch (...) {
        return {SBJSON_NO_MEMORY, 0};
    }
}

sbjson_result sbjson_members(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_member **members,
    size_t *count, uint32_t *object_start, uint32_t *object_end) {
    if (!fits(length)) return {SBJSON_NO_MEMORY, 0};
    try {
        parser->members.clear();
        auto take = [parser](const sbjson_member &member) {
            if (parser->members.size() >= parser->max_values) return false;
            parser->members.push_back(member);
            return true;
        };
        MemberSink<decltype(take)> sink{take};
        Walker<decltype(sink)> walker(*parser, static_cast<const uint8_t *>(bytes), length, sink);
        sbjson_result result = walker.walk();
        if (result.code == SBJSON_OK && walker.top_kind != SBJSON_OBJECT) {
            return {SBJSON_NOT_AN_OBJECT, walker.top_kind};
        }
        *members = parser->members.data();
        *count = parser->members.size();
        *object_start = sink.object_start;
        *object_end = sink.object_end;
        return result;
    } catch (...) {
        return {SBJSON_NO_MEMORY, 0};
    }
}

sbjson_result sbjson_scan(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_key *keys,
    size_t key_count, sbjson_member *out) {
    if (!fits(length)) return {SBJSON_NO_MEMORY, 0};
    try {
        const uint8_t *text = static_cast<const uint8_t *>(bytes);
        for (size_t i = 0; i < key_count; i++) out[i].occurrences = 0;
        auto take = [=](const sbjson_member &member) {
            const uint8_t *key = text + member.key_start + 1;
            size_t size = member.key_end - member.key_start - 2;
            if (member.key_escaped) {
                parser->key.resize(size);
                size = sbjson_unescape(key, size, parser->key.data());
                key = parser->key.data();
            }
            for (size_t i = 0; i < key_count; i++) {
                if (keys[i].length == size && memcmp(keys[i].bytes, key, size) == 0) {
                    uint32_t occurrences = out[i].occurrences + 1;
                    out[i] = member;
                    out[i].occurrences = occurrences;
                    break;
                }
            }
            return true;
        };
        MemberSink<decltype(take)> sink{take};
        Walker<decltype(sink)> walker(*parser, text, length, sink);
        sbjson_result result = walker.walk();
        if (result.code == SBJSON_OK && walker.top_kind != SBJSON_OBJECT) {
            return {SBJSON_NOT_AN_OBJECT, walker.top_kind};
        }
        return result;
    } catch (...) {
        return {SBJSON_NO_MEMORY, 0};
    }
}

void sbjson_trim(sbjson_parser *parser) {
    if (parser->index && parser->index->capacity() > kept_capacity) parser->index.reset();
    if (parser->nodes.capacity() > kept_entries) std::vector<sbjson_node>().swap(parser->nodes);
    if (parser->members.capacity() > kept_entries) std::vector<sbjson_member>().swap(parser->members);
    if (parser->key.capacity() > kept_entries) std::vector<uint8_t>().swap(parser->key);
}

size_t sbjson_unescape(const void *bytes, size_t length, uint8_t *out) {
    const uint8_t *at = static_cast<const uint8_t *>(bytes);
    const uint8_t *end = at + length;
    uint8_t *start = out;
    while (at < end) {
        const void *found = memchr(at, '\\', size_t(end - at));
        size_t plain = found ? size_t(static_cast<const uint8_t *>(found) - at) : size_t(end - at);
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
    constexpr uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
        if (hit & high) break;
    }
    while (i < length && text[i] >= 0x20 && text[i] != '"' && text[i] != '\\') i++;
    return i;
}

} // extern "C"
