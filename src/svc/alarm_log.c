/*
 * Lines of the log that raise alarms. Each process looks at its own, as they go out; where no rule
 * was given nobody looks. A line that is about alarms raises none, and neither does one that is
 * written while another is looked at.
 */
#include "svc/alarms.h"

#include "obs/outlet.h"

enum { LINE_MAX_SEEN = 8191 };

static const struct bask_alarms *alarms; /* NULL: no rules */
static _Thread_local bool hushed;

/* The whole text of the line is what the alarm says. */
static void
look_at(const char *line, size_t len)
{
    char copy[LINE_MAX_SEEN + 1];
    uint64_t whom = 0, spared = 0;
    size_t seen = len < LINE_MAX_SEEN ? len : LINE_MAX_SEEN;
    memcpy(copy, line, seen);
    copy[seen] = '\0';
    for (size_t i = 0; i < alarms->rule_count; i++) {
        const struct bask_alarm_rule *rule = &alarms->rules[i];
        if (!(rule->whom & ~(rule->never ? spared : whom)))
            continue;
        if (regexec(&rule->pattern, copy, 0, NULL, 0))
            continue;
        *(rule->never ? &spared : &whom) |= rule->whom;
    }
    if (whom & ~spared)
        bask_alarms_raise(alarms, whom & ~spared, bask_str_n(line, len));
}

void
bask_alarms_see(const char *lines, size_t len)
{
    if (!alarms || hushed)
        return;
    hushed = true;
    for (const char *end = lines + len; lines < end;) {
        const char *stop = memchr(lines, '\n', (size_t)(end - lines));
        size_t line = (size_t)((stop ? stop : end) - lines);
        if (line)
            look_at(lines, line);
        lines += line + 1;
    }
    hushed = false;
}

void
bask_alarms_hush(bool hush)
{
    hushed = hush;
}

void
bask_alarms_watch_log(const struct bask_alarms *all)
{
    alarms = all && all->rule_count ? all : NULL;
    bask_outlet_watch(alarms ? bask_alarms_see : NULL);
}
