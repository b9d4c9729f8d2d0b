/* eddy/post.h - a function to run on the loop's thread, whichever thread asks for it.
 *
 *     static void on_done(struct eddy_post *node)
 *     {
 *         struct job *job = EDDY_CONTAINER(node, struct job, post);
 *         ...
 *     }
 *     job->post.run = on_done;
 *     eddy_post(loop, &job->post);
 *
 * A post is never lost and never merged with another: ten posts are ten calls. eddy_post() is
 * declared in eddy/loop.h.
 */
#ifndef EDDY_POST_H
#define EDDY_POST_H

#include <eddy/api.h>

EDDY_BEGIN_DECLS

/* Yours until you post it, and again from the moment `run` is called. */
struct eddy_post {
    /* yours */
    void (*run)(struct eddy_post *node);
    /* private */
    struct eddy_post *next;
};

EDDY_END_DECLS

#endif
