/*
 * serve/static: an answer or none while every allocation fails once, and what is counted. What
 * clients see of files is tested over sockets (tests/system/test_static_files.py).
 */
#include "small_files.h"

#include "failing_malloc.h"

#include "base/err.h"
#include "serve/pipeline.h"

static struct bask_value check, index_name, expires, gzip_rule, safe;
static struct bask_static_options options;
static char head_seen[4096], body_seen[64];
static unsigned answers;

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    const struct bask_response_traits traits = {.keep_alive = true, .chunked = true};
    int err = bask_response_plan(&req->response, &traits, head, count, (int64_t)body.len);
    if (err)
        return err;
    answers++;
    assert_true(head.len < sizeof head_seen && body.len < sizeof body_seen);
    snprintf(head_seen, sizeof head_seen, "%.*s", BASK_FMT(head));
    snprintf(body_seen, sizeof body_seen, "%.*s", BASK_FMT(body));
    return BASK_OK;
}

static const struct bask_req_io io = {.respond = respond};

static int
make_site(void **state)
{
    if (make_root(state))
        return -1;
    put("/site", "a.css", "plain");
    put("/site", "a.css.gz", "packed");
    put("/site/sub", "index.html", "index");
    return chdir(root);
}

static void
set_options(void)
{
    check = (struct bask_value){BASK_STR("site"), BASK_STR("test")};
    index_name = (struct bask_value){BASK_STR("index.html"), BASK_STR("test")};
    expires = (struct bask_value){BASK_STR("\\.css$ 60"), BASK_STR("test")};
    gzip_rule = (struct bask_value){BASK_STR("\\.css$"), BASK_STR("test")};
    safe = (struct bask_value){BASK_STR("elsewhere"), BASK_STR("test")};
    options = (struct bask_static_options){
        .checks = {&check, 1},
        .indexes = {&index_name, 1},
        .gzip = {&gzip_rule, 1},
        .safe = {&safe, 1},
    };
    options.expires[0] = (struct bask_values){&expires, 1};
}

static struct bask_static *
make_files(void)
{
    struct bask_static *files = NULL;
    char error[256] = "";
    if (bask_static_new(&options, &files, error, sizeof error)) {
        assert_null(files);
        assert_true(*error);
        return NULL;
    }
    if (bask_static_settle(files))
        bask_static_free(&files);
    return files;
}

static void
ask(struct bask_req *req, const char *path)
{
    bask_req_reset(req);
    req->io = &io;
    req->pub.method_id = BASK_METHOD_GET;
    req->pub.uri = req->pub.path = bask_str_of(path);
    req->pub.pairs = req->pairs;
    bask_req_add(req, BASK_KEY_HTTP_ACCEPT_ENCODING, (bask_str){0}, (bask_str){0},
                 BASK_STR("gzip"));
}

static void
no_memory(void **state)
{
    struct bask_req *req = bask_req_new();
    unsigned before = answers;
    (void)state;
    set_options();
    for (int n = 1; n < 500; n++) {
        countdown = n;
        struct bask_static *files = make_files();
        if (!files && countdown == 0)
            continue;
        assert_non_null(files);
        /* The request's memory is new each time. */
        bask_arena_fini(&req->text);
        ask(req, "/a.css");
        bool answered = bask_static_answer(files, req);
        bool failed = countdown == 0;
        countdown = 0;
        assert_int_equal(req->app, answered ? -1 : 0);
        bask_static_free(&files);
        if (!failed) {
            assert_true(answered);
            break;
        }
    }
    assert_true(answers > before);
    assert_string_equal(body_seen, "packed");
    bask_req_free(&req);
}

static void
counted(void **state)
{
    struct bask_board_place place = {0};
    struct bask_pipeline pipeline;
    struct bask_req *req = bask_req_new();
    (void)state;
    set_options();
    bask_pipeline_init(&pipeline);
    pipeline.files = make_files();
    assert_non_null(pipeline.files);
    bask_static_count(pipeline.files, &place);

    ask(req, "/a.css");
    assert_false(bask_pipeline_submit(&pipeline, req));
    assert_non_null(strstr(head_seen, "\r\nExpires: "));
    assert_int_equal(atomic_load(&place.files), 1);
    assert_int_equal(atomic_load(&place.file_bytes), strlen(head_seen) + strlen("packed"));

    ask(req, "/sub");
    assert_false(bask_pipeline_submit(&pipeline, req));
    assert_non_null(strstr(head_seen, "301 Moved Permanently\r\nLocation: /sub/\r\n"));
    assert_int_equal(atomic_load(&place.files), 2);

    ask(req, "/nothing");
    assert_true(bask_pipeline_submit(&pipeline, req));
    assert_int_equal(atomic_load(&place.files), 2);
    assert_int_equal(bask_pipeline_queued(&pipeline), 1);
    assert_ptr_equal(bask_pipeline_take(&pipeline), req);

    ask(req, "/a.css"); /* a job is no request, whatever it is called */
    req->job.kind = BASK_JOB_SIGNAL;
    assert_true(bask_pipeline_submit(&pipeline, req));
    assert_int_equal(atomic_load(&place.files), 2);

    bask_static_free(&pipeline.files);
    bask_req_free(&req);
}

/* A query can break a line, over the protocol of a gateway: then the application gets it. */
static void
broken_lines(void **state)
{
    struct bask_req *req = bask_req_new();
    (void)state;
    set_options();
    struct bask_static *files = make_files();
    unsigned before = answers;
    ask(req, "/sub");
    req->pub.query = BASK_STR("a\r\nSet-Cookie: b");
    assert_false(bask_static_answer(files, req));
    assert_int_equal(answers, before);
    assert_int_equal(req->app, 0);
    bask_static_free(&files);
    bask_req_free(&req);
}

static void
nothing_to_serve(void **state)
{
    struct bask_static *files = NULL;
    char error[256];
    (void)state;
    options = (struct bask_static_options){0};
    assert_int_equal(bask_static_new(&options, &files, error, sizeof error), 0);
    assert_null(files);
    bask_static_free(&files);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory),
        cmocka_unit_test(counted),
        cmocka_unit_test(broken_lines),
        cmocka_unit_test(nothing_to_serve),
    };
    return cmocka_run_group_tests(tests, make_site, remove_root);
}
