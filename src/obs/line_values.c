/* The values by their names, a row each. */
#include "obs/line_values.h"

#include "sys/memory.h"

#include <inttypes.h>
#include <stdio.h>

enum { MIB = 1 << 20 };

static int64_t
started_us(const struct bask_line_scene *scene)
{
    return scene->now_us - scene->entry->elapsed_us;
}

bask_str
bask_line_number(struct bask_line_scene *scene, int64_t number)
{
    int len = snprintf(scene->scratch, sizeof scene->scratch, "%" PRId64, number);
    return bask_str_n(scene->scratch, (size_t)len);
}

const struct bask_memory_use *
bask_line_memory(struct bask_line_scene *scene)
{
    if (!scene->has_memory)
        bask_memory_look(&scene->memory);
    scene->has_memory = true;
    return &scene->memory;
}

bask_str
bask_line_time(struct bask_line_scene *scene, enum bask_line_stamp stamp)
{
    struct bask_line_source *source = scene->source;
    time_t second = (time_t)(started_us(scene) / 1000000);
    if (source->stamps[stamp].second != second) {
        struct tm fields;
        source->stamps[stamp].second = second;
        source->stamps[stamp].len =
            strftime_l(source->stamps[stamp].text, BASK_STAMP_MAX, source->stamps[stamp].format,
                       localtime_r(&second, &fields), source->locale);
    }
    return bask_str_n(source->stamps[stamp].text, source->stamps[stamp].len);
}

static bask_str
make_text(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    return *(const bask_str *)((const char *)scene->entry + row->offset);
}

static bask_str
make_variable(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    const struct bask_access_entry *entry = scene->entry;
    return entry->finder->variable(entry->request, row->variable, scene->scratch);
}

static bask_str
make_count(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    uint64_t count = *(const uint64_t *)((const char *)scene->entry + row->offset);
    return bask_line_number(scene, (int64_t)count);
}

static bask_str
make_number(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    return bask_line_number(scene, (int64_t)row->number(scene));
}

static bask_str
make_time(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    return bask_line_time(scene, row->stamp);
}

static bask_str
make_seconds(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    int64_t us = scene->entry->elapsed_us;
    (void)row;
    int len = snprintf(scene->scratch, sizeof scene->scratch, "%" PRId64 ".%06d", us / 1000000,
                       (int)(us % 1000000));
    return bask_str_n(scene->scratch, (size_t)len);
}

/* A function that gives a number, by an expression over `scene`. */
#define NUMBER(name, expression)                                                                   \
    static uint64_t name(struct bask_line_scene *scene)                                            \
    {                                                                                              \
        return (uint64_t)(expression);                                                             \
    }
NUMBER(whole_size, scene->entry->header_bytes + scene->entry->body_bytes)
NUMBER(errors, scene->entry->read_errors + scene->entry->write_errors)
NUMBER(elapsed_micros, scene->entry->elapsed_us)
NUMBER(elapsed_millis, scene->entry->elapsed_us / 1000)
NUMBER(start_seconds, started_us(scene) / 1000000)
NUMBER(start_millis, started_us(scene) / 1000)
NUMBER(start_micros, started_us(scene))
NUMBER(now_seconds, scene->now_us / 1000000)
NUMBER(process, scene->source->pid)
NUMBER(worker, scene->source->worker_id)
NUMBER(switches, (void *)scene ? 1 : 1) /* a thread stays with its request */
NUMBER(address_space, bask_line_memory(scene)->address_space)
NUMBER(address_space_mib, bask_line_memory(scene)->address_space / MIB)
NUMBER(resident, bask_line_memory(scene)->resident)
NUMBER(resident_mib, bask_line_memory(scene)->resident / MIB)
#undef NUMBER

#define AT(member) .offset = offsetof(struct bask_access_entry, member)
#define TEXT(name, member)                                                                         \
    {                                                                                              \
        BASK_STR(name), make_text, AT(member)                                                      \
    }
#define COUNT(name, member)                                                                        \
    {                                                                                              \
        BASK_STR(name), make_count, AT(member)                                                     \
    }
#define VARIABLE(name, cgi)                                                                        \
    {                                                                                              \
        BASK_STR(name), make_variable, .variable = BASK_STR(cgi)                                   \
    }
#define NUMBER(name, function)                                                                     \
    {                                                                                              \
        BASK_STR(name), make_number, .number = function                                            \
    }
#define TIME(name, which)                                                                          \
    {                                                                                              \
        BASK_STR(name), make_time, .stamp = which                                                  \
    }
static const struct bask_line_row rows[] = {
    TEXT("uri", uri),
    TEXT("method", method),
    TEXT("addr", remote_addr),
    TEXT("proto", protocol),
    VARIABLE("user", "REMOTE_USER"),
    VARIABLE("host", "HTTP_HOST"),
    VARIABLE("uagent", "HTTP_USER_AGENT"),
    VARIABLE("referer", "HTTP_REFERER"),
    COUNT("status", status),
    COUNT("rsize", body_bytes),
    COUNT("hsize", header_bytes),
    NUMBER("size", whole_size),
    COUNT("cl", request_bytes),
    NUMBER("micros", elapsed_micros),
    NUMBER("msecs", elapsed_millis),
    {BASK_STR("secs"), make_seconds},
    NUMBER("tmsecs", start_millis),
    NUMBER("tmicros", start_micros),
    NUMBER("time", start_seconds),
    TIME("ltime", BASK_STAMP_LTIME),
    TIME("ftime", BASK_STAMP_FTIME),
    TIME("ctime", BASK_STAMP_CTIME),
    NUMBER("epoch", now_seconds),
    NUMBER("pid", process),
    NUMBER("wid", worker),
    NUMBER("switches", switches),
    COUNT("vars", variables),
    COUNT("core", thread),
    NUMBER("vsz", address_space),
    NUMBER("rss", resident),
    NUMBER("vszM", address_space_mib),
    NUMBER("rssM", resident_mib),
    COUNT("pktsize", variable_bytes),
    COUNT("modifier1", modifier1),
    COUNT("modifier2", modifier2),
    COUNT("headers", header_count),
    COUNT("werr", write_errors),
    COUNT("rerr", read_errors),
    NUMBER("ioerr", errors),
};

const struct bask_line_row *
bask_line_row(bask_str name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bask_str_eq(rows[i].name, name))
            return &rows[i];
    return NULL;
}
