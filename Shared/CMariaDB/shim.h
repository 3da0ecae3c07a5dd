#pragma once

// `mysql_options` takes a pointer to whatever the option is of, so every kind of option has a typed inline wrapper here.

#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>

static inline int cmariadb_set_seconds(MYSQL *handle, enum mysql_option option, unsigned int seconds) {
    return mysql_options(handle, option, &seconds);
}
static inline int cmariadb_set_flag(MYSQL *handle, enum mysql_option option, int on) {
    my_bool flag = on ? 1 : 0;
    return mysql_options(handle, option, &flag);
}
static inline int cmariadb_set_text(MYSQL *handle, enum mysql_option option, const char *text) {
    return mysql_options(handle, option, text);
}
static inline int cmariadb_set_size(MYSQL *handle, enum mysql_option option, unsigned long size) {
    return mysql_options(handle, option, &size);
}
/// A server may ask its client for any file; ours sends none.
static inline int cmariadb_forbid_local_files(MYSQL *handle) {
    unsigned int off = 0;
    return mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &off);
}

/// One value of a row: null for NULL.
static inline const char *cmariadb_value(MYSQL_ROW row, unsigned int column) {
    return row[column];
}
/// The name of a column of a result.
static inline const char *cmariadb_column(MYSQL_RES *result, unsigned int column) {
    return mysql_fetch_field_direct(result, column)->name;
}
