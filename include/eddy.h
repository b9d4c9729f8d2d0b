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
#include <eddy/threads.h>   /* the same for what blocks */
#include <eddy/poller.h>    /* epoll */
#include <eddy/loop.h>      /* the event loop */
#include <eddy/watch.h>     /* other people's descriptors */
#include <eddy/signal.h>    /* signals */
#include <eddy/frame.h>     /* coroutines */
#include <eddy/scope.h>     /* blocks: deadlines, cancel, failures, cleanup */
#include <eddy/group.h>     /* tasks side by side */
#include <eddy/task.h>      /* one of them */
#include <eddy/generator.h> /* values one after another */
#include <eddy/waitq.h>     /* the queue to build things to wait for on */
#include <eddy/select.h>    /* whichever is done first */
#include <eddy/future.h>    /* a value that is not there yet */
#include <eddy/lock.h>      /* one at a time */
#include <eddy/rwlock.h>    /* many readers or one writer */
#include <eddy/semaphore.h> /* so many at a time */
#include <eddy/limiter.h>   /* so many, and who */
#include <eddy/event.h>     /* it has happened */
#include <eddy/notify.h>    /* there is something to do */
#include <eddy/condition.h> /* what a lock guards has changed */
#include <eddy/barrier.h>   /* all have arrived */
#include <eddy/once.h>      /* done once */
#include <eddy/queue.h>     /* work for workers */
#include <eddy/channel.h>   /* from many to many */
#include <eddy/oneshot.h>   /* one answer */
#include <eddy/latest.h>    /* the latest value */
#include <eddy/broadcast.h> /* everything to everybody */
#include <eddy/address.h>   /* socket addresses */
#include <eddy/stream.h>    /* bytes over sockets */
#include <eddy/listener.h>  /* servers */
#include <eddy/memory.h>    /* a stream without a socket */
#include <eddy/transport.h> /* whatever carries bytes */
#include <eddy/pipe.h>      /* standard input and output, pipes, files */
#include <eddy/reader.h>    /* lines and frames */
#include <eddy/writer.h>    /* put now, sent together */
#include <eddy/copy.h>      /* from one stream to another */
#include <eddy/server.h>    /* a task for each connection */
#include <eddy/worker.h>    /* blocking work on other threads */
#include <eddy/resolve.h>   /* names into addresses */
#include <eddy/dial.h>      /* connect to a name */
#include <eddy/dump.h>      /* what every task waits for */
#include <eddy/stats.h>     /* counts and sizes */
#include <eddy/watchdog.h>  /* who keeps the others waiting */
#include <eddy/trace.h>     /* a timeline for a viewer */
#include <eddy/monitor.h>   /* a running program's tasks, for others to see */
#include <eddy/run.h>       /* a whole program */
#include <eddy/sim.h>       /* a system with a virtual clock */
#include <eddy/test.h>      /* every cancel, every order */

#endif
