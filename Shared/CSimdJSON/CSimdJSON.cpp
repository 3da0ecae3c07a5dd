// simdjson finds every structural byte of a text, checks UTF-8, and that strings are closed and free of control
// characters (its "stage 1", at several gigabytes a second). This file walks those positions once, checks the grammar,
// escapes, numbers and depth, and hands out exact byte ranges. simdjson's own second stage is not used: it forgets where
// values stand and how numbers were written, and both must survive a pass-through. No byte behind `length` is read.

#include "CSimdJSON.h"
#include "Walker.hpp"

#include <cstring>
#include <memory>
#include <new>
#include <vector>

using namespace sbjson;

namespace {

constexpr size_t kept_capacity = 4 << 20;
constexpr size_t kept_entries = 64 << 10;

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

} // extern "C"
