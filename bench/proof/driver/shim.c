/* Loaded into `lmr` by LD_PRELOAD: faults at named points of the unchanged program.
 *
 * Points are calls of the C library, counted by class from 1: `write` (to a database file), `flush` (fsync or
 * fdatasync of one), `send` and `receive` (on a TCP connection). What happens is in the environment:
 *
 *   PROOF_KILL=CLASS:before|after:N     SIGKILL at the Nth call of the class
 *   PROOF_ERROR=CLASS:N:COUNT:ERRNO     COUNT calls from the Nth on fail (ERRNO a number)
 *   PROOF_SHORT=N                       the Nth write writes only half
 *   PROOF_REPORT=FILE                   what was done is appended here, a line each
 *   PROOF_JOURNAL=FILE                  every write and flush of a database file with old and new bytes, from
 *                                       which the driver makes what a machine without power leaves on its disk
 *   PROOF_READ_ONLY=N:FOLDER            from the Nth write of a database file on (0: from the start) whatever is below FOLDER
 *                                       is read-only: opening for writing, writing, flushing, cutting, moving, removing
 *                                       and making give EROFS
 *   PROOF_CLOCK=SECONDS                 added to the wall clock
 *   PROOF_CLOCK_JUMP=N:SECONDS          added from the Nth reading on
 *   PROOF_TRACE=FILE                    `write NAME`, `flush NAME`, `answer STATUS`, `stored STATUS` (an answer with a
 *                                       receipt) and `post` in their order, for the audit
 *
 * Files count as databases when ".sqlite" is in their path. Threads: counters are atomic, a write and its journal
 * record are under one lock, so that the journal has the order of the file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE, FLUSH, SEND, RECEIVE, CLASSES };
static const char *const names[CLASSES] = {"write", "flush", "send", "receive"};
static atomic_long counts[CLASSES], clock_reads;
static int kill_class = -1, kill_after, error_class = -1, error_number;
static long kill_at, error_at, error_count, short_at, clock_offset, jump_at, jump_by, read_only_at = -1;
static const char *read_only_folder = "";
static atomic_int refused;
static int report = -1, journal = -1, trace = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

static int class_of(const char *text, const char **rest) {
  for (int i = 0; i < CLASSES; i++) {
    size_t length = strlen(names[i]);
    if (!strncmp(text, names[i], length) && text[length] == ':') {
      *rest = text + length + 1;
      return i;
    }
  }
  return -1;
}

static int append_to(const char *variable) {
  const char *path = getenv(variable);
  return path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

__attribute__((constructor)) static void start(void) {
  const char *text, *rest;
  if ((text = getenv("PROOF_KILL")) && (kill_class = class_of(text, &rest)) >= 0) {
    kill_after = !strncmp(rest, "after", 5);
    kill_at = atol(strchr(rest, ':') + 1);
  }
  if ((text = getenv("PROOF_ERROR")) && (error_class = class_of(text, &rest)) >= 0)
    sscanf(rest, "%ld:%ld:%d", &error_at, &error_count, &error_number);
  if ((text = getenv("PROOF_READ_ONLY")) && (rest = strchr(text, ':'))) {
    read_only_at = atol(text);
    read_only_folder = rest + 1;
  }
  if ((text = getenv("PROOF_SHORT"))) short_at = atol(text);
  if ((text = getenv("PROOF_CLOCK"))) clock_offset = atol(text);
  if ((text = getenv("PROOF_CLOCK_JUMP"))) sscanf(text, "%ld:%ld", &jump_at, &jump_by);
  report = append_to("PROOF_REPORT");
  journal = append_to("PROOF_JOURNAL");
  trace = append_to("PROOF_TRACE");
}

static void line_to(int fd, const char *text) {
  if (fd >= 0) syscall(SYS_write, fd, text, strlen(text));
}

/* The path of a database file; false for everything else. */
static int database(int fd, char path[PATH_MAX]) {
  struct stat status;
  if (fstat(fd, &status) || !S_ISREG(status.st_mode)) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, ".sqlite") != NULL;
}

static int tcp(int fd) {
  int domain = 0;
  socklen_t length = sizeof domain;
  return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) && (domain == AF_INET || domain == AF_INET6);
}

static void die(const char *moment, int class, const char *what) {
  char text[PATH_MAX + 64];
  snprintf(text, sizeof text, "killed %s %s %s\n", moment, names[class], what);
  line_to(report, text);
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static const char *last(const char *path);

/* Whether the disk is read-only by now, and the path on it. Reported once. */
static int is_read_only(const char *path, const char *what) {
  if (read_only_at < 0 || atomic_load(&counts[WRITE]) < read_only_at) return 0;
  if (strncmp(path, read_only_folder, strlen(read_only_folder))) return 0;
  if (!atomic_exchange(&refused, 1)) {
    char text[PATH_MAX + 64];
    snprintf(text, sizeof text, "failed %s %d %s\n", what, EROFS, last(path));
    line_to(report, text);
  }
  errno = EROFS;
  return 1;
}

/* Counts a call; dies or gives an error where one is wanted. Gives the call's number. */
static long enter(int class, const char *what, int *failed) {
  long n = atomic_fetch_add(&counts[class], 1) + 1;
  *failed = 0;
  if (class == kill_class && !kill_after && n == kill_at) die("before", class, what);
  if (class == error_class && n >= error_at && n < error_at + error_count) {
    if (n == error_at) {
      char text[PATH_MAX + 64];
      snprintf(text, sizeof text, "failed %s %d %s\n", names[class], error_number, what);
      line_to(report, text);
    }
    *failed = 1;
    errno = error_number;
  }
  return n;
}

static void leave(int class, const char *what, long n) {
  int kept = errno;
  if (class == kill_class && kill_after && n == kill_at) die("after", class, what);
  errno = kept;
}

static const char *last(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A record of the journal: kind, length of path, offset, size of the file before, old bytes, new bytes. */
struct record {
  char kind[8];
  uint64_t path, offset, size, old, new;
};

static void note(const char *kind, const char *path, uint64_t offset, uint64_t size, const char *old, size_t old_length,
                 const char *new, size_t new_length) {
  struct record record = {.path = strlen(path), .offset = offset, .size = size, .old = old_length, .new = new_length};
  snprintf(record.kind, sizeof record.kind, "%s", kind);
  struct iovec parts[4] = {{&record, sizeof record},
                           {(void *)path, record.path},
                           {(void *)old, old_length},
                           {(void *)new, new_length}};
  syscall(SYS_writev, journal, parts, 4);
}

static void trace_file(const char *what, const char *path) {
  if (trace < 0) return;
  char text[PATH_MAX + 16];
  snprintf(text, sizeof text, "%s %s\n", what, last(path));
  line_to(trace, text);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  char path[PATH_MAX];
  if (!database(fd, path)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
  int failed;
  long n = enter(WRITE, last(path), &failed);
  if (failed || is_read_only(path, "write")) return -1;
  size_t wanted = short_at == n ? length / 2 : length;
  pthread_mutex_lock(&order);
  if (journal >= 0 && !strstr(path, "-shm")) {
    struct stat status;
    fstat(fd, &status);
    uint64_t size = (uint64_t)status.st_size, at = (uint64_t)offset;
    size_t old = at >= size ? 0 : (size - at < wanted ? size - at : wanted);
    char *before = malloc(old + 1);
    ssize_t got = old ? syscall(SYS_pread64, fd, before, old, offset) : 0;
    /* Opened for writing only: what was there is not known, and the whole write counts as lost or kept by size. */
    note("write", path, at, size, before, got < 0 ? 0 : (size_t)got, bytes, wanted);
    free(before);
  }
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, wanted, offset);
  int kept = errno;
  trace_file("write", path);
  pthread_mutex_unlock(&order);
  errno = kept;
  leave(WRITE, last(path), n);
  return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

static int flush(int fd, long call) {
  char path[PATH_MAX];
  if (!database(fd, path)) return (int)syscall(call, fd);
  int failed;
  long n = enter(FLUSH, last(path), &failed);
  if (failed || is_read_only(path, "flush")) return -1;
  /* Noted under the same lock as writes: what comes after it is not covered by it. */
  pthread_mutex_lock(&order);
  int done = (int)syscall(call, fd);
  if (!done && journal >= 0) note("flush", path, 0, 0, "", 0, "", 0);
  trace_file("flush", path);
  pthread_mutex_unlock(&order);
  leave(FLUSH, last(path), n);
  return done;
}
int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

static int cut(int fd, off64_t length) {
  char path[PATH_MAX];
  if (read_only_at >= 0 && database(fd, path) && is_read_only(path, "cut")) return -1;
  if (journal >= 0 && database(fd, path) && !strstr(path, "-shm")) {
    pthread_mutex_lock(&order);
    struct stat status;
    fstat(fd, &status);
    uint64_t size = (uint64_t)status.st_size, to = (uint64_t)length;
    size_t old = size > to ? size - to : 0;
    char *before = malloc(old + 1);
    ssize_t got = old ? syscall(SYS_pread64, fd, before, old, length) : 0;
    note("cut", path, to, size, before, got < 0 ? 0 : (size_t)got, "", 0);
    free(before);
    int done = (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&order);
    return done;
  }
  return (int)syscall(SYS_ftruncate, fd, length);
}
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }
int ftruncate(int fd, off_t length) { return cut(fd, length); }

/* A removed file takes with it what was not flushed; a new one of the same name begins with nothing. */
int unlink(const char *name) {
  char path[PATH_MAX];
  if (is_read_only(name, "unlink")) return -1;
  if (journal >= 0 && strstr(name, ".sqlite") && realpath(name, path)) {
    pthread_mutex_lock(&order);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
    if (!done) note("flush", path, 0, 0, "", 0, "", 0);
    pthread_mutex_unlock(&order);
    return done;
  }
  return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

int unlinkat(int folder, const char *name, int flags) {
  if (is_read_only(name, "unlink")) return -1;
  return (int)syscall(SYS_unlinkat, folder, name, flags);
}
static int open_at(int folder, const char *name, int flags, mode_t mode) {
  struct stat status;
  /* What is there may be opened for reading, also by who would have made it. */
  int writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC || (flags & O_CREAT && stat(name, &status));
  if (writes && is_read_only(name, "open")) return -1;
  return (int)syscall(SYS_openat, folder, name, flags, mode);
}
#define MODE                                   \
  mode_t mode = 0;                             \
  if (flags & (O_CREAT | __O_TMPFILE)) {       \
    va_list more;                              \
    va_start(more, flags);                     \
    mode = va_arg(more, mode_t);               \
    va_end(more);                              \
  }
int open(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE return open_at(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE return open_at(folder, name, flags, mode); }
int rename(const char *from, const char *to) {
  if (is_read_only(from, "rename")) return -1;
  return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int mkdir(const char *name, mode_t mode) {
  if (is_read_only(name, "mkdir")) return -1;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
}

static void trace_sent(const void *bytes, size_t length) {
  if (trace < 0) return;
  char text[32] = "";
  if (length > 12 && !memcmp(bytes, "HTTP/1.1 ", 9))
    snprintf(text, sizeof text, "%s %.3s\n", memmem(bytes, length, "\nlmr-receipt:", 13) ? "stored" : "answer",
             (const char *)bytes + 9);
  else if (length > 20 && !memcmp(bytes, "POST /fhirmottak/v1 ", 20))
    snprintf(text, sizeof text, "post\n");
  line_to(trace, text);
}

#define ON_TCP(class, call)                      \
  if (!tcp(fd)) return call;                     \
  int failed;                                    \
  long n = enter(class, "tcp", &failed);         \
  if (failed) return -1;                         \
  ssize_t done = call;                           \
  leave(class, "tcp", n);                        \
  return done;

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  if (trace >= 0 && tcp(fd)) trace_sent(bytes, length);
  ON_TCP(SEND, syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0))
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (trace >= 0 && count > 0 && tcp(fd)) trace_sent(parts[0].iov_base, parts[0].iov_len);
  ON_TCP(SEND, syscall(SYS_writev, fd, parts, count))
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  ON_TCP(SEND, syscall(SYS_sendmsg, fd, message, flags))
}
/* Nothing has come yet: no point of its own. */
#define ON_TCP_IN(call)                                                       \
  if (!tcp(fd)) return call;                                                  \
  ssize_t done = call;                                                        \
  if (done <= 0) return done;                                                 \
  int failed, kept = errno;                                                   \
  long n = enter(RECEIVE, "tcp", &failed);                                    \
  if (failed) return -1;                                                      \
  leave(RECEIVE, "tcp", n);                                                   \
  errno = kept;                                                               \
  return done;

ssize_t recv(int fd, void *bytes, size_t length, int flags) {
  ON_TCP_IN(syscall(SYS_recvfrom, fd, bytes, length, flags, NULL, NULL))
}
ssize_t readv(int fd, const struct iovec *parts, int count) { ON_TCP_IN(syscall(SYS_readv, fd, parts, count)) }

int clock_gettime(clockid_t clock, struct timespec *time) {
  int done = (int)syscall(SYS_clock_gettime, clock, time);
  if (!done && clock == CLOCK_REALTIME) {
    long n = atomic_fetch_add(&clock_reads, 1) + 1;
    time->tv_sec += clock_offset;
    if (jump_at && n >= jump_at) time->tv_sec += jump_by;
  }
  return done;
}
