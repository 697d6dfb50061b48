/* GET /ready and GET /live, in text or, for those who accept only that, in JSON. */
#include "master/probe.h"

#include "proto/http1.h"

#include <inttypes.h>
#include <stdio.h>

/* What may be asked: several names for two questions. */
static const struct {
    const char *path;
    const char *(*verdict)(const struct vitals *vitals);
} questions[] = {
    {"/ready", vitals_unready}, {"/readyz", vitals_unready}, {"/live", vitals_dead},
    {"/livez", vitals_dead},    {"/health", vitals_unready}, {"/healthz", vitals_unready},
};

static size_t
respond(char *answer, const char *status, bool json, bool bodiless, const char *body)
{
    int n = snprintf(answer, PROBE_ANSWER_MAX,
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
                     status, json ? "application/json" : "text/plain; charset=utf-8", strlen(body),
                     bodiless ? "" : body);
    return n > 0 && n < PROBE_ANSWER_MAX ? (size_t)n : 0;
}

static void
write_body(const struct vitals *vitals, const char *word, bool json, char *body, size_t size)
{
    snprintf(body, size,
             json ? "{\"status\":\"%s\",\"generation\":%u,\"workers\":%u,\"serving\":%u,"
                    "\"stuck\":%u,\"threads\":%u,\"busy\":%u,\"waiting\":%" PRIu64
                    ",\"oldest_request_ms\":%" PRId64 "}\n"
                  : "%s\ngeneration %u\nworkers %u\nserving %u\nstuck %u\nthreads %u\nbusy %u\n"
                    "waiting %" PRIu64 "\noldest request %" PRId64 " ms\n",
             word, vitals->generation, vitals->wanted, vitals->serving, vitals->stuck,
             vitals->threads, vitals->busy, vitals->waiting, vitals->oldest_us / 1000);
}

static bool
wants_json(const struct bask_http1_head *head)
{
    for (uint32_t i = 0; i < head->count; i++)
        if (bask_str_eq_nocase(head->fields[i].name, BASK_STR("Accept")))
            return memmem(head->fields[i].value.ptr, head->fields[i].value.len, "json", 4) != NULL;
    return false;
}

static size_t
answer_head(const struct bask_http1_head *head, const struct vitals *vitals, char *answer)
{
    char body[PROBE_ANSWER_MAX / 2];
    bool json = wants_json(head), get = bask_str_eq(head->method, BASK_STR("GET"));
    bool bodiless = bask_str_eq(head->method, BASK_STR("HEAD"));
    if (!get && !bodiless)
        return respond(answer, "405 Method Not Allowed\r\nAllow: GET, HEAD", false, false,
                       "only GET\n");
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (!bask_str_eq(head->path, bask_str_of(questions[i].path)))
            continue;
        const char *why = questions[i].verdict(vitals);
        write_body(vitals, why ? why : "ok", json, body, sizeof body);
        return respond(answer, why ? "503 Service Unavailable" : "200 OK", json, bodiless, body);
    }
    return respond(answer, "404 Not Found", false, bodiless, "ask for /ready or /live\n");
}

size_t
probe_answer(bask_str request, size_t seen, const struct vitals *vitals, char *answer)
{
    struct bask_http1_head head;
    int used = bask_http1_parse(request.ptr, request.len, seen, &head);
    if (used > 0)
        return answer_head(&head, vitals, answer);
    if (used == -1 || request.len >= PROBE_HEAD_MAX)
        return respond(answer, "400 Bad Request", false, false, "this is not a probe\n");
    return 0;
}
