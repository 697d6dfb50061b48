/*
 * Actions of hooks that deal with files. Private to proc/.
 */
#pragma once

struct hook_call;

int hook_mkdir(const struct hook_call *call);
int hook_create(const struct hook_call *call);
int hook_write(const struct hook_call *call);
int hook_writen(const struct hook_call *call);
int hook_append(const struct hook_call *call);
int hook_appendn(const struct hook_call *call);
int hook_writefifo(const struct hook_call *call);
int hook_unlink(const struct hook_call *call);
int hook_chmod(const struct hook_call *call);
int hook_sticky(const struct hook_call *call);
int hook_chown(const struct hook_call *call);
int hook_mount(const struct hook_call *call);
int hook_umount(const struct hook_call *call);
int hook_wait_for_any(const struct hook_call *call);
int hook_wait_for_file(const struct hook_call *call);
int hook_wait_for_folder(const struct hook_call *call);
int hook_wait_for_socket(const struct hook_call *call);
