/* eddy/dump.h - what every task waits for.
 *
 *     eddy_dump(loop, stderr);
 *
 *     task gather, waits for: end of its group since 0.1 s
 *       gather at hello.c:31: EDDY_GROUP(&my->all)
 *       task hello, waits for: sleep since 0.1 s
 *         hello at hello.c:20: eddy_sleep(EDDY_SEC(1), me)
 *     2 tasks; 1 waits that the kernel can end, 3 others, 1 deadlines
 *
 * The lines of a task are its calls, from where it waits outward; below them stand the tasks of its groups.
 */
#ifndef EDDY_DUMP_H
#define EDDY_DUMP_H

#include <eddy/api.h>
#include <stddef.h>
#include <stdio.h>

EDDY_BEGIN_DECLS

struct eddy_loop;

/* Print the tasks of `loop`, and how many waiters that are not tasks' are parked. Allocates nothing, and may be called
 * from anywhere on the loop's thread. Returns the number of tasks. */
EDDY_API size_t eddy_dump(struct eddy_loop *loop, FILE *file);

EDDY_END_DECLS

#endif
