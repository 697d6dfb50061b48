/* Lines put together. What a client chose is escaped, and every value is cut to its size. */
#include "obs/line.h"

#include "base/err.h"
#include "sys/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { FIELD_MAX = 256, MIB = 1 << 20 };

int
bask_line_init(struct bask_line *line, const struct bask_line_options *options)
{
    static const struct bask_line_options usual;
    *line = (struct bask_line){.options = options ? options : &usual, .source.pid = getpid()};
    struct bask_line_source *source = &line->source;
    source->stamps[BASK_STAMP_CTIME].format = "%a %b %e %T %Y";
    source->stamps[BASK_STAMP_LTIME].format = "%d/%b/%Y:%H:%M:%S %z";
    source->stamps[BASK_STAMP_FTIME].format = line->options->own_ftime && line->options->date.len
                                                  ? line->options->date.ptr
                                                  : source->stamps[BASK_STAMP_LTIME].format;
    source->locale = newlocale(LC_TIME_MASK, "C", (locale_t)0);
    return source->locale ? BASK_OK : BASK_E_NOMEM;
}

void
bask_line_fini(struct bask_line *line)
{
    if (line->source.locale)
        freelocale(line->source.locale);
    line->source.locale = (locale_t)0;
}

static bask_str
value_of(const struct bask_line_segment *segment, struct bask_line_scene *scene)
{
    const struct bask_access_entry *entry = scene->entry;
    const struct bask_line_source *source = scene->source;
    switch (segment->kind) {
    case BASK_LINE_VALUE_OF:
        return bask_line_make(segment->of, scene);
    case BASK_LINE_VARIABLE:
        return entry->finder->variable(entry->request, segment->text, scene->scratch);
    case BASK_LINE_NOTED:
        return entry->finder->noted(entry->request, segment->text);
    case BASK_LINE_METRIC:
        return bask_line_number(
            scene, source->metric ? source->metric(source->context, segment->text) : 0);
    case BASK_LINE_TEXT:
        break;
    }
    return segment->text;
}

/* What follows a value has its room, so a line that is cut is one inside a value. */
static size_t
write_by_template(const struct bask_line *line, struct bask_line_scene *scene, char *out)
{
    const struct bask_line_format *format = line->options->format;
    size_t used = 0;
    for (size_t i = 0; i < format->count; i++) {
        const struct bask_line_segment *segment = &format->segments[i];
        if (segment->kind == BASK_LINE_TEXT) {
            memcpy(out + used, segment->text.ptr, segment->text.len);
            used += segment->text.len;
            continue;
        }
        size_t room = BASK_LINE_MAX - 1 - used - segment->reserved;
        bask_str value = value_of(segment, scene);
        if (value.len)
            used += bask_escape(out + used, room < BASK_LINE_VALUE ? room : BASK_LINE_VALUE, value,
                                line->options->how);
        else
            out[used++] = '-';
    }
    out[used++] = '\n';
    return used;
}

static size_t
write_memory(const struct bask_line *line, struct bask_line_scene *scene, char *out, size_t size)
{
    struct bask_memory_use use = *bask_line_memory(scene);
    int used = snprintf(
        out, size, "{address space usage: %llu bytes/%lluMB} {rss usage: %llu bytes/%lluMB} ",
        (unsigned long long)use.address_space, (unsigned long long)use.address_space / MIB,
        (unsigned long long)use.resident, (unsigned long long)use.resident / MIB);
    if (line->options->memory < 2)
        return (size_t)used;
    bask_memory_look_closely(&use);
    used += snprintf(out + used, size - (size_t)used,
                     "{uss usage: %llu bytes/%lluMB} {pss usage: %llu bytes/%lluMB} ",
                     (unsigned long long)use.own, (unsigned long long)use.own / MIB,
                     (unsigned long long)use.share, (unsigned long long)use.share / MIB);
    return (size_t)used;
}

/* As text that ends with NUL. */
static const char *
shown(char *out, size_t size, bask_str text)
{
    out[bask_escape(out, size - 1, text, BASK_ESCAPE_HEX)] = '\0';
    return out;
}

static size_t
write_built_in(const struct bask_line *line, struct bask_line_scene *scene, char *out)
{
    const struct bask_access_entry *entry = scene->entry;
    char uri[BASK_LINE_VALUE], user[FIELD_MAX], addr[FIELD_MAX], method[FIELD_MAX],
        protocol[FIELD_MAX];
    bool micros = line->options->micros;
    size_t used = 0;
    if (line->options->memory)
        used = write_memory(line, scene, out, BASK_LINE_MAX);
    bask_str name =
        entry->finder->variable(entry->request, BASK_STR("REMOTE_USER"), scene->scratch);
    int n = snprintf(
        out + used, BASK_LINE_MAX - used,
        "[pid: %d|app: %d|req: %llu/%llu] %s (%s) {%u vars in %u bytes} [%s] "
        "%s %s => generated %llu bytes in %lld %s%s (%s %u) "
        "%u headers in %u bytes (1 switches on core %u)\n",
        (int)line->source.pid, entry->app, (unsigned long long)entry->requests,
        (unsigned long long)entry->requests, shown(addr, sizeof addr, entry->remote_addr),
        shown(user, sizeof user, name), (unsigned)entry->variables, (unsigned)entry->variable_bytes,
        bask_line_time(scene, BASK_STAMP_CTIME).ptr, shown(method, sizeof method, entry->method),
        shown(uri, sizeof uri, entry->uri), (unsigned long long)entry->body_bytes,
        (long long)(micros ? entry->elapsed_us : entry->elapsed_us / 1000),
        micros ? "micros" : "msecs", entry->note, shown(protocol, sizeof protocol, entry->protocol),
        (unsigned)entry->status, (unsigned)entry->header_count, (unsigned)entry->header_bytes,
        (unsigned)entry->thread);
    return used + (n > 0 ? (size_t)n : 0);
}

size_t
bask_line_write(struct bask_line *line, const struct bask_access_entry *entry, char *out)
{
    struct bask_line_scene scene = {
        .source = &line->source,
        .entry = entry,
        .now_us = bask_clock_wall_us(),
    };
    return line->options->format ? write_by_template(line, &scene, out)
                                 : write_built_in(line, &scene, out);
}
