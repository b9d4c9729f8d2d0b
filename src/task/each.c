/* A generator is a called frame that its consumer's block owns, and that comes and goes. While the consumer runs,
 * what the generator has open (deferred calls) is parked outside the task's chain. */
#include <eddy/generator.h>

#include "task/block.h"
#include "task/lifetime.h"
#include "task/trail.h"

#include <errno.h>

/* Steps of an EDDY_EACH, beside those of every block. */
enum {
    YIELDED = EDDYI_CLOSED + 1,
};

static struct eddy_generator *generator_of(struct eddyi_block *block)
{
    return EDDY_CONTAINER(block, struct eddy_generator, block);
}

/* Make the generator the task's innermost frame. */
static void enter_generator(struct eddy_generator *generator)
{
    struct eddy_frame *frame = generator->frame;
    struct eddy_task *task = frame->task;
    for (struct eddyi_block *block = generator->parked; block != NULL && block != &generator->block;
         block = block->outer) {
        block->canceled = generator->block.canceled;
    }
    if (generator->parked != NULL) {
        task->block = generator->parked;
        generator->parked = NULL;
    }
    task->leaf = frame;
}

static int each_close(struct eddyi_block *block, int ending)
{
    (void)ending;
    struct eddy_generator *generator = generator_of(block);
    struct eddy_frame *frame = generator->frame;
    if (frame == NULL) {
        return 0;
    }
    if ((frame->marks & EDDYI_FRAME_FRESH) != 0) { /* it never began: there is nothing to unwind */
        generator->frame = NULL;
        eddyi_frame_free(frame);
        return 0;
    }
    frame->ending = EDDYI_ENDING;
    enter_generator(generator);
    return EDDY_PENDING;
}

const struct eddyi_block_kind eddyi_each_kind = {.name = "each", .close = each_close, .is_loop = true};

void *eddyi_each_begin(struct eddy_frame *self, struct eddy_generator *generator, const struct eddyi_site *site,
                       size_t size)
{
    if (self->task->cancelled) { /* before the arguments are taken */
        self->step = 0;
        self->ending = EDDYI_CANCELED;
        return NULL;
    }
    void *frame = size <= UINT32_MAX ? eddy_pool_take(&eddyi_task_scheduler(self->task)->pool, size) : NULL;
    if (frame == NULL) {
        self->step = 0;
        eddyi_frame_fail(self, site, -ENOMEM, site->text);
        return NULL;
    }
    generator->parked = NULL;
    eddyi_block_push(self, &generator->block, site);
    return frame;
}

void eddyi_each_open(struct eddy_generator *generator, struct eddy_frame *frame, eddy_body_fn *body, size_t size,
                     const struct eddyi_site *begin)
{
    struct eddy_frame *consumer = generator->block.frame;
    *frame = (struct eddy_frame){
        .body = body,
        .site = begin,
        .task = consumer->task,
        .caller = consumer,
        .size = (uint32_t)size,
        .step = EDDYI_START,
        .marks = EDDYI_FRAME_GENERATOR | EDDYI_FRAME_FRESH,
    };
    generator->frame = frame;
}

int eddyi_each_outer(struct eddy_frame *self)
{
    if (self->ending != EDDYI_RUNNING) {
        return EDDYI_SUSPEND; /* there was no memory for the generator */
    }
    if (self->step == YIELDED) {
        self->step = EDDYI_INSIDE;
        return EDDYI_ENTER;
    }
    if (self->step != EDDYI_OPEN && self->step != EDDYI_FELL) {
        return eddyi_block_close(self);
    }
    struct eddyi_block *block = eddyi_block_of(self);
    assert(block != NULL && block->site->kind == &eddyi_each_kind && "a block is not left by goto");
    self->site = block->site;
    self->step = 0;
    if (self->task->cancelled) {
        self->ending = EDDYI_CANCELED;
        return EDDYI_SUSPEND;
    }
    generator_of(block)->frame->marks &= (uint8_t)~EDDYI_FRAME_FRESH;
    enter_generator(generator_of(block));
    return EDDYI_SUSPEND;
}

const struct eddy_frame *eddyi_each_frame(const struct eddy_frame *self)
{
    return generator_of(self->task->block)->frame;
}

void eddyi_yield(struct eddy_frame *self, const struct eddyi_site *site)
{
    struct eddy_task *task = self->task;
    struct eddyi_block *block = task->block;
    while (block != NULL && block->frame == self && block->site->kind == &eddyi_defer_kind) {
        block = block->outer;
    }
    self->site = site;
    bool consumed = (self->marks & EDDYI_FRAME_GENERATOR) != 0 && self->phase == EDDYI_BODY;
    if (!consumed || block->frame == self) {
        eddyi_frame_fail(self, site, -EINVAL, consumed ? "a block is open at an EDDY_YIELD" : "nobody consumes this");
        return;
    }
    struct eddy_frame *consumer = self->caller;
    generator_of(block)->parked = task->block != block ? task->block : NULL;
    task->block = block;
    task->leaf = consumer;
    consumer->step = YIELDED;
}
