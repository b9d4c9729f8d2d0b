#include "scene.h"

struct job {
    struct eddy_post post;
};

//@ 1 1-5

void snippet(struct job *job);
void snippet(struct job *job)
{
//@ 1 6-
}
