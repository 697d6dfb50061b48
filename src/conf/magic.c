/*
 * The letters of configuration files: %n is the file's name without its ending, %h the host. They
 * are replaced while a file is read. As in uWSGI an unknown letter disappears, %% is a %, and %(
 * stays for later. Upper-case letters mean the first file, where the lower-case ones mean the file
 * that they stand in.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"
#include "sys/clock.h"
#include "sys/cpus.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file, taken apart. */
struct subject {
    bask_str name, path, section;
    bask_str folder; /* of the path, with the slash */
    bask_str file;   /* what is behind it */
};

static struct subject
describe(bask_str name, bask_str path, bask_str section)
{
    struct subject s = {name, path, section, BASK_STR(""), path};
    size_t slash = path.len;
    while (slash && path.ptr[slash - 1] != '/')
        slash--;
    if (slash) {
        s.folder = bask_str_n(path.ptr, slash);
        s.file = bask_str_n(path.ptr + slash, path.len - slash);
    }
    return s;
}

/* Part n of the folder's path; n < 0: the last. "" if there is none. */
static bask_str
part_of_folder(bask_str folder, int n)
{
    bask_str found = BASK_STR(""), part;
    int at = 0;
    while (bask_str_cut(folder, '/', &part, &folder))
        if (part.len && (n < 0 || at++ == n))
            found = part;
    return found;
}

static bask_str
before_dot(bask_str file, bool after)
{
    size_t dot = file.len;
    while (dot && file.ptr[dot - 1] != '.')
        dot--;
    if (!dot)
        return after ? BASK_STR("") : file;
    return after ? bask_str_n(file.ptr + dot, file.len - dot) : bask_str_n(file.ptr, dot - 1);
}

static int
append_number(struct bask_buf *out, const char *format, unsigned long long value)
{
    char text[32];
    return bask_buf_append(out,
                           bask_str_n(text, (size_t)snprintf(text, sizeof text, format, value)));
}

/* Bernstein's hash with exclusive or. */
static uint32_t
hash(bask_str text)
{
    uint32_t h = 5381;
    for (size_t i = 0; i < text.len; i++)
        h = h * 33 ^ (unsigned char)text.ptr[i];
    return h;
}

static int
inode(bask_str path, struct bask_buf *out)
{
    struct stat st;
    if (!path.len || stat(path.ptr, &st))
        return BASK_OK;
    return append_number(out, "%llu", (unsigned long long)st.st_ino);
}

/* Letters that tell of a file. BASK_E_NOTFOUND: it is none of them. */
static int
about_file(const struct subject *s, char letter, struct bask_buf *out)
{
    switch (letter) {
    case 'o':
        return bask_buf_append(out, s->name);
    case 'p':
        return bask_buf_append(out, s->path);
    case 's':
        return bask_buf_append(out, s->file);
    case 'd':
        return bask_buf_append(out, s->folder);
    case 'e':
        return bask_buf_append(out, before_dot(s->file, true));
    case 'n':
        return bask_buf_append(out, before_dot(s->file, false));
    case 'c':
        return bask_buf_append(out, part_of_folder(s->folder, -1));
    case 'x':
        return bask_buf_append(out, s->section.ptr ? s->section : BASK_STR("uwsgi"));
    case 'i':
        return inode(s->path, out);
    case 'j':
        return append_number(out, "%08llx", hash(s->path));
    default:
        return BASK_E_NOTFOUND;
    }
}

static int
about_user(char letter, struct bask_buf *out)
{
    struct passwd *user = letter == 'U' ? getpwuid(getuid()) : NULL;
    struct group *group = letter == 'G' ? getgrgid(getgid()) : NULL;
    if (user)
        return bask_buf_append(out, bask_str_of(user->pw_name));
    if (group)
        return bask_buf_append(out, bask_str_of(group->gr_name));
    return append_number(out, "%llu", letter == 'u' || letter == 'U' ? getuid() : getgid());
}

static int
about_host(const struct bask_conf *conf, char letter, struct bask_buf *out)
{
    switch (letter) {
    case 'v':
        return bask_buf_append(out, bask_str_of(conf->facts.start_folder));
    case 'V':
        return bask_buf_append(out, bask_str_of(conf->facts.version));
    case 'h':
        return bask_buf_append(out, bask_str_of(conf->facts.hostname));
    case 'b':
        return bask_buf_append(out, bask_str_of(conf->facts.binary));
    case 'k':
        return append_number(out, "%llu", (unsigned long long)bask_cpus());
    case 't':
        return append_number(out, "%llu", (unsigned long long)bask_clock_wall());
    case 'T':
        return append_number(out, "%llu", (unsigned long long)bask_clock_wall_us());
    case 'u':
    case 'U':
    case 'g':
    case 'G':
        return about_user(letter, out);
    case '[':
        return bask_buf_append(out, BASK_STR("\033"));
    case '%':
        return bask_buf_append(out, BASK_STR("%"));
    default:
        return BASK_OK;
    }
}

static int
letter_value(const struct bask_conf_reading *reading, char letter, struct bask_buf *out)
{
    const struct bask_conf *conf = reading->conf;
    struct subject here = describe(reading->name, reading->path, reading->section);
    if (letter >= '0' && letter <= '9')
        return bask_buf_append(out, part_of_folder(here.folder, letter - '0'));
    int err = about_file(&here, letter, out);
    if (err == BASK_E_NOTFOUND && strchr("OPSDENCXIJ", letter)) {
        struct subject first = describe(conf->first_name, conf->first_path, conf->first_section);
        err = about_file(&first, bask_lower(letter), out);
    }
    return err == BASK_E_NOTFOUND ? about_host(conf, letter, out) : err;
}

int
bask_conf_magic(const struct bask_conf_reading *reading, bask_str text, bask_str *ret_text)
{
    struct bask_buf out = {0};
    int err = BASK_OK;
    *ret_text = text;
    if (!text.len || !memchr(text.ptr, '%', text.len))
        return BASK_OK;
    for (size_t i = 0; i < text.len && !err; i++) {
        bool magic = text.ptr[i] == '%' && i + 1 < text.len && text.ptr[i + 1] != '(';
        err = magic ? letter_value(reading, text.ptr[++i], &out)
                    : bask_buf_append(&out, bask_str_n(text.ptr + i, 1));
    }
    if (!err)
        err = bask_conf_keep(reading->conf, bask_conf_built(&out), ret_text);
    bask_buf_fini(&out);
    return err;
}
