#pragma once

// Linux calls which Swift's Glibc module does not show, and accessors for the packed `epoll_event`.

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int clinux_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
    struct epoll_event event = {.events = events, .data = {.u64 = tag}};
    return epoll_ctl(epoll, operation, fd, &event);
}

static inline uint32_t clinux_event_mask(const struct epoll_event *events, int index) { return events[index].events; }
static inline uint64_t clinux_event_tag(const struct epoll_event *events, int index) { return events[index].data.u64; }

static inline int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

// glibc shows this only to those who ask for GNU extensions, which the importer does not.
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

/// The next connection of a listener, non-blocking and closed on exec.
static inline int clinux_accept(int listener, struct sockaddr_storage *peer) {
    socklen_t length = sizeof(*peer);
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// A stream socket to connect with: non-blocking, closed on exec, without Nagle's delay, with keep-alive probes after a minute.
static inline int clinux_stream_socket(int family) {
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fd;
    int on = 1, seconds = 60;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
    return fd;
}

/// Sends two runs of bytes, one behind the other, in one call.
static inline ssize_t clinux_send_pair(int fd, const void *first, size_t firstSize, const void *second, size_t secondSize) {
    struct iovec parts[2] = {{(void *)first, firstSize}, {(void *)second, secondSize}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static inline int clinux_signalfd(const sigset_t *set) { return signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC); }

/// The name (at most 15 bytes) under which debuggers and /proc show the calling thread.
// Both ends close on exec.
static inline int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static const uint32_t clinux_EPOLLIN = EPOLLIN;
static const uint32_t clinux_EPOLLOUT = EPOLLOUT;
static const uint32_t clinux_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t clinux_EPOLLHUP = EPOLLHUP;
static const uint32_t clinux_EPOLLERR = EPOLLERR;
/// `SOCK_STREAM` as a plain number: glibc's enum belongs to whichever C module was imported first.
static const int clinux_SOCK_STREAM = SOCK_STREAM;
