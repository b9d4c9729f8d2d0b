/* Pools that a loop has for itself. */
#ifndef EDDYI_RUN_WORKER_H
#define EDDYI_RUN_WORKER_H

#include <eddy/worker.h>

/* The loop's pool of this key, the address of something; made with these options at the first call, ended with the
 * loop. NULL: no memory. */
struct eddy_workers *eddyi_loop_pool(struct eddy_loop *loop, const void *key,
                                     const struct eddy_workers_options *options);

#endif
