/* Fails chosen calls on the files below one folder, as a bad disk would. Loaded with LD_PRELOAD; tests/faults/shim.py
 * builds it and steers it through a file that both map.
 *
 *   FAULT_FILES    the folder
 *   FAULT_CONTROL  the file, of `struct control`
 *
 * When a sync fails, what was written and not yet synced is taken back, as after a failed write-back, when the page is
 * marked clean and later read anew from the disk; what was beyond the old end becomes zeros. Each other descriptor of the
 * file is told once, at its next sync, as Linux does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KILL = 9999 }; /* in place of an error: the process ends before the call */
enum { OPEN = 1, READ = 2, WRITE = 4, SYNC = 8, TRUNCATE = 16, REMOVE = 32 };
enum { DESCRIPTORS = 4096, FILES = 1024, UNSYNCED_MAX = 65536 };

struct control {
    _Atomic uint32_t operations; /* which calls count and may fail; 0 is none */
    uint32_t error;
    uint64_t skip;  /* so many go well */
    uint64_t times; /* and so many after them fail */
    _Atomic uint64_t seen;
    _Atomic uint64_t struck;
    uint32_t lie; /* syncs do nothing and say that all is well */
    uint32_t half; /* a write that fails leaves half of its bytes */
    _Atomic uint64_t taken_back; /* bytes */
    char only[32]; /* calls on this file alone count; empty: on all */
    char last[256]; /* the call that failed last, and its file */
};

struct unsynced {
    struct unsynced *before;
    uint64_t number;
    off_t offset;
    size_t length;
    unsigned char bytes[];
};

struct file {
    dev_t device;
    ino_t inode;
    uint64_t failures;
    uint64_t written;
    struct unsynced *newest;
    size_t waiting;
    char name[128];
};

static struct control none, *control = &none;
static char folder[PATH_MAX];
static size_t folder_length;
static struct file files[FILES];
static int files_known;
static struct { struct file *file; uint64_t told; } descriptors[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define REAL(result, name, ...) \
    static result (*real_##name)(__VA_ARGS__); \
    static void find_##name(void) { real_##name = dlsym(RTLD_NEXT, #name); }
REAL(int, open, const char *, int, ...)
REAL(int, openat, int, const char *, int, ...)
REAL(int, close, int)
REAL(ssize_t, read, int, void *, size_t)
REAL(ssize_t, pread, int, void *, size_t, off_t)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, ftruncate, int, off_t)
REAL(int, unlink, const char *)
REAL(int, rename, const char *, const char *)

static void begin(void) {
    find_open(), find_openat(), find_close(), find_read(), find_pread(), find_write(), find_pwrite();
    find_fsync(), find_fdatasync(), find_ftruncate(), find_unlink(), find_rename();
    const char *where = getenv("FAULT_FILES"), *steered = getenv("FAULT_CONTROL");
    if (!where || !steered) return;
    int fd = real_open(steered, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    real_close(fd);
    if (mapped == MAP_FAILED) return;
    snprintf(folder, sizeof folder, "%s/", where);
    folder_length = strlen(folder);
    control = mapped;
}

static void ready(void) { pthread_once(&once, begin); }

static int ours(const char *path) {
    if (!folder_length || !path) return 0;
    size_t bare = folder_length - 1; /* without the slash: the folder itself */
    if (strncmp(path, folder, bare) != 0) return 0;
    return path[bare] == 0 || path[bare] == '/';
}

/* Whether this call is one that fails. */
static int strikes(int operation, const char *call, const char *path) {
    if (!(atomic_load(&control->operations) & operation)) return 0;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (control->only[0] && strncmp(control->only, name, sizeof control->only) != 0) return 0;
    uint64_t number = atomic_fetch_add(&control->seen, 1);
    if (number < control->skip || number - control->skip >= control->times) return 0;
    snprintf(control->last, sizeof control->last, "%s %s", call, name);
    atomic_fetch_add(&control->struck, 1);
    if (control->error == KILL) kill(getpid(), SIGKILL), pause();
    errno = (int)control->error;
    return 1;
}

static struct file *file_of(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? descriptors[fd].file : NULL;
}

static void watch(int fd, const char *path) {
    struct stat found;
    if (fd < 0 || fd >= DESCRIPTORS || !ours(path) || fstat(fd, &found) != 0) return;
    pthread_mutex_lock(&lock);
    struct file *file = NULL;
    for (int i = 0; i < files_known && !file; i++)
        if (files[i].device == found.st_dev && files[i].inode == found.st_ino) file = &files[i];
    if (!file && files_known < FILES) {
        file = &files[files_known++];
        file->device = found.st_dev, file->inode = found.st_ino;
    }
    if (file) {
        const char *slash = strrchr(path, '/');
        snprintf(file->name, sizeof file->name, "%s", slash ? slash + 1 : path);
        descriptors[fd].told = file->failures;
    }
    descriptors[fd].file = file;
    pthread_mutex_unlock(&lock);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    ready();
    if (ours(path) && strikes(OPEN, "open", path)) return -1;
    int fd = at == AT_FDCWD ? real_open(path, flags, mode) : real_openat(at, path, flags, mode);
    watch(fd, path);
    return fd;
}

#define MODE mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags | O_LARGEFILE, mode); }

int close(int fd) {
    ready();
    if (fd >= 0 && fd < DESCRIPTORS) descriptors[fd].file = NULL;
    return real_close(fd);
}

ssize_t read(int fd, void *into, size_t length) {
    ready();
    struct file *file = file_of(fd);
    if (file && strikes(READ, "read", file->name)) return -1;
    return real_read(fd, into, length);
}

ssize_t pread(int fd, void *into, size_t length, off_t offset) {
    ready();
    struct file *file = file_of(fd);
    if (file && strikes(READ, "pread", file->name)) return -1;
    return real_pread(fd, into, length, offset);
}
ssize_t pread64(int fd, void *into, size_t length, off_t offset) { return pread(fd, into, length, offset); }

/* Keeps what stands where something is about to be written. The lock is held. */
static void keep(struct file *file, int fd, size_t length, off_t offset) {
    if (file->waiting >= UNSYNCED_MAX) return;
    struct unsynced *one = calloc(1, sizeof *one + length);
    if (!one) return;
    if (real_pread(fd, one->bytes, length, offset) < 0) memset(one->bytes, 0, length);
    one->offset = offset, one->length = length, one->number = file->written++;
    one->before = file->newest;
    file->newest = one, file->waiting++;
}

/* Forgets what was written before a sync that went well began. The lock is held. */
static void forget(struct file *file, uint64_t until) {
    struct unsynced **at = &file->newest;
    while (*at && (*at)->number >= until) at = &(*at)->before;
    for (struct unsynced *one = *at, *next; one; one = next) next = one->before, free(one), file->waiting--;
    *at = NULL;
}

/* What was not synced is not there. The lock is held. */
static void take_back(struct file *file, int fd) {
    for (struct unsynced *one = file->newest; one; one = one->before) {
        if (real_pwrite(fd, one->bytes, one->length, one->offset) < 0) continue;
        atomic_fetch_add(&control->taken_back, one->length);
    }
    forget(file, 0);
}

static ssize_t written(int fd, const void *from, size_t length, off_t offset, int placed) {
    ready();
    struct file *file = file_of(fd);
    if (!file) return placed ? real_pwrite(fd, from, length, offset) : real_write(fd, from, length);
    pthread_mutex_lock(&lock);
    if (!placed) offset = lseek(fd, 0, SEEK_CUR);
    int fails = strikes(WRITE, "write", file->name);
    int error = errno;
    if (fails) length = control->half ? length / 2 : 0;
    ssize_t done = 0;
    if (length) {
        keep(file, fd, length, offset);
        done = placed ? real_pwrite(fd, from, length, offset) : real_write(fd, from, length);
    }
    pthread_mutex_unlock(&lock);
    if (fails) errno = error;
    return fails ? -1 : done;
}
ssize_t write(int fd, const void *from, size_t length) { return written(fd, from, length, 0, 0); }
ssize_t pwrite(int fd, const void *from, size_t length, off_t offset) { return written(fd, from, length, offset, 1); }
ssize_t pwrite64(int fd, const void *from, size_t length, off_t offset) { return written(fd, from, length, offset, 1); }

static int synced(int fd, int (*real)(int), const char *call) {
    struct file *file = file_of(fd);
    if (!file) return real(fd);
    if (control->lie) return 0;
    if (strikes(SYNC, call, file->name)) {
        int error = errno;
        pthread_mutex_lock(&lock);
        take_back(file, fd);
        descriptors[fd].told = ++file->failures;
        pthread_mutex_unlock(&lock);
        errno = error;
        return -1;
    }
    pthread_mutex_lock(&lock);
    uint64_t until = file->written, failures = file->failures;
    int untold = descriptors[fd].told != failures;
    descriptors[fd].told = failures;
    pthread_mutex_unlock(&lock);
    if (untold) {
        errno = EIO;
        return -1;
    }
    int done = real(fd);
    pthread_mutex_lock(&lock);
    if (done == 0 && file->failures == failures) forget(file, until);
    /* One failed meanwhile: it took back what this one was to keep. */
    if (done == 0 && file->failures != failures) descriptors[fd].told = file->failures, errno = EIO, done = -1;
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { ready(); return synced(fd, real_fsync, "fsync"); }
int fdatasync(int fd) { ready(); return synced(fd, real_fdatasync, "fdatasync"); }

int ftruncate(int fd, off_t length) {
    ready();
    struct file *file = file_of(fd);
    if (file && strikes(TRUNCATE, "ftruncate", file->name)) return -1;
    if (!file) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(fd, length);
    if (done == 0) { /* What is beyond the new end cannot come back; what is within stays to be taken back. */
        for (struct unsynced *one = file->newest; one; one = one->before) {
            if (one->offset >= length) one->length = 0;
            else if (one->offset + (off_t)one->length > length) one->length = (size_t)(length - one->offset);
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int unlink(const char *path) {
    ready();
    if (ours(path) && strikes(REMOVE, "unlink", path)) return -1;
    return real_unlink(path);
}

int rename(const char *from, const char *to) {
    ready();
    if (ours(to) && strikes(REMOVE, "rename", to)) return -1;
    return real_rename(from, to);
}
