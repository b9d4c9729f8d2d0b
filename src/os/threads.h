/* A lock and a condition, for what threads share. None of these can fail. */
#ifndef EDDYI_OS_THREADS_H
#define EDDYI_OS_THREADS_H

#include <eddy/threads.h>

#include <pthread.h>

struct eddyi_gate {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

void eddyi_gate_init(struct eddyi_gate *gate);
void eddyi_gate_fini(struct eddyi_gate *gate);
void eddyi_gate_lock(struct eddyi_gate *gate);
void eddyi_gate_unlock(struct eddyi_gate *gate);
/* Unlock, wait, lock again; may return without reason. */
void eddyi_gate_wait(struct eddyi_gate *gate);
void eddyi_gate_wake_one(struct eddyi_gate *gate);
void eddyi_gate_wake_all(struct eddyi_gate *gate);

/* What an EAI_ code means. */
const char *eddyi_lookup_text(int lookup_error);

#endif
