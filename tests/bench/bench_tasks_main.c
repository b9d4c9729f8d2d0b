/* One contender's row, measured: bench_tasks_NAME ROW [quick] prints "tasks VALUE", per operation, or "none". */
#include "bench.h"
#include "bench_tasks.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t tasks_clock(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t tasks_resident(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
        bench_die("/proc/self/statm cannot be read");
    }
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static double measure(const struct tasks_row *row, int64_t enough)
{
    double total = 0;
    double runs = 0;
    if (!row->once) {
        (void)row->run(row->width, row->count); /* memory is touched, branches are known */
    }
    do {
        total += (double)row->run(row->width, row->count);
        runs++;
    } while (!row->once && total < (double)enough);
    return total / (runs * (double)row->count);
}

static const struct tasks_row *find(const struct tasks_row *rows, const char *name)
{
    while (rows->name != NULL && strcmp(rows->name, name) != 0) {
        rows++;
    }
    return rows->name != NULL ? rows : NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        bench_die("usage: %s ROW [quick]", argv[0]);
    }
    const struct tasks_row *row = find(tasks_rows, argv[1]);
    row = row != NULL ? row : find(sync_rows, argv[1]);
    if (row != NULL) {
        printf("tasks %.3f\n", measure(row, argc > 2 ? 7000000 : 20000000));
    } else {
        puts("none");
    }
    return 0;
}
