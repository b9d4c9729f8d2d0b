#include "scene.h"

extern struct eddy_queue work_queue;
#define work work_queue

void snippet(void);
void snippet(void)
{
//@ 1
}
