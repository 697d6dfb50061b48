/* What is answered without the application, and the queue of the rest. */
#include "serve/pipeline.h"

/* There is one writer at a time: no locked instruction is needed. */
static void
count(struct bask_pipeline *pipeline, unsigned more)
{
    atomic_store_explicit(&pipeline->queued, bask_pipeline_queued(pipeline) + more,
                          memory_order_relaxed);
}

void
bask_pipeline_init(struct bask_pipeline *pipeline)
{
    bask_list_init(&pipeline->ready);
    atomic_store(&pipeline->queued, 0);
    pipeline->files = NULL;
}

bool
bask_pipeline_submit(struct bask_pipeline *pipeline, struct bask_req *req)
{
    if (pipeline->files && !req->job.kind && bask_static_answer(pipeline->files, req))
        return false;
    bask_list_append(&pipeline->ready, &req->link);
    count(pipeline, 1);
    return true;
}

void
bask_pipeline_withdraw(struct bask_pipeline *pipeline, struct bask_req *req)
{
    bask_list_remove(&req->link);
    count(pipeline, -1U);
}

struct bask_req *
bask_pipeline_take(struct bask_pipeline *pipeline)
{
    struct bask_link *link = bask_list_take(&pipeline->ready);
    if (!link)
        return NULL;
    count(pipeline, -1U);
    return BASK_CONTAINER(link, struct bask_req, link);
}
