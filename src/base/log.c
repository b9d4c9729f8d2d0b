#include "base/log.h"

#include <stdio.h>
#include <string.h>

static void print_record(const struct eddy_log_record *record)
{
    if (record->level < EDDY_LOG_WARNING) {
        return;
    }
    fprintf(stderr, "eddy: %s%s%s", record->task != NULL ? record->task : "", record->task != NULL ? ": " : "",
            record->text);
    if (record->error != 0) {
        fprintf(stderr, ": %s (%d)", strerror(-record->error), record->error);
    }
    fputc('\n', stderr);
    for (size_t i = 0; i < record->trail_length; i++) {
        const struct eddy_failure *step = &record->trail[i];
        fprintf(stderr, "  %s %s at %s:%d: %s\n", i == 0 ? "in" : "by", step->function, step->file, step->line,
                step->text);
    }
}

void eddyi_log(const struct eddy_log *log, const struct eddy_log_record *record)
{
    if (log->hook != NULL) {
        log->hook(record, log->context);
    } else {
        print_record(record);
    }
}
