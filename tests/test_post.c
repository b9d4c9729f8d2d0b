/* Posts: from the loop's thread, from many, and from a signal handler; and what they cost. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct eddy_loop loop;
static struct eddy_os os;
static unsigned writes; /* of the eventfd: by whichever thread posts */
static unsigned waits;

static ssize_t counting_write(void *context, int fd, const void *data, size_t size)
{
    __atomic_add_fetch(&writes, 1, __ATOMIC_RELAXED);
    return eddy_os_linux.write(context, fd, data, size);
}

static int counting_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    __atomic_add_fetch(&waits, 1, __ATOMIC_RELEASE);
    return eddy_os_linux.epoll_wait(context, epfd, events, count, timeout_ms);
}

struct job {
    struct eddy_post post;
    int runs;
    int place;
    void (*then)(struct job *job);
};

static int places;

static void on_post(struct eddy_post *node)
{
    struct job *job = EDDY_CONTAINER(node, struct job, post);
    job->runs++;
    job->place = ++places;
    if (job->then != NULL) {
        job->then(job);
    }
}

static struct job jobs[10];

static int start(void **state)
{
    (void)state;
    places = 0;
    writes = 0;
    waits = 0;
    memset(jobs, 0, sizeof jobs);
    for (size_t i = 0; i < 10; i++) {
        jobs[i].post.run = on_post;
    }
    os = eddy_os_linux;
    os.write = counting_write;
    os.epoll_wait = counting_epoll_wait;
    struct eddy_loop_options options = {.os = &os};
    return eddy_loop_init(&loop, &options);
}

static int finish(void **state)
{
    (void)state;
    return eddy_loop_fini(&loop);
}

static void run(void)
{
    assert_int_equal(eddy_loop_run(&loop), 0);
}

static void ten_posts_are_ten_calls_in_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        eddy_post(&loop, &jobs[i].post);
    }
    assert_int_equal(places, 0); /* not inside the call */
    run();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(jobs[i].runs, 1);
        assert_int_equal(jobs[i].place, i + 1);
    }
    assert_int_equal(writes, 0);
}

static void post_again_twice(struct job *job)
{
    if (job->runs < 3) {
        eddy_post(&loop, &job->post);
    }
}

static void a_node_is_free_from_the_moment_it_runs(void **state)
{
    (void)state;
    jobs[0].then = post_again_twice;
    eddy_post(&loop, &jobs[0].post);
    eddy_post(&loop, &jobs[1].post);
    run();
    assert_int_equal(jobs[0].runs, 3);
    assert_int_equal(jobs[1].place, 2);
    assert_int_equal(writes, 0);
}

static void free_job(struct job *job)
{
    memset(job, 0xEE, sizeof *job);
    free(job);
}

static void a_node_may_be_freed_when_it_runs(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct job *job = calloc(1, sizeof *job);
        assert_non_null(job);
        job->post.run = on_post;
        job->then = free_job;
        eddy_post(&loop, &job->post);
    }
    run();
    assert_int_equal(places, 3);
}

static void what_is_posted_in_a_post_runs_in_the_next_turn(void **state)
{
    (void)state;
    jobs[0].then = post_again_twice;
    eddy_post(&loop, &jobs[0].post);
    assert_int_equal(eddy_loop_step(&loop), 1);
    assert_int_equal(jobs[0].runs, 1);
    assert_int_equal(eddy_loop_step(&loop), 1);
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(jobs[0].runs, 3);
}

static void a_loop_with_posts_does_not_end(void **state)
{
    (void)state;
    eddy_post(&loop, &jobs[0].post);
    assert_int_equal(eddy_loop_fini(&loop), -EBUSY);
    run();
}

/* ---- Other threads --------------------------------------------------------------------- */

static void *post_one(void *argument)
{
    eddy_post(&loop, argument);
    return NULL;
}

static void a_post_does_not_keep_run_going(void **state)
{
    (void)state;
    run(); /* at once, though somebody could still post */
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_one, &jobs[0].post), 0);
    pthread_join(thread, NULL);
    assert_int_equal(jobs[0].runs, 0);
    run();
    assert_int_equal(jobs[0].runs, 1);
    assert_int_equal(writes, 0); /* it did not sleep */
}

static void release_loop(struct job *job)
{
    (void)job;
    eddy_loop_release(&loop);
}

/* Post once the loop is about to sleep, or does. */
static void *post_to_a_sleeper(void *argument)
{
    struct job *job = argument;
    while (__atomic_load_n(&waits, __ATOMIC_ACQUIRE) == 0) {
        sched_yield();
    }
    eddy_post(&loop, &job->post);
    return NULL;
}

static void a_hold_keeps_run_going_until_a_thread_has_posted(void **state)
{
    (void)state;
    pthread_t thread;
    jobs[0].then = release_loop;
    eddy_loop_hold(&loop);
    assert_int_equal(pthread_create(&thread, NULL, post_to_a_sleeper, &jobs[0]), 0);
    run();
    pthread_join(thread, NULL);
    assert_int_equal(jobs[0].runs, 1);
    assert_int_equal(writes, 1);
}

static void holds_are_counted(void **state)
{
    (void)state;
    eddy_loop_hold(&loop);
    eddy_loop_hold(&loop);
    jobs[0].then = release_loop;
    jobs[1].then = release_loop;
    eddy_post(&loop, &jobs[0].post);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_to_a_sleeper, &jobs[1]), 0);
    while (jobs[0].runs == 0) {
        assert_true(eddy_loop_step(&loop) >= 0);
    }
    run();
    pthread_join(thread, NULL);
    assert_int_equal(jobs[1].runs, 1);
}

#define POSTERS 8
#define POSTS_EACH 100000

struct letter {
    struct eddy_post post;
    int poster;
    int number;
};

static struct letter *letters[POSTERS];
static int arrived[POSTERS];
static long arrived_sum;
static long out_of_order;

static void on_letter(struct eddy_post *node)
{
    struct letter *letter = EDDY_CONTAINER(node, struct letter, post);
    out_of_order += letter->number != arrived[letter->poster]++;
    letter->number = -1; /* a second run would be out of order */
    if (++arrived_sum == (long)POSTERS * POSTS_EACH) {
        eddy_loop_release(&loop);
    }
}

static void *post_letters(void *argument)
{
    struct letter *mine = argument;
    for (int i = 0; i < POSTS_EACH; i++) {
        eddy_post(&loop, &mine[i].post);
        if (i % 10000 == 0) {
            usleep(1000); /* so that the loop sleeps now and then, at no special moment */
        }
    }
    return NULL;
}

static void posts_of_eight_threads_all_run_in_the_order_of_each(void **state)
{
    (void)state;
    pthread_t threads[POSTERS];
    arrived_sum = 0;
    out_of_order = 0;
    eddy_loop_hold(&loop);
    for (int i = 0; i < POSTERS; i++) {
        arrived[i] = 0;
        letters[i] = calloc(POSTS_EACH, sizeof *letters[i]);
        assert_non_null(letters[i]);
        for (int k = 0; k < POSTS_EACH; k++) {
            letters[i][k] = (struct letter){.post.run = on_letter, .poster = i, .number = k};
        }
        assert_int_equal(pthread_create(&threads[i], NULL, post_letters, letters[i]), 0);
    }
    run();
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(arrived[i], POSTS_EACH);
        free(letters[i]);
    }
    assert_int_equal(out_of_order, 0);
    assert_true(writes <= waits); /* a sleep is ended by one write */
}

/* ---- What it costs --------------------------------------------------------------------- */

static void *post_all(void *argument)
{
    (void)argument;
    for (size_t i = 1; i < 10; i++) {
        eddy_post(&loop, &jobs[i].post);
    }
    return NULL;
}

static void post_all_from_a_thread(struct job *job)
{
    (void)job;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_all, NULL), 0);
    pthread_join(thread, NULL);
}

static void posts_to_a_loop_that_is_awake_make_no_system_call(void **state)
{
    (void)state;
    jobs[0].then = post_all_from_a_thread;
    eddy_post(&loop, &jobs[0].post);
    run();
    assert_int_equal(places, 10);
    assert_int_equal(writes, 0);
}

static void posts_to_a_loop_that_sleeps_make_one_write(void **state)
{
    (void)state;
    assert_true(eddy_loop_timeout(&loop) == EDDY_FOREVER); /* from here on it counts as asleep */
    for (size_t i = 0; i < 10; i++) {
        eddy_post(&loop, &jobs[i].post);
    }
    assert_int_equal(writes, 1);
    assert_true(eddy_loop_timeout(&loop) == 0);
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(places, 10);
    eddy_post(&loop, &jobs[0].post); /* asleep again after the step */
    assert_int_equal(writes, 2);
    assert_int_equal(eddy_loop_step(&loop), 0);
}

/* ---- From a signal handler ------------------------------------------------------------- */

static void handle(int number)
{
    (void)number;
    eddy_post(&loop, &jobs[0].post);
}

static void a_signal_handler_may_post(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = handle};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    jobs[0].then = release_loop;
    eddy_loop_hold(&loop);
    ualarm(2000, 0); /* the loop sleeps by then, and if not it does not matter */
    run();
    assert_int_equal(jobs[0].runs, 1);
    action.sa_handler = SIG_IGN; /* one may still be on its way */
    sigaction(SIGALRM, &action, NULL);
}

/* A storm of them while the loop takes posts: each interrupts the loop's own thread at any place. */
static struct job storm[1000];
static int posted;
static int seen;

static void handle_storm(int number)
{
    (void)number;
    if (posted < 1000) {
        eddy_post(&loop, &storm[posted++].post);
    }
}

static void see(struct job *job)
{
    (void)job;
    if (++seen == 1000) {
        eddy_loop_release(&loop);
    }
}

static void posts_of_a_signal_storm_all_run(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = handle_storm};
    posted = 0;
    seen = 0;
    for (size_t i = 0; i < 1000; i++) {
        storm[i] = (struct job){.post.run = on_post, .then = see};
    }
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    eddy_loop_hold(&loop);
    const struct itimerval each = {.it_interval.tv_usec = 200, .it_value.tv_usec = 200};
    const struct itimerval none = {.it_value.tv_usec = 0};
    setitimer(ITIMER_REAL, &each, NULL);
    run();
    setitimer(ITIMER_REAL, &none, NULL);
    action.sa_handler = SIG_IGN; /* one may still be on its way */
    sigaction(SIGALRM, &action, NULL);
    assert_int_equal(seen, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(storm[i].runs, 1);
        assert_int_equal(storm[i].place, i + 1);
    }
}

/* ---- Fork ------------------------------------------------------------------------------ */

static void a_post_in_a_child_of_fork_does_nothing(void **state)
{
    (void)state;
    int fd = eddy_loop_fd(&loop);
    assert_true(fd >= 0);
    assert_true(eddy_loop_timeout(&loop) == EDDY_FOREVER); /* asleep: a post here would write */
    pid_t child = fork();
    if (child == 0) {
        eddy_post(&loop, &jobs[0].post);
        _exit(writes == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    uint64_t events = loop.poller.events_seen;
    assert_int_equal(eddy_loop_step(&loop), 0);
    assert_int_equal(loop.poller.events_seen, events);
    assert_int_equal(places, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ten_posts_are_ten_calls_in_their_order),
        T(a_node_is_free_from_the_moment_it_runs),
        T(a_node_may_be_freed_when_it_runs),
        T(what_is_posted_in_a_post_runs_in_the_next_turn),
        T(a_loop_with_posts_does_not_end),
        T(a_post_does_not_keep_run_going),
        T(a_hold_keeps_run_going_until_a_thread_has_posted),
        T(holds_are_counted),
        T(posts_of_eight_threads_all_run_in_the_order_of_each),
        T(posts_to_a_loop_that_is_awake_make_no_system_call),
        T(posts_to_a_loop_that_sleeps_make_one_write),
        T(a_signal_handler_may_post),
        T(posts_of_a_signal_storm_all_run),
        T(a_post_in_a_child_of_fork_does_nothing),
    };
    return cmocka_run_group_tests_name("post", tests, NULL, NULL);
}
