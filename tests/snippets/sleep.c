#include "scene.h"

int snippet(eddy_ns later);
int snippet(eddy_ns later)
{
//@ 1
    return error;
}
