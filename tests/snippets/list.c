#include "scene.h"

//@ 1 1

void snippet(struct job *job);
void snippet(struct job *job)
{
    struct eddy_list jobs;
    eddy_list_init(&jobs);
//@ 1 2-
}
