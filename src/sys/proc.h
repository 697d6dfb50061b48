/*
 * What a process asks of the system about itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Resident memory of a process in bytes; 0 if it cannot be told. */
uint64_t bask_proc_rss(pid_t pid);
/* Its address space in bytes; 0 if it cannot be told. */
uint64_t bask_proc_address_space(pid_t pid);
/* Calls `show` with one line for each thread of this process: where in the kernel it is. */
void bask_proc_describe_threads(void (*show)(const char *line));
/* Orphaned descendants become children of this process. */
int bask_proc_adopt_orphans(void);
/* The calling process gets `signal` when its parent dies; 0: no more. */
int bask_proc_die_with_parent(int signal);
/* The path of the running program, with a NUL; false if it is not known. */
bool bask_proc_binary(char *path, size_t size);
/* What program another process runs. */
enum bask_proc_kinship {
    BASK_PROC_GONE,    /* there is no such process */
    BASK_PROC_SAME,    /* the calling one, by its name */
    BASK_PROC_OTHER,   /* another one */
    BASK_PROC_UNKNOWN, /* it is not ours to look at */
};
enum bask_proc_kinship bask_proc_kinship(pid_t pid);
/* Standard input becomes /dev/null: it must be something, or the next file that is opened would. */
void bask_proc_close_input(void);
/* Opens what of the three standard descriptors is closed: else a socket could get such a number,
 * and whoever writes to standard error would write to it. */
int bask_proc_fill_standard_files(void);
/* Closes all descriptors but the standard ones and these; -1 is none. */
void bask_proc_close_all_but(const int *kept, size_t count);
/* A descriptor that is readable when the process has ended, whoever its parent is; BASK_E_SYSTEM.
 */
int bask_proc_open_process(pid_t pid);
enum { BASK_PROC_REALM = 96 };
/* Where numbers of processes mean the same: this machine since it was started, this container. As a
 * text, empty where that cannot be told; what is behind it is zeros. */
void bask_proc_realm(char out[BASK_PROC_REALM]);
/* Zeroed memory that children share; NULL if there is none. */
void *bask_proc_shared_memory(size_t size);
/* This process has it no more. */
void bask_proc_unshare_memory(void *memory, size_t size);
/* A file without a name that lives as long as somebody has it open, not inherited by programs;
 * BASK_E_SYSTEM. */
int bask_proc_scratch_file(const char *name);
/* The first bytes of a file, whatever its position; how many. */
size_t bask_proc_read_from_start(int fd, char *bytes, size_t size);
/* Lets others have the CPU before this process, or ends that. Only where both are allowed: false
 * if they are not. */
bool bask_proc_stand_back(pid_t pid, bool back);
/* A scratch file is empty again. */
void bask_proc_empty_file(int fd);
