/* The queue between connections and application threads. */
#include "serve/pipeline.h"

void
bask_pipeline_init(struct bask_pipeline *pipeline)
{
    bask_list_init(&pipeline->ready);
    pipeline->queued = 0;
}

void
bask_pipeline_submit(struct bask_pipeline *pipeline, struct bask_req *req)
{
    bask_list_append(&pipeline->ready, &req->link);
    pipeline->queued++;
}

struct bask_req *
bask_pipeline_take(struct bask_pipeline *pipeline)
{
    struct bask_link *link = bask_list_take(&pipeline->ready);
    if (!link)
        return NULL;
    pipeline->queued--;
    return BASK_CONTAINER(link, struct bask_req, link);
}
