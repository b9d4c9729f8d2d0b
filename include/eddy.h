/* eddy.h - asynchronous programs in C: everything, bottom up. */
#ifndef EDDY_H
#define EDDY_H

#include <eddy/api.h>       /* version, export marks */
#include <eddy/time.h>      /* instants and spans in ns */
#include <eddy/list.h>      /* intrusive lists */
#include <eddy/alloc.h>     /* where memory comes from */
#include <eddy/pool.h>      /* slabs of small blocks */
#include <eddy/log.h>       /* what no result can tell */
#include <eddy/timer.h>     /* a deadline */
#include <eddy/timers.h>    /* a queue of deadlines */
#include <eddy/post.h>      /* work from other threads */
#include <eddy/wait.h>      /* the one way to wait */
#include <eddy/sleep.h>     /* wait for time, or for a turn */
#include <eddy/interval.h>  /* wait for every next tick */
#include <eddy/os.h>        /* the system calls, as a table */
#include <eddy/poller.h>    /* epoll */
#include <eddy/loop.h>      /* the event loop */
#include <eddy/watch.h>     /* other people's descriptors */
#include <eddy/signal.h>    /* signals */
#include <eddy/frame.h>     /* coroutines */
#include <eddy/scope.h>     /* blocks: deadlines, cancel, failures, cleanup */
#include <eddy/group.h>     /* tasks side by side */
#include <eddy/task.h>      /* one of them */
#include <eddy/generator.h> /* values one after another */
#include <eddy/address.h>   /* socket addresses */
#include <eddy/stream.h>    /* bytes over sockets */
#include <eddy/listener.h>  /* servers */
#include <eddy/dump.h>      /* what every task waits for */
#include <eddy/run.h>       /* a whole program */

#endif
