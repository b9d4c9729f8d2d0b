/* 08_pipeline FILE - the CRC-32 of a file, by a pipeline.
 *
 *     reader ──► chunks ──► 3 workers ──► sums ──► collector
 *
 * The queues are bounded, and so is all that is on its way: whoever is faster waits for the next, and a file of any
 * size passes through 1 MiB. The workers are uneven on purpose, so the sums come in any order, and are put
 * together in the right one. Progress goes to stderr, when that is a terminal. */
#include <eddy.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { WORKERS = 3, QUEUED = 4, ON_THE_WAY = 16, CHUNK = 64 * 1024 };

struct chunk {
    unsigned number;
    uInt size;
    uLong sum;
    unsigned char bytes[CHUNK];
};

static struct eddy_queue_slot chunk_slots[QUEUED], sum_slots[QUEUED];
static struct eddy_queue chunks, sums;
static struct eddy_semaphore on_the_way;

struct reader {
    EDDY_FRAME;
    const char *path;
    FILE *file;
    struct chunk *chunk;
    unsigned number;
};

EDDY_CORO(reader)
{
    EDDY_BEGIN(reader) {
        my->file = fopen(my->path, "rb");
        if (my->file == NULL) {
            EDDY_FAIL(-errno, "%s", my->path);
        }
        for (;;) {
            EDDY_AWAIT(eddy_semaphore_acquire(&on_the_way, 1, me)); /* until the collector is not far behind */
            my->chunk = malloc(sizeof *my->chunk);
            if (my->chunk == NULL) {
                EDDY_FAIL(-ENOMEM);
            }
            my->chunk->number = my->number++;
            my->chunk->size = (uInt)fread(my->chunk->bytes, 1, CHUNK, my->file);
            if (ferror(my->file)) {
                EDDY_FAIL(-EIO, "%s", my->path);
            }
            if (my->chunk->size == 0) {
                break;
            }
            EDDY_AWAIT(eddy_queue_put(&chunks, my->chunk, me)); /* until the workers are not far behind */
            my->chunk = NULL;
        }
        eddy_queue_shut_down(&chunks, false);
    }
    EDDY_FINALLY
    {
        free(my->chunk);
        if (my->file != NULL) {
            fclose(my->file);
        }
    }
}

struct worker {
    EDDY_FRAME;
    int pause; /* how often it lets others run before it passes a sum on */
    int i;
    void *item;
    struct chunk *chunk;
    struct eddy_guard work;
};

EDDY_CORO(worker)
{
    EDDY_BEGIN(worker) {
        for (;;) {
            EDDY_QUEUE_WORK(&my->work, &chunks, &my->item) {
                my->chunk = my->item;
                my->chunk->sum = crc32(0, my->chunk->bytes, my->chunk->size);
                for (my->i = 0; my->i < my->pause; my->i++) {
                    EDDY_AWAIT(eddy_yield(me));
                }
                EDDY_AWAIT(eddy_queue_put(&sums, my->chunk, me));
                my->chunk = NULL;
            }
        }
    }
    EDDY_FINALLY
    {
        free(my->chunk);
    }
}

struct collector {
    EDDY_FRAME;
    struct chunk *early[ON_THE_WAY]; /* sums that came before their turn */
    struct eddy_guard work;
    void *item;
    unsigned next;
    uLong sum;
    unsigned long long bytes;
};

/* Add the sums whose turn it is. */
static void put_together(struct collector *collector)
{
    struct chunk **turn;
    while (*(turn = &collector->early[collector->next % ON_THE_WAY]) != NULL) {
        collector->sum = crc32_combine(collector->sum, (*turn)->sum, (z_off_t)(*turn)->size);
        collector->bytes += (*turn)->size;
        collector->next++;
        free(*turn);
        *turn = NULL;
        eddy_semaphore_release(&on_the_way, 1);
    }
}

EDDY_CORO(collector)
{
    EDDY_BEGIN(collector) {
        for (;;) {
            EDDY_QUEUE_WORK(&my->work, &sums, &my->item) {
                struct chunk *chunk = my->item;
                my->early[chunk->number % ON_THE_WAY] = chunk;
                put_together(my);
                if (isatty(STDERR_FILENO)) {
                    fprintf(stderr, "\r%llu MiB", my->bytes >> 20);
                }
            }
        }
        if (isatty(STDERR_FILENO)) {
            fputc('\n', stderr);
        }
        printf("crc32 %08lx, %llu bytes in %u chunks\n", my->sum, my->bytes, my->next);
        printf("at most %zu of %d chunks and %zu of %d sums waited\n", chunks.peak, QUEUED, sums.peak, QUEUED);
    }
    EDDY_FINALLY
    {
        for (unsigned i = 0; i < ON_THE_WAY; i++) {
            free(my->early[i]);
        }
    }
}

struct pipeline {
    EDDY_FRAME_RET(int);
    const char *path;
    struct eddy_group all, workers;
    int i, error;
};

EDDY_CORO(pipeline)
{
    EDDY_BEGIN(pipeline) {
        eddy_queue_init(&chunks, chunk_slots, QUEUED, EDDY_FIFO, free);
        eddy_queue_init(&sums, sum_slots, QUEUED, EDDY_FIFO, free);
        eddy_semaphore_init(&on_the_way, ON_THE_WAY, ON_THE_WAY);
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, collector));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, reader, .path = my->path));
            EDDY_GROUP(&my->workers) {
                for (my->i = 0; my->i < WORKERS; my->i++) {
                    EDDY_TRY(my->error, EDDY_SPAWN(&my->workers, worker, .pause = 5 * my->i));
                }
            }
            eddy_queue_shut_down(&sums, false);
        }
    }
    EDDY_FINALLY
    {
        eddy_queue_fini(&chunks); /* what a failure has left in them goes to free() */
        eddy_queue_fini(&sums);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    return EDDY_RUN(pipeline, .path = argv[1]) != 0;
}
