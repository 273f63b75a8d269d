/* SPDX-License-Identifier: MIT */
/*
 * run: starts a program, waits for it, and tells what it took.
 *
 *   run OUTPUT PROGRAM [ARGUMENT...]    standard output goes to the file OUTPUT, input is empty
 *
 * Prints: exit code, nanoseconds from before the fork to the end, microseconds of processor time, and
 * the peak of the resident memory in KB. A program of its own, and a small one, because the peak that
 * Linux tells of a child is at least that of the process that started it: Python has 15 MB.
 */
#define _GNU_SOURCE /* wait4 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t microseconds(struct timeval time) {
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void become(char **argv) {
    int in = open("/dev/null", O_RDONLY);
    int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0)
        _exit(126);
    (void)close(in);
    (void)close(out);
    (void)execvp(argv[2], argv + 2);
    _exit(127);
}

int main(int argc, char **argv) {
    struct rusage usage;
    int status;
    if (argc < 3)
        return 2;
    int64_t start = now();
    pid_t child = fork();
    if (child == 0)
        become(argv);
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 2;
    int64_t end = now();
    (void)printf("%d %lld %lld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                 (long long)(end - start),
                 (long long)(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)),
                 usage.ru_maxrss);
    return 0;
}
