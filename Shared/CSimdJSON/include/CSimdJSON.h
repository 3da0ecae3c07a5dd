#pragma once

// The C face of simdjson for module JSON. No call throws; each call that can fail returns a code.
// One parser belongs to one thread. Offsets count bytes from the start of the text given.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sbjson_parser sbjson_parser;

// Values of `code`. 1 … 9 are the flaws of JSONError.Flaw, in its order.
enum {
    SBJSON_OK = 0,
    SBJSON_UNEXPECTED_CHARACTER = 1,
    SBJSON_TRUNCATED = 2,
    SBJSON_UNCLOSED_STRING = 3,
    SBJSON_CONTROL_CHARACTER = 4,
    SBJSON_BAD_ESCAPE = 5,
    SBJSON_BAD_UTF8 = 6,
    SBJSON_BAD_NUMBER = 7,
    SBJSON_TRAILING_BYTES = 8,
    SBJSON_KEY_NOT_STRING = 9,
    SBJSON_EMPTY = 20,
    SBJSON_TOO_DEEP = 21,
    SBJSON_TOO_MANY_VALUES = 22,
    SBJSON_NOT_AN_OBJECT = 23,
    SBJSON_NO_MEMORY = 24,
};

// Values of `kind`, in the order of JSONKind.
enum {
    SBJSON_NULL = 0,
    SBJSON_BOOL = 1,
    SBJSON_NUMBER = 2,
    SBJSON_STRING = 3,
    SBJSON_ARRAY = 4,
    SBJSON_OBJECT = 5,
};

typedef struct {
    uint32_t code;
    uint32_t offset; // of the flaw; of the kind found for SBJSON_NOT_AN_OBJECT
} sbjson_result;

// A value of the tree, in the order of the text. A member of an object is two nodes: its key, then its value.
typedef struct {
    uint32_t start; // first byte of the value, quote or bracket included
    uint32_t end;   // one past its last byte
    uint32_t count; // elements of an array, members of an object
    uint8_t kind;
    uint8_t escaped; // 1 when a string holds a backslash
} sbjson_node;

// A member of the top object.
typedef struct {
    uint32_t key_start, key_end; // quotes included
    uint32_t start, end;
    uint32_t occurrences; // for sbjson_scan: how often the key stands in the object, 0 when it does not
    uint8_t kind;
    uint8_t key_escaped;
    uint8_t escaped;
} sbjson_member;

typedef struct {
    const char *bytes;
    uint32_t length;
} sbjson_key;

sbjson_parser *sbjson_new(uint32_t max_depth, uint32_t max_values);
void sbjson_free(sbjson_parser *parser);

// Checks the whole text and gives all values. `nodes` stays valid until the next call with this parser.
sbjson_result sbjson_tree(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_node **nodes);

// Checks the whole text and gives the members of the top object in order, duplicates included, and the object's place.
// `members` stays valid until the next call with this parser.
sbjson_result sbjson_members(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_member **members,
    size_t *count, uint32_t *object_start, uint32_t *object_end);

// Checks the whole text and fills out[i] with the last member of the top object whose unescaped key is keys[i].
sbjson_result sbjson_scan(sbjson_parser *parser, const void *bytes, size_t length, const sbjson_key *keys,
    size_t key_count, sbjson_member *out);

// Gives back what a large text made the parser allocate; cheap when there is nothing to give back.
void sbjson_trim(sbjson_parser *parser);

// Unescapes the inside of a string that has been checked (quotes not included) and returns how many bytes it wrote, at
// most `length`. A surrogate without its other half becomes U+FFFD.
size_t sbjson_unescape(const void *bytes, size_t length, uint8_t *out);

// How many bytes from the start need no escape in a JSON string.
size_t sbjson_plain_prefix(const void *bytes, size_t length);

// Where `wanted` stands first, counted from the start; SIZE_MAX when it stands nowhere.
size_t sbjson_find(const void *bytes, size_t length, const void *wanted, size_t wanted_length);

// How many bytes sbjson_escape writes.
size_t sbjson_escaped_size(const void *bytes, size_t length);

// Escapes a text as far as JSON demands and returns how many bytes it wrote.
size_t sbjson_escape(const void *bytes, size_t length, uint8_t *out);

#ifdef __cplusplus
}
#endif
