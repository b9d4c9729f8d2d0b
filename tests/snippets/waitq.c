#include "scene.h"

struct gate {
    bool open;
    struct eddy_waitq queue;
};
int gate_pass(struct gate *gate, struct eddy_waiter *waiter);

//@ 1
