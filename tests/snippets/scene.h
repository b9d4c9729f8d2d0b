/* What the snippets take for granted: everything of eddy, and a loop. */
#ifndef TESTS_SNIPPETS_SCENE_H
#define TESTS_SNIPPETS_SCENE_H

#include <eddy.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>

extern struct eddy_loop *loop;
extern struct eddy_waiter waiter;
void use(void *value);
void work(void *item);

#endif
