/* Tell the log. */
#ifndef EDDYI_BASE_LOG_H
#define EDDYI_BASE_LOG_H

#include <eddy/log.h>

void eddyi_log(const struct eddy_log *log, const struct eddy_log_record *record);

#endif
