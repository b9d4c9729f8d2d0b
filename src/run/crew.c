#include "run/crew.h"

#include "base/post.h"

static void chores_init(struct eddyi_chores *chores)
{
    chores->first = NULL;
    chores->end = &chores->first;
}

static void chores_append(struct eddyi_chores *chores, struct eddyi_chore *chore)
{
    chore->next = NULL;
    *chores->end = chore;
    chores->end = &chore->next;
}

static struct eddyi_chore *chores_pop(struct eddyi_chores *chores)
{
    struct eddyi_chore *chore = chores->first;
    if (chore != NULL) {
        chores->first = chore->next;
        chores->end = chores->first != NULL ? chores->end : &chores->first;
    }
    return chore;
}

/* ---- On the threads -------------------------------------------------------------------- */

static void do_chore(struct eddyi_crew *crew, struct eddyi_chore *chore)
{
    chore->run(chore);
    eddyi_gate_lock(&crew->gate);
    chores_append(&crew->done, chore);
    bool posts = !crew->posted;
    crew->posted = true;
    eddyi_gate_unlock(&crew->gate);
    if (posts) {
        eddy_post(crew->loop, &crew->post);
    }
}

/* NULL: it is over. */
static struct eddyi_chore *take_chore(struct eddyi_crew *crew)
{
    struct eddyi_chore *chore;
    eddyi_gate_lock(&crew->gate);
    while ((chore = chores_pop(&crew->begun)) == NULL && !crew->stopped) {
        eddyi_gate_wait(&crew->gate);
    }
    eddyi_gate_unlock(&crew->gate);
    return chore;
}

static void *crew_run(void *argument)
{
    struct eddyi_crew *crew = argument;
    struct eddyi_chore *chore;
    while ((chore = take_chore(crew)) != NULL) {
        do_chore(crew, chore);
    }
    return NULL;
}

/* ---- On the loop's --------------------------------------------------------------------- */

const struct eddy_threads *eddyi_loop_threads(const struct eddy_loop *loop)
{
    return loop->threads != NULL ? loop->threads : &eddy_threads_linux;
}

static bool has_threads(const struct eddyi_crew *crew)
{
    return (crew->loop->flags & EDDY_WORK_INLINE) == 0;
}

static void crew_free(struct eddyi_crew *crew)
{
    struct eddy_allocator allocator = crew->loop->allocator;
    allocator.resize(allocator.context, crew, crew->size, 0);
}

/* All that is done; without threads it is done here. */
static struct eddyi_chore *collect(struct eddyi_crew *crew)
{
    eddyi_gate_lock(&crew->gate);
    crew->posted = false;
    struct eddyi_chores *chores = has_threads(crew) ? &crew->done : &crew->begun;
    struct eddyi_chore *first = chores->first;
    chores_init(chores);
    eddyi_gate_unlock(&crew->gate);
    for (struct eddyi_chore *chore = has_threads(crew) ? NULL : first; chore != NULL; chore = chore->next) {
        chore->run(chore);
    }
    return first;
}

static void on_crew_post(struct eddy_post *node)
{
    struct eddyi_crew *crew = EDDY_CONTAINER(node, struct eddyi_crew, post);
    if (crew->ended) {
        crew_free(crew);
        return;
    }
    crew->on_done(crew->context, collect(crew));
}

struct eddyi_crew *eddyi_crew_new(struct eddy_loop *loop, unsigned threads_max,
                                  void (*on_done)(void *context, struct eddyi_chore *done), void *context)
{
    size_t size = sizeof(struct eddyi_crew) + threads_max * sizeof(uintptr_t);
    struct eddyi_crew *crew = loop->allocator.resize(loop->allocator.context, NULL, 0, size);
    if (crew == NULL) {
        return NULL;
    }
    crew->loop = loop;
    crew->table = eddyi_loop_threads(loop);
    crew->on_done = on_done;
    crew->context = context;
    crew->size = size;
    crew->threads = 0;
    crew->ended = false;
    crew->post = (struct eddy_post){.run = on_crew_post};
    eddyi_gate_init(&crew->gate);
    chores_init(&crew->begun);
    chores_init(&crew->done);
    crew->posted = false;
    crew->stopped = false;
    return crew;
}

int eddyi_crew_grow(struct eddyi_crew *crew)
{
    int error = 0;
    if (has_threads(crew)) {
        error = crew->table->start(crew->table->context, &crew->handles[crew->threads], crew_run, crew);
    }
    crew->threads += error == 0;
    return error;
}

void eddyi_crew_give(struct eddyi_crew *crew, struct eddyi_chore *chore)
{
    eddyi_gate_lock(&crew->gate);
    chores_append(&crew->begun, chore);
    bool posts = !has_threads(crew) && !crew->posted;
    crew->posted = crew->posted || posts;
    eddyi_gate_unlock(&crew->gate);
    if (posts) {
        eddy_post(crew->loop, &crew->post);
    } else {
        eddyi_gate_wake_one(&crew->gate);
    }
}

struct eddyi_chore *eddyi_crew_end(struct eddyi_crew *crew)
{
    eddyi_gate_lock(&crew->gate);
    crew->stopped = true;
    eddyi_gate_wake_all(&crew->gate);
    eddyi_gate_unlock(&crew->gate);
    for (unsigned i = 0; i < crew->threads && has_threads(crew); i++) {
        crew->table->join(crew->table->context, crew->handles[i]);
    }
    bool posted = crew->posted;
    struct eddyi_chore *done = collect(crew);
    eddyi_gate_fini(&crew->gate);
    crew->ended = true;
    if (!posted || eddyi_posts_remove(&crew->loop->posts, &crew->post)) {
        crew_free(crew);
    }
    return done;
}

void eddyi_crew_forget(struct eddyi_crew *crew)
{
    crew_free(crew); /* the threads are the parent's, and one of them may have held the gate */
}
